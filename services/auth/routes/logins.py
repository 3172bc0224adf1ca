"""/auth/login, refresh, logout, config and jwks"""

from http import HTTPStatus

from services.auth.modules import logins, signing
from services.auth.schemas.logins import (
    CredentialsSchema,
    KeySetSchema,
    LoginSchema,
    LogoutSchema,
    RefreshSchema,
    WaysSchema,
)
from shared import request_context
from shared.api import Namespace, Resource

ns = Namespace("auth", description="Signing in and out")


@ns.route("/login")
class Login(Resource):
    @ns.may_answer(401, 429)
    @ns.public
    @ns.takes(CredentialsSchema)
    @ns.returns(LoginSchema, HTTPStatus.CREATED, secret=True)
    def post(self, data):
        """Sign in."""
        return logins.login(data, request_context.current())


@ns.route("/refresh")
class Refresh(Resource):
    @ns.may_answer(401)
    @ns.public
    @ns.takes(RefreshSchema)
    @ns.returns(LoginSchema, secret=True)
    def post(self, data):
        """Get a new pair of tokens for a refresh token, which is then used up."""
        return logins.refresh(data, request_context.current())


@ns.route("/logout")
class Logout(Resource):
    @ns.require()
    @ns.returns(LogoutSchema)
    def post(self, identity):
        """Sign out: neither the token nor what it was refreshed with is good any more."""
        return logins.logout(identity)


@ns.route("/config")
class Config(Resource):
    @ns.public
    @ns.returns(WaysSchema)
    def get(self):
        """List the ways to sign in."""
        return logins.login_methods()


@ns.route("/jwks")
class Keys(Resource):
    @ns.public
    @ns.returns(KeySetSchema)
    def get(self):
        """Show the public keys that tokens can be checked with."""
        return signing.key_set()
