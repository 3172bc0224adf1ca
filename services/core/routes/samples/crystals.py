"""/samples/crystals"""

from services.core.modules.samples.crystals import crystals
from services.core.routes import EVERY, WRITERS
from shared.api import Namespace

ns = Namespace("crystals", path="/samples/crystals", description="Forms of proteins")
ns.resource(crystals, EVERY, one="crystal", many="crystals", service=WRITERS)
