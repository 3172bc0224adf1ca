"""The payloads of sessions and proposals that SCAUP reads, the other client of Exp-Eye."""

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field

from services.core.dialects.expeye.schemas import AnsweringSchema
from services.core.schemas.people.lab_contacts import LabContactSchema
from services.core.schemas.samples.proteins import ProteinSchema
from shared.lenient import LenientSchema, LocalTime, column
from shared.lists import Text
from shared.models import BLSession
from shared.schemas import LATIN1


class ExpeyeSessionSchema(AnsweringSchema):
    sessionId = auto_field()
    proposalId = auto_field()
    parentProposal = fields.String(metadata={"description": "code and number of the proposal"})
    visitNumber = column("visit_number")
    beamLineName = auto_field()
    beamLineOperator = fields.List(fields.String(), allow_none=True)
    startDate = auto_field()
    endDate = auto_field()
    scheduled = auto_field()
    nbShifts = auto_field()
    comments = auto_field()
    beamLineSetupId = auto_field()
    beamCalendarId = auto_field()
    usedFlag = auto_field()
    archived = fields.Integer(metadata={"description": "0 or 1"})
    purgedProcessedData = auto_field(allow_none=False)
    bltimeStamp = auto_field()
    lastUpdate = auto_field()

    class Meta(LenientSchema.Meta):
        model = BLSession

    def build_answer(self, row: dict) -> dict:
        """As in the base; operators are a list, and two of the flags are never null."""
        proposal, operators = row["Proposal"], row["beamLineOperator"]
        changed = {
            "parentProposal": "".join(filter(None, proposal.values())),
            "beamLineOperator": operators and [name.strip() for name in operators.split(",")],
            "archived": int(row["archived"] or 0),
            "purgedProcessedData": bool(row["purgedProcessedData"]),
        }
        return super().build_answer({**row, **changed})


class ExpeyeSessionListSchema(Schema):
    items = fields.List(fields.Nested(ExpeyeSessionSchema))
    total = fields.Integer()
    page = fields.Integer(metadata={"description": "the first is 0"})
    limit = fields.Integer()


class ExpeyePageQuery(Schema):
    """The query of a list without filters."""

    page = fields.Integer(load_default=0, validate=validate.Range(0, 100_000))
    limit = fields.Integer(load_default=25, validate=validate.Range(1, 500))


class ExpeyeSessionQuery(ExpeyePageQuery):
    """The query of sessions; its values load under the names of the filters of the native list."""

    search = Text(
        validate=[validate.Length(max=200), LATIN1],
        metadata={"description": "text in beamLineName, comments"},
    )
    minEndDate = LocalTime(attribute="endDate__gte", metadata={"minLength": 1})
    minStartDate = LocalTime(attribute="startDate__gte", metadata={"minLength": 1})
    maxStartDate = LocalTime(attribute="startDate__lte", metadata={"minLength": 1})


class ExpeyeProposalDataSchema(Schema):
    labContacts = fields.List(fields.Nested(LabContactSchema))
    proteins = fields.List(fields.Nested(ProteinSchema))
