"""Lists of integer keys in statements."""

from typing import Any

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy.types import UserDefinedType

EMPTY = "(-1)"  # no key; with NULL, the negation of the condition would be null


class KeyList(UserDefinedType):
    """A list of integers that is rendered as text, ``(1,2)``: faster than binding each."""

    cache_ok = True

    def literal_processor(self, dialect: Any) -> Any:
        """A function that returns the text as it is: ``list_keys`` made it of integers."""
        return str


def list_keys(keys: Any) -> str:
    """The text of a list of integers for a bind parameter of the type ``KeyList``."""
    return f"({','.join(map(str, map(int, keys)))})" if keys else EMPTY


def count_keys(text: str) -> int:
    """The number of keys in the text of a list."""
    return 0 if text == EMPTY else text.count(",") + 1


def is_listed(key: Any, name: str) -> ColumnElement[bool]:
    """Whether ``key`` is in the list that is bound as ``name``."""
    keys: Any = bindparam(name, type_=KeyList(), literal_execute=True)
    condition: ColumnElement[bool] = key.op("IN", is_comparison=True)(keys)
    return condition
