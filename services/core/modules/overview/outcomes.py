"""The outcomes of data collections and robot actions, as conditions on their rows.

The feed and the statistics use these. A row has one outcome at most; one that runs, or whose
status names no outcome, has none. The outcomes of processing are in ``processing_status``.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from services.core.schemas.overview.timeline import ABORTED, FAILED, SUCCEEDED

# runStatus is free text, which each beamline words in its own way
SUCCESS_WORD, NO_SUCCESS = "success", "unsuccess"
FAILURE_WORDS = (NO_SUCCESS, "fail", "error")
ABORT_WORDS = ("abort", "stop", "cancel")
ROBOT_FAILURES = ("ERROR", "CRITICAL", "EPICSFAIL", "COMMANDNOTSENT")  # a warning is no failure


def build_collection_outcomes(collection: Any) -> dict[str, ColumnElement[bool]]:
    """Whether a data collection succeeded, failed or was aborted, by these words.

    The first that holds is the outcome: a failure may have stopped it.
    """
    status = collection.runStatus
    succeeded = and_(status.like(f"%{SUCCESS_WORD}%"), status.not_like(f"%{NO_SUCCESS}%"))
    failed = or_(*(status.like(f"%{word}%") for word in FAILURE_WORDS))
    aborted = or_(*(status.like(f"%{word}%") for word in ABORT_WORDS))
    return {
        SUCCEEDED: succeeded,
        FAILED: and_(failed, ~succeeded),
        ABORTED: and_(aborted, ~failed, ~succeeded),
    }


def build_robot_outcomes(action: Any) -> dict[str, ColumnElement[bool]]:
    """Whether a robot action succeeded or failed, by these words."""
    return {SUCCEEDED: action.status == "SUCCESS", FAILED: action.status.in_(ROBOT_FAILURES)}
