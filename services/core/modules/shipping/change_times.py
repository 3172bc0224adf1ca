"""The time at which a shipment, dewar or container was changed: its column bltimeStamp."""

from datetime import datetime
from typing import Any


def add_change_time(row: Any, data: dict) -> dict:
    """``data`` for the stored ``row`` with the time, if a column of it differs."""
    if not any(differs(row, name, value) for name, value in data.items()):
        return data
    return {**data, "bltimeStamp": datetime.now().replace(microsecond=0)}


def differs(row: Any, name: str, value: Any) -> bool:
    """Whether ``value``, which may be the default of a column in SQL, is not the stored one."""
    stored = getattr(row, name)
    if hasattr(value, "compile"):
        text = str(int(stored) if isinstance(stored, bool) else stored)
        return stored is not None and str(value).strip("'") != text
    return stored != value
