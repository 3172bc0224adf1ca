"""/samples/proteins"""

from services.core.modules.samples.proteins import proteins
from services.core.routes import EVERY, WRITERS
from shared.api import Namespace

ns = Namespace("proteins", path="/samples/proteins", description="Substances of samples")
ns.resource(proteins, EVERY, one="protein", many="proteins", service=WRITERS)
