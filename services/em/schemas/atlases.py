"""The payloads of atlases."""

from marshmallow import fields

from services.em.models import Atlas
from shared.filters import by_session_id
from shared.models import BLSession, DataCollectionGroup
from shared.schemas import TableSchema


class AtlasSessionSchema(TableSchema):
    """The session of a grid in the microscope."""

    class Meta(TableSchema.Meta):
        model = BLSession
        fields = ("sessionId", "proposalId", "beamLineName", "visit_number", "startDate")


class AtlasGroupSchema(TableSchema):
    """A grid."""

    BLSession = fields.Nested(AtlasSessionSchema, attribute="session")

    class Meta(TableSchema.Meta):
        model = DataCollectionGroup
        fields = (
            "dataCollectionGroupId",
            "sessionId",
            "blSampleId",
            "startTime",
            "comments",
            "BLSession",
        )


class AtlasSchema(TableSchema):
    DataCollectionGroup = fields.Nested(AtlasGroupSchema, attribute="group")

    class Meta(TableSchema.Meta):
        model = Atlas
        search = ("atlasImage",)
        sort = ("-atlasId",)
        filters = by_session_id(Atlas)
