"""/auth/explain"""

from services.auth.modules import explanations
from services.auth.schemas.explanations import ExplainQuery, ExplanationSchema
from shared.api import Namespace, Resource

ns = Namespace("explain", path="/auth/explain", description="Why an object is visible or hidden")


@ns.route("")
@ns.may_answer(404)
class Explanation(Resource):
    @ns.require()
    @ns.takes(ExplainQuery, query=True)
    @ns.returns(ExplanationSchema)
    def get(self, identity, query):
        """Tell why a person sees an object or not, and whether it may change it."""
        return explanations.explain(identity, query)
