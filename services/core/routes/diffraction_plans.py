"""/samples/diffraction_plans"""

from services.core.modules import diffraction_plans
from services.core.schemas.diffraction_plans import DiffractionPlanQuery, DiffractionPlanSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace(
    "diffraction_plans",
    path="/samples/diffraction_plans",
    description="How samples are to be measured",
)


@ns.route("")
class DiffractionPlans(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(DiffractionPlanQuery, query=True)
    @ns.returns(DiffractionPlanSchema, many=True)
    def get(self, identity, query):
        """List the diffraction plans the caller may see."""
        return diffraction_plans.find(identity, query)


@ns.route("/<int:plan_id>")
class DiffractionPlan(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(DiffractionPlanSchema)
    def get(self, identity, query, plan_id):
        """Show one diffraction plan."""
        return diffraction_plans.get(identity, plan_id, **query)
