"""Setups of beamlines: everybody who is signed in may read them; sessions refer to theirs."""

from typing import Any

from services.core.schemas.beamline.beamline_setups import SetupSchema
from shared import access
from shared.errors import NotFound
from shared.identity import Identity
from shared.table_service import TableService

beamline_setups = TableService(SetupSchema)


@beamline_setups.check
def check_beamline(identity: Identity, data: dict, stored: Any) -> None:
    """Raise unless the caller's token is for the beamline that the setup has and gets."""
    beamline = stored.beamlineName if stored else None
    if stored and identity.beamline_limit is not None and beamline not in identity.beamline_limit:
        raise NotFound("BeamLineSetup not found")
    access.check_beamline(identity, data.get("beamlineName", beamline))
