"""/dewars"""

from services.core.modules.shipping.dewars import dewars
from services.core.routes import EVERY, WRITERS
from shared.api import Namespace

ns = Namespace("dewars", path="/dewars", description="Dewars, toolboxes and parcels of shipments")
ns.resource(dewars, EVERY, one="dewar", many="dewars", service=WRITERS)
