"""The payloads of members of proposals and sessions."""

from marshmallow import fields
from marshmallow_sqlalchemy import auto_field

from services.core.schemas.people.persons import PersonNameSchema
from shared.filters import by_parent
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
        filters = by_parent(ProposalHasPerson.proposalId)


class ProposalMemberChangeSchema(TableSchema):
    """The fields of a member of a proposal that can change."""

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
        filters = by_parent(SessionHasPerson.sessionId)


class SessionMemberChangeSchema(TableSchema):
    """The fields of a member of a session that can change."""

    class Meta(TableSchema.Meta):
        model = SessionHasPerson
        fields = ("role", "remote")
