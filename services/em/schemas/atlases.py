"""The payloads of atlases."""

from marshmallow import fields, validate
from sqlalchemy import bindparam, select

from services.em.models import Atlas
from shared.filters import Filter
from shared.models import BLSession, DataCollectionGroup
from shared.schemas import TableSchema

KEY = validate.Range(0, 2**32 - 1)
IN_SESSION = select(DataCollectionGroup.dataCollectionGroupId).where(
    DataCollectionGroup.sessionId == bindparam("sessionId")
)


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
        filters = {
            "sessionId": Filter(
                Atlas.dataCollectionGroupId.in_(IN_SESSION),
                fields.Integer(validate=KEY, metadata={"description": "of this session"}),
            ),
        }
