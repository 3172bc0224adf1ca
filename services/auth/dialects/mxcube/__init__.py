"""Signing in as MXCuBE does, with the PyISPyBRestClient of mxcubecore.

It names one plugin, ``keycloak``, whatever the site calls its own; it sends what else it has at
hand; and it takes nothing but 200 for an answer to a refresh.
"""

from http import HTTPStatus

from marshmallow import EXCLUDE

from services.auth import app_context
from services.auth.modules import logins, users
from services.auth.schemas.logins import CredentialsSchema, LoginSchema, RefreshSchema
from services.auth.schemas.users import CurrentUserSchema
from shared import request_context
from shared.api import Namespace, Resource

auth = Namespace("auth", description="Signing in")
user = Namespace("user", description="Who is signed in")


class LenientCredentialsSchema(CredentialsSchema):
    """A sign-in with fields that are ignored."""

    class Meta:
        unknown = EXCLUDE


class LenientRefreshSchema(RefreshSchema):
    """A refresh with fields that are ignored."""

    class Meta:
        unknown = EXCLUDE


@auth.route("/login")
class Login(Resource):
    @auth.may_answer(401, 429)
    @auth.public
    @auth.takes(LenientCredentialsSchema)
    @auth.returns(LoginSchema, HTTPStatus.CREATED, secret=True)
    def post(self, data):
        """Sign in; a plugin of unknown name is the first one that takes a token."""
        return logins.login(_named(data), request_context.current())


@auth.route("/refresh")
class Refresh(Resource):
    @auth.may_answer(401)
    @auth.public
    @auth.takes(LenientRefreshSchema)
    @auth.returns(LoginSchema, secret=True)
    def post(self, data):
        """Get a new pair of tokens for a refresh token, which is then used up."""
        return logins.refresh(data, request_context.current())


@user.route("/current")
class CurrentUser(Resource):
    @user.require()
    @user.returns(CurrentUserSchema)
    def get(self, identity):
        """Show who the caller is."""
        return users.current(identity)


def _named(data: dict) -> dict:
    """The credentials for a plugin of this site: its own of that name, else one for tokens."""
    found = app_context.plugins()
    takers = [name for name, plugin in found.items() if "token" in plugin.ways()]
    if data["plugin"] in found or not takers:
        return data
    return {**data, "plugin": takers[0]}
