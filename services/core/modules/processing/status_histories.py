"""The steps of programs, each on one of the integrations of its program."""

from sqlalchemy import select

from services.core.models import AutoProcIntegration, AutoProcStatus
from services.core.modules.processing import programs
from services.core.schemas.processing.status_histories import StatusHistorySchema
from shared import read
from shared.access import everything
from shared.db import db, save
from shared.errors import Conflict, NotYet, bad_field
from shared.identity import Identity

LINK = "autoProcIntegrationId"


def list_(identity: Identity, program_id: int, query: dict) -> dict:
    """One page of the steps of a visible program, oldest first."""
    programs.get(identity, program_id, ("autoProcProgramId",))
    return read.page(StatusHistorySchema, everything(identity), {**query, "parent": program_id})


def create(identity: Identity, program_id: int, data: dict) -> dict:
    """Add a step to a visible program, also to one with a final status."""
    programs.get(identity, program_id, ("autoProcProgramId",))
    data = dict(data)
    warnings = data.pop("warnings", [])
    data[LINK] = _get_integration(program_id, data.get(LINK))
    key = save(AutoProcStatus(), {**data, "bltimeStamp": programs.now()}).autoProcStatusId
    step = read.one(StatusHistorySchema, everything(identity), autoProcStatusId=key)
    return {**step, "warnings": warnings}


def _get_integration(program_id: int, key: int | None) -> int:
    """The key of the integration of that key, or of the only one of the program."""
    column = AutoProcIntegration.autoProcIntegrationId
    statement = select(column).where(AutoProcIntegration.autoProcProgramId == program_id)
    if key is not None:
        if db.session.scalar(statement.where(column == key)) is None:
            reasons = {LINK: ["the program has no such AutoProcIntegration"]}
            raise NotYet("a referenced row is not there yet", reasons)
        return key
    keys = db.session.scalars(statement.limit(2)).all()
    if not keys:
        raise Conflict("the program has no integration, on which a step is")
    if len(keys) > 1:
        raise bad_field(LINK, "is needed: the program has several integrations")
    return keys[0]
