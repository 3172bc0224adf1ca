"""/centrings"""

from services.core.modules.processing.xray_centrings import xray_centrings
from shared.api import Namespace

ns = Namespace("centrings", description="Centring of samples with X-rays")
ns.resource(
    xray_centrings,
    "list create get",
    one="centring",
    many="centrings",
    write=["mx_write", "processing_write"],
    large=True,
    summaries={
        "list": "List the X-ray centrings the caller may see, each with its results.",
        "create": "Store an X-ray centring with its results; what is wrong with one undoes all.",
        "get": "Show one X-ray centring with its results.",
    },
)
