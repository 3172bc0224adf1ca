"""Setups of beamlines: every signed-in caller may read them; sessions refer to theirs."""

from typing import Any

from sqlalchemy import Select, func, select

from services.core.schemas.beamline.beamline_setups import SetupSchema
from shared import access
from shared.errors import not_found
from shared.identity import Identity
from shared.models import BeamLineSetup
from shared.table_service import TableService


class BeamlineSetups(TableService):
    """The setups of the beamlines of a site."""

    def select_newest_key(self, beamline: str | None) -> Select:
        """The SELECT of the key of the newest setup of a beamline; null if there is none."""
        statement = select(func.max(BeamLineSetup.beamLineSetupId))
        return statement.where(BeamLineSetup.beamlineName == beamline)


beamline_setups = BeamlineSetups(SetupSchema)


@beamline_setups.check
def check_beamline(identity: Identity, data: dict, stored: Any) -> None:
    """Raise unless the caller's token is for the beamline of the setup, before and after."""
    beamline = stored.beamlineName if stored else None
    if stored and identity.beamline_limit is not None and beamline not in identity.beamline_limit:
        raise not_found(BeamLineSetup)
    access.check_beamline(identity, data.get("beamlineName", beamline))
