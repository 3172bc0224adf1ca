"""Service tokens on the wire."""

from typing import ClassVar

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field

from shared.lists import query_of
from shared.schemas import TableSchema
from shared.service_tables import ServiceToken
from shared.settings import BEAMLINE_LENGTH


class TokenSchema(TableSchema):
    name = auto_field(validate=[validate.Length(1, 45)], metadata={"example": "xia2 of i03"})
    permissions = fields.List(
        fields.String(validate=validate.Length(1, 45)),
        required=True,
        validate=validate.Length(1, 50),
    )
    beamlines = fields.List(
        fields.String(validate=validate.Length(1, BEAMLINE_LENGTH)),
        allow_none=True,
        validate=validate.Length(1, 100),
        metadata={"description": "the token is good for these only; null: not limited"},
    )
    days = fields.Integer(
        load_only=True,
        strict=True,
        validate=validate.Range(1),
        metadata={"description": "until it expires; without, as long as the site allows"},
    )

    class Meta(TableSchema.Meta):
        model = ServiceToken
        exclude: ClassVar[tuple[str, ...]] = ("tokenId",)
        dump_only: ClassVar[tuple[str, ...]] = (
            "serviceTokenId",
            "issuedBy",
            "issued",
            "expires",
            "revoked",
        )
        search = ("name",)
        sort = ("-serviceTokenId",)


class NewTokenSchema(TokenSchema):
    """The token to issue. It has no read-only members: ``expires`` is not to be ignored."""

    class Meta(TokenSchema.Meta):
        exclude = ("tokenId", *TokenSchema.Meta.dump_only)
        dump_only = ()


class TokenColumnsSchema(TableSchema):
    """The columns by which a list of tokens can be filtered and sorted."""

    class Meta(TableSchema.Meta):
        model = ServiceToken
        exclude = ("tokenId", "permissions", "beamlines")
        search = ("name",)


TokenQuery = query_of(TokenColumnsSchema)


class IssuedTokenSchema(Schema):
    token = fields.String(required=True, metadata={"description": "shown this once"})
    ServiceToken = fields.Nested(TokenSchema, required=True)
