"""/energy_scans"""

from services.core.modules.beamline.energy_scans import energy_scans
from shared.api import Namespace

ns = Namespace("energy_scans", path="/energy_scans", description="Energy scans")
ns.resource(
    energy_scans,
    "list create get update",
    one="energy scan",
    many="energy scans",
    write=["mx_write", "ssx_write"],
    summaries={
        "list": "List the energy scans in the sessions the caller may see.",
        "create": "Record an energy scan in a visible session.",
    },
)
