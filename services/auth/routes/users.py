"""/user"""

from http import HTTPStatus

from services.auth.modules import users
from services.auth.schemas.users import (
    CurrentUserSchema,
    LinkSchema,
    ProfileSchema,
    SignSchema,
)
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("user", description="The caller's own affairs")


@ns.route("/current")
class CurrentUser(Resource):
    @ns.require()
    @ns.returns(CurrentUserSchema)
    def get(self, identity):
        """Show who the caller is and what it may do."""
        return users.current(identity)


@ns.route("/profile")
@ns.may_answer(404)
class Profile(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(ProfileSchema)
    def get(self, identity, query):
        """Show the caller's own data."""
        return users.profile(identity, **query)

    @ns.require()
    @ns.takes(ProfileSchema(partial=True))
    @ns.returns(ProfileSchema)
    def patch(self, identity, data):
        """Change how the caller can be reached: absent keeps, null clears."""
        return users.update_profile(identity, data)


@ns.route("/sign")
class Sign(Resource):
    @ns.require()
    @ns.takes(SignSchema)
    @ns.returns(LinkSchema, HTTPStatus.CREATED, secret=True)
    def post(self, identity, data):
        """Make a link that works once, within seconds, for whatever cannot send a header."""
        return users.sign(identity, data)
