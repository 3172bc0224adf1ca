"""Signing in for MXCuBE, with the PyISPyBRestClient of mxcubecore.

The client names the plugin ``keycloak``, whatever the name at the site is; it sends fields that
are not needed; and the answer to a refresh has to be a 200.
"""

from http import HTTPStatus

from marshmallow import EXCLUDE, fields

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


class MxcubeUserSchema(CurrentUserSchema):
    """The caller, with the permissions under the name that the client's model has."""

    Permissions = fields.List(fields.String(), required=True)

    class Meta:
        exclude = ("permissions",)


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
    @user.returns(MxcubeUserSchema)
    def get(self, identity):
        """Show who the caller is."""
        caller = users.current(identity)
        caller["Permissions"] = caller.pop("permissions")
        return caller


def _named(data: dict) -> dict:
    """The credentials for the plugin of that name, else for the first that takes a token."""
    plugins = app_context.plugins()
    token_plugins = [name for name, plugin in plugins.items() if "token" in plugin.login_methods()]
    if data["plugin"] in plugins or not token_plugins:
        return data
    return {**data, "plugin": token_plugins[0]}
