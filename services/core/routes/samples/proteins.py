"""/samples/proteins"""

from services.core.modules.samples.proteins import proteins
from shared.api import Namespace

ns = Namespace("proteins", path="/samples/proteins", description="Substances of samples")
ns.resource(
    proteins,
    "list get",
    one="protein",
    many="proteins",
)
