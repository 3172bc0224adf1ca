"""Documents of several levels, such as screenings: stored by one transaction, and all at once."""

from typing import Any

from sqlalchemy import inspect


def build_document(model: Any, document: dict) -> Any:
    """A new row of ``model`` with all rows below it, which are the lists of ``document``."""
    below = inspect(model).relationships
    return model(
        **{
            name: (
                [build_document(below[name].mapper.class_, each) for each in value]
                if name in below
                else value
            )
            for name, value in document.items()
        }
    )
