"""The payloads of persons."""

from typing import ClassVar

from marshmallow import Schema, fields
from marshmallow_sqlalchemy import auto_field

from services.core.schemas.people.laboratories import LaboratorySchema
from shared.models import Person
from shared.schemas import TableSchema


class PersonNameSchema(TableSchema):
    """A person without contact data, as others see it: they are neither read nor searched."""

    class Meta(TableSchema.Meta):
        model = Person
        fields: ClassVar[tuple[str, ...]] = ("personId", "givenName", "familyName", "login")
        search = ("familyName", "givenName", "login")
        sort = ("familyName",)


class PersonSchema(TableSchema):
    """A person with contact data, for the person itself and the user office."""

    familyName = auto_field(required=True, allow_none=False)
    Laboratory = fields.Nested(LaboratorySchema, attribute="laboratory", dump_only=True)

    class Meta(TableSchema.Meta):
        model = Person
        dump_only = ("personId", "recordTimeStamp")
        sort = ("familyName",)


class PersonBatchSchema(Schema):
    """The result of a batch."""

    inserted = fields.Integer(required=True, metadata={"description": "number of new persons"})
