"""/samples/crystals"""

from services.core.modules.samples.crystals import crystals
from shared.api import Namespace

ns = Namespace("crystals", path="/samples/crystals", description="Forms of proteins")
ns.resource(crystals, "list get", one="crystal", many="crystals")
