"""The rows that labels and lists show, which are those of the resources and more; their query."""

from marshmallow import fields, validate

from services.core.schemas.people.lab_contacts import LabContactSchema
from services.core.schemas.people.persons import PersonSchema
from services.core.schemas.people.sessions import SessionProposalSchema, SessionSchema
from services.core.schemas.shipping.containers import ContainerSchema
from services.core.schemas.shipping.dewars import DewarSchema
from services.core.schemas.shipping.shipments import ShipmentSchema
from shared.files import FileQuery

PAPERS = {"A4": (210, 297), "letter": (215.9, 279.4), "label": (100, 150)}  # millimetres
PROPOSAL = ("proposalCode", "proposalNumber")
SESSION = (
    *("visit_number", "beamLineName", "startDate", "beamLineOperator"),
    *(f"Proposal.{name}" for name in PROPOSAL),
)
CONTAINER = (
    *("code", "barcode", "containerType", "capacity", "comments", "BLSession"),
    "_metadata.samples",
)
SAMPLE = (
    *("location", "subLocation", "name", "code", "comments"),
    *("Crystal.spaceGroup", "Crystal.Protein.acronym"),
)


class PaperQuery(FileQuery):
    """The paper of a PDF."""

    paper = fields.String(
        load_default="A4",
        validate=validate.OneOf([*PAPERS]),
        metadata={"description": "`label`: 100 x 150 mm, for label printers"},
    )


class LabelContactSchema(LabContactSchema):
    """A shipping contact, with the telephone and e-mail that a courier needs."""

    Person = fields.Nested(PersonSchema, attribute="person", dump_only=True)


class LabelShipmentSchema(ShipmentSchema):
    """A shipment with its proposal and contacts."""

    Proposal = fields.Nested(SessionProposalSchema, attribute="proposal", only=PROPOSAL)
    sendingLabContact = fields.Nested(LabelContactSchema, attribute="sending_contact")
    returnLabContact = fields.Nested(LabelContactSchema, attribute="return_contact")


class LabelContainerSchema(ContainerSchema):
    """A container with its session."""

    BLSession = fields.Nested(SessionSchema, attribute="session", only=SESSION)


class LabelDewarSchema(DewarSchema):
    """A dewar with its session, shipment and containers."""

    BLSession = fields.Nested(SessionSchema, attribute="session", only=SESSION)
    Shipping = fields.Nested(
        LabelShipmentSchema, attribute="shipping", only=("shippingName", "Proposal")
    )
    Container = fields.Nested(
        LabelContainerSchema, many=True, attribute="containers", only=CONTAINER
    )

    class Meta(DewarSchema.Meta):
        sort = ("dewarId",)


class SingleContainerSchema(LabelContainerSchema):
    """A container with its dewar."""

    Dewar = fields.Nested(
        LabelDewarSchema,
        attribute="dewar",
        only=("code", "facilityCode", "BLSession", "Shipping"),
    )
