"""/auth/tokens"""

from http import HTTPStatus

from services.auth.modules import tokens
from services.auth.schemas.tokens import (
    IssuedTokenSchema,
    NewTokenSchema,
    TokenQuery,
    TokenSchema,
)
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("tokens", path="/auth/tokens", description="Service tokens")


@ns.route("")
class Tokens(Resource):
    @ns.require("manage_tokens")
    @ns.takes(TokenQuery, query=True)
    @ns.returns(TokenSchema, many=True)
    def get(self, identity, query):
        """List the tokens that were issued."""
        return tokens.list_(query)

    @ns.require("manage_tokens")
    @ns.takes(NewTokenSchema)
    @ns.returns(IssuedTokenSchema, HTTPStatus.CREATED, secret=True)
    def post(self, identity, data):
        """Issue a token to a program; it is shown this once."""
        return tokens.create(identity, data)


@ns.route("/<int:service_token_id>")
class Token(Resource):
    @ns.require("manage_tokens")
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(TokenSchema)
    def get(self, identity, query, service_token_id):
        """Show what is known of a token."""
        return tokens.get(service_token_id, **query)

    @ns.require("manage_tokens")
    @ns.returns(TokenSchema)
    def delete(self, identity, service_token_id):
        """Revoke a token: it is refused from now on, and stays in the list."""
        return tokens.revoke(service_token_id)
