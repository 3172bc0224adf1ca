"""The payloads of shipping contacts of proposals."""

from marshmallow import fields

from services.core.schemas.people.laboratories import LaboratorySchema
from services.core.schemas.people.persons import PersonNameSchema
from shared.models import LabContact
from shared.schemas import TableSchema


class LabContactPersonSchema(PersonNameSchema):
    """The person of a shipping contact, with the laboratory."""

    Laboratory = fields.Nested(LaboratorySchema, attribute="laboratory")

    class Meta(PersonNameSchema.Meta):
        fields = (*PersonNameSchema.Meta.fields, "Laboratory")


class LabContactSchema(TableSchema):
    """A card of the address book of a proposal."""

    Person = fields.Nested(LabContactPersonSchema, attribute="person", dump_only=True)

    class Meta(TableSchema.Meta):
        model = LabContact
        dump_only = ("labContactId", "recordTimeStamp")
        search = ("cardName",)
        sort = ("cardName",)
