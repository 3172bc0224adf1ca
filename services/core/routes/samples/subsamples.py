"""/samples/subsamples"""

from services.core.modules.samples.subsamples import subsamples
from services.core.routes import EVERY, WRITERS
from shared.api import Namespace

ns = Namespace(
    "subsamples", path="/samples/subsamples", description="Points, lines and regions of samples"
)
ns.resource(subsamples, EVERY, one="subsample", many="subsamples", service=WRITERS)
