"""Setups of beamlines. Whoever is signed in may know them all; sessions refer to theirs."""

from services.core.modules.records import Records
from services.core.schemas.setups import SetupSchema
from shared import access
from shared.access import everything
from shared.errors import NotFound
from shared.identity import Identity

_records = Records(SetupSchema, everything)
find, get, check = _records.find, _records.get, _records.check


def add(identity: Identity, data: dict) -> dict:
    """Create a setup of a beamline that the caller may write to."""
    access.check_beamline(identity, data.get("beamlineName"))
    return _records.add(identity, data)


def change(identity: Identity, key: int, data: dict) -> dict:
    """Change some columns of a setup, which stays at the caller's beamlines."""
    stored = get(identity, key, ("beamlineName",))["beamlineName"]
    if identity.only is not None and stored not in identity.only:
        raise NotFound("BeamLineSetup not found")
    access.check_beamline(identity, data.get("beamlineName", stored))
    return _records.change(identity, key, data)
