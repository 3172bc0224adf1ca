"""/samples"""

from services.core.modules.samples.samples import samples
from services.core.routes import EVERY, WRITERS
from shared.api import Namespace

ns = Namespace("samples", path="/samples", description="Samples")
ns.resource(samples, EVERY, one="sample", many="samples", service=WRITERS)
