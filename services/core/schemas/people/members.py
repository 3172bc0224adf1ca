"""Who is on a proposal or a session, on the wire."""

from marshmallow import fields
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam

from services.core.schemas.people.persons import PersonNameSchema
from shared.filters import Filter
from shared.models import ProposalHasPerson, SessionHasPerson
from shared.schemas import TableSchema


class ProposalMemberSchema(TableSchema):
    """A person on a proposal."""

    Person = fields.Nested(PersonNameSchema, attribute="person", dump_only=True)

    class Meta(TableSchema.Meta):
        model = ProposalHasPerson
        fields = ("proposalHasPersonId", "personId", "role", "Person")
        dump_only = ("proposalHasPersonId",)
        sort = ("personId",)
        filters = {"parent": Filter(ProposalHasPerson.proposalId == bindparam("parent"))}


class ProposalMemberChangeSchema(TableSchema):
    """What can change about a person on a proposal."""

    class Meta(TableSchema.Meta):
        model = ProposalHasPerson
        fields = ("role",)


class SessionMemberSchema(TableSchema):
    """A person on a session."""

    personId = auto_field(required=True)
    Person = fields.Nested(PersonNameSchema, attribute="person", dump_only=True)

    class Meta(TableSchema.Meta):
        model = SessionHasPerson
        fields = ("sessionId", "personId", "role", "remote", "Person")
        dump_only = ("sessionId",)
        sort = ("personId",)
        filters = {"parent": Filter(SessionHasPerson.sessionId == bindparam("parent"))}


class SessionMemberChangeSchema(TableSchema):
    """What can change about a person on a session."""

    class Meta(TableSchema.Meta):
        model = SessionHasPerson
        fields = ("role", "remote")
