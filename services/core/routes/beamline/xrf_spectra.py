"""/xrf_spectra"""

from services.core.modules.beamline.xrf_spectra import xrf_spectra
from shared.api import Namespace

ns = Namespace("xrf_spectra", path="/xrf_spectra", description="Fluorescence spectra")
ns.resource(
    xrf_spectra,
    "list create get update",
    one="xrf spectrum",
    many="xrf spectra",
    write=["mx_write", "ssx_write"],
    summaries={
        "list": "List the fluorescence spectra in the sessions the caller may see.",
        "create": "Record a fluorescence spectrum in a visible session.",
        "get": "Show one fluorescence spectrum.",
        "update": "Change some fields of a fluorescence spectrum: absent keeps, null clears.",
    },
)
