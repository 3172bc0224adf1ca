"""/containers"""

from services.core.modules.samples.containers import containers
from shared.api import Namespace

ns = Namespace("containers", path="/containers", description="Containers of samples")
ns.resource(
    containers,
    "list get",
    one="container",
    many="containers",
)
