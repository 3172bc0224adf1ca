"""What the caller sees of itself on the wire."""

from marshmallow import Schema, fields


class CurrentUserSchema(Schema):
    login = fields.String(required=True)
    personId = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null for a program"}
    )
    givenName = fields.String(required=True)
    familyName = fields.String(required=True)
    Permissions = fields.List(fields.String(), required=True)
    beamLineGroups = fields.List(fields.String(), required=True)
    beamLines = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "whose sessions are all open to the caller"},
    )
