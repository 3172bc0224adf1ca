"""The payloads of groups of samples."""

from marshmallow import Schema, fields
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam

from services.core.schemas.people.persons import PersonNameSchema
from shared.aggregates import Count
from shared.filters import by_parent, by_proposal
from shared.models import BLSample, BLSampleGroup, BLSampleGroupHasBLSample
from shared.schemas import TableSchema


class SampleGroupMetadataSchema(Schema):
    """The number of samples in a group."""

    samples = Count(BLSampleGroupHasBLSample.blSampleGroupId, through=BLSample.memberships)


class SampleGroupSchema(TableSchema):
    """A group of samples of a proposal."""

    proposalId = auto_field(required=True, allow_none=False)
    Person = fields.Nested(PersonNameSchema, attribute="owner", dump_only=True)
    _metadata = fields.Nested(SampleGroupMetadataSchema, dump_only=True)

    class Meta(TableSchema.Meta):
        model = BLSampleGroup
        dump_only = ("blSampleGroupId", "ownerId")
        search = ("name",)
        sort = ("-blSampleGroupId",)
        filters = {
            "proposal": by_proposal(
                BLSampleGroup.proposalId == bindparam("proposal"), follows_rule=True
            )
        }


class GroupedSampleSchema(TableSchema):
    """A sample, where a group lists it."""

    class Meta(TableSchema.Meta):
        model = BLSample
        fields = ("blSampleId", "name", "code", "containerId", "location", "crystalId")


class SampleGroupMemberSchema(TableSchema):
    """A sample in a group."""

    blSampleId = auto_field(required=True)
    BLSample = fields.Nested(GroupedSampleSchema, attribute="sample", dump_only=True)

    class Meta(TableSchema.Meta):
        model = BLSampleGroupHasBLSample
        fields = ("blSampleId", "groupOrder", "type", "BLSample")
        sort = ("groupOrder",)
        filters = by_parent(BLSampleGroupHasBLSample.blSampleGroupId)
