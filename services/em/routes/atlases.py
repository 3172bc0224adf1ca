"""/em/atlases"""

from services.em.modules.atlases import atlases
from shared.api import Namespace

ns = Namespace("em atlases", path="/em/atlases", description="Pictures of whole grids")
ns.resource(atlases, "list get", one="atlas", many="atlases")
