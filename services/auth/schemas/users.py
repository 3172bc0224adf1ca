"""The caller on the wire."""

from marshmallow import Schema, fields, validate

from shared.models import Laboratory, Person
from shared.schemas import TableSchema

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class CurrentUserSchema(Schema):
    login = fields.String(required=True)
    personId = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null for a program"}
    )
    givenName = fields.String(required=True)
    familyName = fields.String(required=True)
    permissions = fields.List(fields.String(), required=True)
    beamLineGroups = fields.List(fields.String(), required=True)
    beamLines = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "whose sessions are all open to the caller"},
    )


class OwnLaboratorySchema(TableSchema):
    """The laboratory inside the caller's own data."""

    class Meta(TableSchema.Meta):
        model = Laboratory
        fields = ("laboratoryId", "name", "address", "city", "postcode", "country", "url")


class ProfileSchema(TableSchema):
    """The caller's own data, of which only the contact data can be changed."""

    Laboratory = fields.Nested(OwnLaboratorySchema, attribute="laboratory", dump_only=True)

    class Meta(TableSchema.Meta):
        model = Person
        fields = (
            "personId",
            "login",
            "givenName",
            "familyName",
            "title",
            "emailAddress",
            "phoneNumber",
            "laboratoryId",
            "Laboratory",
        )
        dump_only = ("personId", "login", "givenName", "familyName", "laboratoryId")
        sort = ("personId",)


class SignSchema(Schema):
    method = fields.String(load_default="GET", validate=validate.OneOf(VERBS))
    url = fields.String(
        required=True,
        validate=validate.Length(1, 8000),
        metadata={"description": "path, with or without a query, e.g. /ispyb/api/v1/proposals"},
    )
    query = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "parameters beyond those of the url"},
    )


class LinkSchema(Schema):
    onetime = fields.String(required=True, metadata={"description": "parameter of the link"})
    url = fields.String(required=True, metadata={"description": "the link, ready to be used"})
    expiresIn = fields.Integer(required=True, metadata={"description": "seconds to live"})
