"""The outcomes of data collections and robot actions, as conditions on their rows.

``runStatus`` is free text, which each beamline words in its own way. The timeline has two
outcomes: a data collection succeeded, or it ended otherwise. The statistics divide the latter:
failed, aborted, and texts that are neither.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_

FAILURE_WORDS = ("fail", "unsuccessful", "error")
ABORT_WORDS = ("abort", "stop", "cancel")
ROBOT_FAILURES = ("ERROR", "CRITICAL", "EPICSFAIL", "COMMANDNOTSENT")


def succeeded(collection: Any) -> ColumnElement[bool]:
    """Whether a data collection succeeded."""
    status = collection.runStatus
    return and_(status.like("%success%"), status.not_like("%unsuccess%"))


def ended_otherwise(collection: Any) -> ColumnElement[bool]:
    """Whether a data collection has a status that is no success."""
    return and_(collection.runStatus.is_not(None), ~succeeded(collection))


def failed(collection: Any) -> ColumnElement[bool]:
    """Whether the status of a data collection names a failure."""
    return or_(*(collection.runStatus.like(f"%{word}%") for word in FAILURE_WORDS))


def aborted(collection: Any) -> ColumnElement[bool]:
    """Whether the status of a data collection says that it was stopped."""
    return or_(*(collection.runStatus.like(f"%{word}%") for word in ABORT_WORDS))


def robot_succeeded(action: Any) -> ColumnElement[bool]:
    """Whether a robot action succeeded."""
    return action.status == "SUCCESS"


def robot_failed(action: Any) -> ColumnElement[bool]:
    """Whether a robot action failed; a warning is no failure."""
    return action.status.in_(ROBOT_FAILURES)
