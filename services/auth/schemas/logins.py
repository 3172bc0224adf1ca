"""Signing in and out on the wire."""

from marshmallow import Schema, fields, validate

from shared.schemas import LATIN1

SECRET = 20_000  # characters; the tokens of identity providers can be long


class CredentialsSchema(Schema):
    plugin = fields.String(
        required=True,
        validate=validate.Length(1, 45),
        metadata={"description": "a way to sign in, out of /auth/config"},
    )
    login = fields.String(
        allow_none=True,
        validate=[validate.Length(max=45), LATIN1],
        metadata={"description": "with a password; beside a token it is not needed"},
    )
    password = fields.String(allow_none=True, validate=validate.Length(max=SECRET))
    token = fields.String(
        allow_none=True,
        validate=validate.Length(max=SECRET),
        metadata={"description": "of the site's identity provider, instead of a password"},
    )


class LoginSchema(Schema):
    login = fields.String(required=True)
    personId = fields.Integer(required=True)
    token = fields.String(required=True, metadata={"description": "send it as a bearer token"})
    refreshToken = fields.String(
        required=True, metadata={"description": "good for one new pair of tokens"}
    )
    expiresIn = fields.Integer(
        required=True, metadata={"description": "seconds that the token is good for"}
    )
    permissions = fields.List(fields.String(), required=True)


class RefreshSchema(Schema):
    refreshToken = fields.String(required=True, validate=validate.Length(1, 200))


class LogoutSchema(Schema):
    login = fields.String(required=True, metadata={"description": "who signed out"})


class WaySchema(Schema):
    name = fields.String(required=True, metadata={"description": "for /auth/login"})
    takes = fields.List(
        fields.String(validate=validate.OneOf(["password", "token"])), required=True
    )
    config = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={"description": "what a login page needs to know of the provider"},
    )


class WaysSchema(Schema):
    site = fields.String(required=True)
    plugins = fields.List(fields.Nested(WaySchema), required=True)


class KeySchema(Schema):
    kty = fields.String(required=True)
    use = fields.String(required=True)
    alg = fields.String(required=True)
    kid = fields.String(required=True)
    n = fields.String(required=True)
    e = fields.String(required=True)


class KeySetSchema(Schema):
    """RFC 7517."""

    keys = fields.List(fields.Nested(KeySchema), required=True)
