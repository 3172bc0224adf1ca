"""/user"""

from services.auth.modules import users
from services.auth.schemas.users import CurrentUserSchema
from shared.api import Namespace, Resource

ns = Namespace("user", description="The caller's own affairs")


@ns.route("/current")
class CurrentUser(Resource):
    @ns.require()
    @ns.returns(CurrentUserSchema)
    def get(self, identity):
        """Show who the caller is and what it may do."""
        return users.current(identity)
