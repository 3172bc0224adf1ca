"""/beamline/detectors"""

from services.core.modules.beamline.detectors import detectors
from shared.api import Namespace

ns = Namespace("detectors", path="/beamline/detectors", description="Detectors")
ns.resource(
    detectors,
    "list create get update",
    one="detector",
    many="detectors",
    write=["mx_write", "ssx_write", "em_write"],
    summaries={"list": "List detectors."},
)
