"""Documents of several levels, such as screenings, as the rows that one flush stores."""

from typing import Any

from sqlalchemy import inspect


def build_document(model: Any, document: dict) -> Any:
    """A new row of ``model`` with all rows below it: the lists of ``document``."""
    relationships = inspect(model).relationships
    return model(
        **{
            name: (
                [build_document(relationships[name].mapper.class_, each) for each in value]
                if name in relationships
                else value
            )
            for name, value in document.items()
        }
    )
