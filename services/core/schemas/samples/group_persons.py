"""The payload of sharing a group of samples."""

from marshmallow import Schema, fields


class SharedWithSchema(Schema):
    """A person with whom a group of samples is shared."""

    personId = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "leads the proposal of the group, or is on it", "example": 1},
    )
