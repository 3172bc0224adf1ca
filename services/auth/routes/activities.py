"""/auth/activity"""

from services.auth.modules import activities
from services.auth.schemas.activities import ActivitySchema
from shared.api import Namespace, Resource
from shared.lists import query_of

ns = Namespace("activity", path="/auth/activity", description="The audit trail")


@ns.route("")
class Activities(Resource):
    @ns.require("view_activity")
    @ns.takes(query_of(ActivitySchema), query=True)
    @ns.returns(ActivitySchema, many=True)
    def get(self, identity, query):
        """List the audit trail, the newest first."""
        return activities.list_(query)
