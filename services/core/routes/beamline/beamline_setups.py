"""/beamline/setups"""

from services.core.modules.beamline.beamline_setups import beamline_setups
from shared.api import Namespace

ns = Namespace("setups", path="/beamline/setups", description="Setups of beamlines")
ns.resource(
    beamline_setups,
    "list create get update",
    one="setup",
    many="setups",
    write=["mx_write", "ssx_write", "em_write"],
    summaries={
        "list": "List the setups of beamlines, latest first.",
        "create": "Create a setup; a session names it as its beamLineSetupId.",
    },
)
