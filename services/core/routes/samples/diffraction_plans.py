"""/samples/diffraction_plans"""

from services.core.modules.samples.diffraction_plans import diffraction_plans
from services.core.routes import EVERY, WRITERS
from shared.api import Namespace

ns = Namespace(
    "diffraction_plans", path="/samples/diffraction_plans", description="Plans of measurements"
)
ns.resource(
    diffraction_plans,
    EVERY,
    one="diffraction plan",
    many="diffraction plans",
    key="plan_id",
    service=WRITERS,
)
