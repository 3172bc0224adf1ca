"""The payloads of components, and of the components of samples and crystals."""

from marshmallow import fields, validate
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam

from services.ssx.models import Component, CrystalComposition, SampleComposition
from shared.filters import by_proposal
from shared.models import ComponentType, ConcentrationType
from shared.schemas import TableSchema


class ComponentTypeSchema(TableSchema):
    """The kind of a component."""

    class Meta(TableSchema.Meta):
        model = ComponentType


class ConcentrationTypeSchema(TableSchema):
    """The unit of an amount."""

    class Meta(TableSchema.Meta):
        model = ConcentrationType
        fields = ("concentrationTypeId", "name", "symbol")


class ComponentSchema(TableSchema):
    """A ligand, buffer, jet material or element; one without a proposal is of all proposals."""

    proposalId = auto_field(required=True)
    name = auto_field(validate=validate.Length(1, 255))
    ComponentType = fields.Nested(ComponentTypeSchema, attribute="type", dump_only=True)

    class Meta(TableSchema.Meta):
        model = Component
        dump_only = ("componentId",)
        search = ("name", "composition")
        sort = ("-componentId",)
        filters = {
            "proposal": by_proposal(
                Component.proposalId == bindparam("proposal"), follows_rule=True
            )
        }


class PartSchema(TableSchema):
    """A component of a sample or crystal, where that lists it."""

    ComponentType = fields.Nested(ComponentTypeSchema, attribute="type", dump_only=True)

    class Meta(TableSchema.Meta):
        model = Component
        fields = ("componentId", "name", "composition", "componentTypeId", "ComponentType")


class SampleCompositionSchema(TableSchema):
    """A component of a sample, and its amount."""

    Component = fields.Nested(PartSchema, attribute="component", dump_only=True)
    ConcentrationType = fields.Nested(ConcentrationTypeSchema, attribute="unit", dump_only=True)

    class Meta(TableSchema.Meta):
        model = SampleComposition
        dump_only = ("sampleCompositionId",)
        sort = ("-sampleCompositionId",)


class CrystalCompositionSchema(TableSchema):
    """A component of a crystal, and its amount."""

    Component = fields.Nested(PartSchema, attribute="component", dump_only=True)
    ConcentrationType = fields.Nested(ConcentrationTypeSchema, attribute="unit", dump_only=True)

    class Meta(TableSchema.Meta):
        model = CrystalComposition
        dump_only = ("crystalCompositionId",)
        sort = ("-crystalCompositionId",)
