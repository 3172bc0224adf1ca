"""/samples"""

from services.core.modules.samples.samples import samples
from shared.api import Namespace

ns = Namespace("samples", description="Samples")
ns.resource(samples, "list get update", one="sample", many="samples", service="mx_write")
