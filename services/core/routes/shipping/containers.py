"""/containers"""

from services.core.modules.shipping.containers import containers
from services.core.routes import EVERY, WRITERS
from shared.api import Namespace

ns = Namespace("containers", path="/containers", description="Containers of samples")
ns.resource(containers, EVERY, one="container", many="containers", service=WRITERS)
