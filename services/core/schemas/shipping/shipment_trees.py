"""A whole shipment as one document: its dewars, their containers, their samples."""

from typing import Any

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field

from services.core.models import Ligand
from services.core.schemas.people.lab_contacts import LabContactSchema
from services.core.schemas.people.proposals import ProposalSessionSchema
from services.core.schemas.samples.diffraction_plans import DiffractionPlanSchema
from services.core.schemas.samples.samples import SampleSchema
from services.core.schemas.shipping.containers import ContainerSchema
from services.core.schemas.shipping.dewars import DewarSchema
from services.core.schemas.shipping.shipments import ShipmentSchema
from services.core.schemas.shipping.status_changes import StatusChangeSchema
from shared.models import Crystal, Protein
from shared.records import KEY
from shared.schemas import TableSchema

DEWARS, CONTAINERS, SAMPLES = (validate.Length(max=most) for most in (500, 5_000, 10_000))


class Document(TableSchema):
    """A part of a document, as it is sent and shown: without the parents that it stands in."""

    class Meta(TableSchema.Meta):
        pass


def _key() -> fields.Integer:
    """The key of a row that is there already, in the document that replaces it."""
    return fields.Integer(strict=True, validate=KEY)


class TreeProteinSchema(Document):
    """The protein of a sample, by its acronym in the proposal."""

    acronym = auto_field(required=True, allow_none=False, validate=validate.Length(1, 45))

    class Meta(Document.Meta):
        model = Protein
        fields = ("proteinId", "acronym", "name", "sequence", "density", "safetyLevel")
        dump_only = ("proteinId", "safetyLevel")


class TreeCrystalSchema(Document):
    """The form of the protein of a sample."""

    Protein = fields.Nested(TreeProteinSchema, attribute="protein", required=True)

    class Meta(Document.Meta):
        model = Crystal
        fields = (
            *("crystalId", "name", "spaceGroup", "cell_a", "cell_b", "cell_c", "cell_alpha"),
            *("cell_beta", "cell_gamma", "size_X", "size_Y", "size_Z", "comments", "Protein"),
        )
        dump_only = ("crystalId",)


class TreePlanSchema(DiffractionPlanSchema):
    """How a sample is to be measured."""

    class Meta(DiffractionPlanSchema.Meta):
        exclude = ("presetForProposalId",)


class TreeLigandSchema(Document):
    """A ligand in a sample, by its name and structure in the proposal."""

    class Meta(Document.Meta):
        model = Ligand
        fields = ("ligandId", "name", "SMILES")
        dump_only = ("ligandId",)


class TreeSampleSchema(SampleSchema):
    """A sample in its container."""

    blSampleId: Any = _key()
    name = auto_field(required=True, allow_none=False)
    Crystal = fields.Nested(TreeCrystalSchema, attribute="crystal", allow_none=True)
    DiffractionPlan = fields.Nested(TreePlanSchema, attribute="plan", allow_none=True)
    Ligand = fields.Nested(
        TreeLigandSchema, attribute="ligands", many=True, validate=validate.Length(max=50)
    )

    class Meta(SampleSchema.Meta):
        dump_only = (
            *("recordTimeStamp", "containerId", "crystalId", "diffractionPlanId"),
            "blSubSampleId",
        )
        exclude = ("Container", "_metadata")


class TreeContainerSchema(ContainerSchema):
    """A container in its dewar or in another container, with its samples."""

    containerId = _key()
    Container: Any = fields.Nested(
        lambda: TreeContainerSchema(), attribute="containers", many=True, validate=CONTAINERS
    )
    BLSample = fields.Nested(TreeSampleSchema, attribute="samples", many=True, validate=SAMPLES)

    class Meta(ContainerSchema.Meta):
        dump_only = (
            *("bltimeStamp", "scLocationUpdated", "screenId", "scheduleId", "dewarId"),
            "parentContainerId",
        )
        exclude = ("Dewar", "_metadata")


class TreeDewarSchema(DewarSchema):
    """A dewar of the shipment, with its containers."""

    dewarId = _key()
    Container = fields.Nested(
        TreeContainerSchema, attribute="containers", many=True, validate=CONTAINERS
    )

    class Meta(DewarSchema.Meta):
        dump_only = ("bltimeStamp", "shippingId")
        exclude = ("Shipping", "_metadata")


DEWAR: dict[str, fields.Field] = {
    "Dewar": fields.Nested(TreeDewarSchema, attribute="dewars", many=True, validate=DEWARS)
}
FIELDS = {name: field for name, field in ShipmentSchema().fields.items() if name != "_metadata"}
ShipmentTreeSchema = Schema.from_dict({**FIELDS, **DEWAR}, name="ShipmentTreeSchema")
TreeAdditionSchema = Schema.from_dict(DEWAR, name="TreeAdditionSchema")

ShipmentInfoSchema = Schema.from_dict(  # all rows of a shipment, side by side
    {
        **ShipmentSchema().fields,
        "LabContact": fields.List(fields.Nested(LabContactSchema)),
        "BLSession": fields.List(fields.Nested(ProposalSessionSchema)),
        "Dewar": fields.List(fields.Nested(DewarSchema)),
        "Container": fields.List(fields.Nested(ContainerSchema)),
        "BLSample": fields.List(fields.Nested(SampleSchema)),
        "history": fields.List(fields.Nested(StatusChangeSchema)),
    },
    name="ShipmentInfoSchema",
)
