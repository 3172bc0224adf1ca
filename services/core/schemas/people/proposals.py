"""The payloads of proposals."""

from marshmallow import Schema, fields
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import ColumnElement, Select, bindparam, select, union

from services.core.schemas.people.members import ProposalMemberSchema
from services.core.schemas.people.persons import PersonNameSchema
from shared.access import seen_sessions
from shared.access_forms import is_selected
from shared.aggregates import Count, Distinct
from shared.callers import Shape
from shared.computed import ComputedText
from shared.filters import BY_ROW, Filter, on_beamline
from shared.models import BLSession, Person, Proposal, ProposalHasPerson, SessionHasPerson
from shared.names import build_proposal_name
from shared.schemas import TableSchema, text_of


class ProposalMetadataSchema(Schema):
    """The name of a proposal, and its sessions, beamlines and members that the caller sees."""

    name = ComputedText(
        build_proposal_name,
        *("proposalCode", "proposalNumber"),
        allow_none=True,
        metadata={"description": "e.g. mx2007, as paths and filters take it"},
    )
    sessions = Count(BLSession.proposalId)
    beamLines = Distinct(BLSession.proposalId, BLSession.beamLineName)
    persons = Count(ProposalHasPerson.proposalId)


def _is_on_beamline(shape: Shape) -> ColumnElement[bool]:
    """Whether a session of the proposal that the caller sees is on the beamline."""
    return Proposal.proposalId.in_(_select_proposals(shape, "beamLineName"))


def _is_on_large_beamline(shape: Shape) -> ColumnElement[bool]:
    """The same, checked for each proposal."""
    return is_selected(Proposal.proposalId, _select_proposals(shape, f"beamLineName{BY_ROW}"))


def _select_proposals(shape: Shape, name: str) -> Select:
    return select(BLSession.proposalId).where(
        BLSession.beamLineName == bindparam(name), seen_sessions(shape, BLSession.sessionId)
    )


def _has_member(shape: Shape) -> ColumnElement[bool]:
    """Whether the person leads the proposal, is on it, or on a session that the caller sees."""
    person = select(Person.personId).where(Person.login == bindparam("login"))
    on_proposal, on_session = ProposalHasPerson, SessionHasPerson
    keys = union(
        select(Proposal.proposalId).where(Proposal.personId.in_(person)),
        select(on_proposal.proposalId).where(on_proposal.personId.in_(person)),
        select(BLSession.proposalId)
        .join(on_session, on_session.sessionId == BLSession.sessionId)
        .where(on_session.personId.in_(person), seen_sessions(shape, on_session.sessionId)),
    )
    return Proposal.proposalId.in_(select(keys.subquery()))


class ProposalSchema(TableSchema):
    """A proposal."""

    personId = auto_field(required=True)
    proposalNumber = auto_field(required=True, allow_none=False)
    Person = fields.Nested(PersonNameSchema, attribute="leader", dump_only=True)
    _metadata = fields.Nested(ProposalMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = Proposal
        dump_only = ("proposalId", "bltimeStamp")
        search = ("title", "proposalCode", "proposalNumber")
        sort = ("-proposalId",)
        filters = {
            "login": Filter(
                _has_member,
                text_of(Person.login, metadata={"description": "of the leader or a member"}),
            ),
            **on_beamline(
                text_of(BLSession.beamLineName, metadata={"description": "beamline of a session"}),
                _is_on_beamline,
                _is_on_large_beamline,
            ),
        }


class ProposalSessionSchema(TableSchema):
    """A session in the list of its proposal."""

    class Meta(TableSchema.Meta):
        model = BLSession
        fields = ("sessionId", "visit_number", "beamLineName", "startDate", "endDate", "scheduled")
        sort = ("-startDate",)


ProposalInfoSchema = Schema.from_dict(  # with its members, and the sessions the caller sees
    {
        **ProposalSchema().fields,
        "ProposalHasPerson": fields.List(fields.Nested(ProposalMemberSchema)),
        "BLSession": fields.List(fields.Nested(ProposalSessionSchema)),
    },
    name="ProposalInfoSchema",
)
