"""/screenings"""

from services.core.modules.processing.screenings import screenings
from shared.api import Namespace

ns = Namespace("screenings", description="Characterisations of samples")
ns.resource(
    screenings,
    "list create get",
    one="screening",
    many="screenings",
    write=["mx_write", "processing_write"],
    large=True,
    summaries={
        "list": "List the screenings the caller may see, each with all below it.",
        "create": "Store a screening with all below it; what is wrong with a part undoes all.",
        "get": "Show one screening with all below it.",
    },
)
