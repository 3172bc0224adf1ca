"""What a data collection looks like on the wire."""

from typing import ClassVar

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam, select

from services.core.schemas.grids import GridSchema
from services.core.schemas.positions import PositionSchema
from services.core.schemas.records import KEY, MANY, RecordSchema, of_session
from shared.aggregates import Count
from shared.lists import query_of
from shared.models import (
    EXPERIMENT_TYPES,
    BLSession,
    DataCollection,
    DataCollectionComment,
    DataCollectionFileAttachment,
    DataCollectionGroup,
    Detector,
    GridInfo,
)
from shared.schemas import TableSchema, text_of


class CollectionGroupSchema(TableSchema):
    """The group of a data collection, which knows its session and sample."""

    class Meta(TableSchema.Meta):
        model = DataCollectionGroup
        fields = ("dataCollectionGroupId", "sessionId", "blSampleId", "experimentType")


class CollectionDetectorSchema(TableSchema):
    """The detector of a data collection, by its names."""

    class Meta(TableSchema.Meta):
        model = Detector
        fields = (
            "detectorId",
            "detectorType",
            "detectorManufacturer",
            "detectorModel",
            "localName",
        )


class DataCollectionMetadataSchema(Schema):
    """What hangs on a data collection."""

    grids = Count(GridInfo.dataCollectionId)
    attachments = Count(DataCollectionFileAttachment.dataCollectionId)
    comments = Count(DataCollectionComment.dataCollectionId)


def _of_group(column, name: str):
    group = select(DataCollectionGroup.dataCollectionGroupId).where(column == bindparam(name))
    return DataCollection.dataCollectionGroupId.in_(group)


GROUPS = select(DataCollectionGroup.dataCollectionGroupId)


class DataCollectionSchema(RecordSchema):
    """A data collection."""

    DataCollectionGroup = fields.Nested(CollectionGroupSchema, attribute="group", dump_only=True)
    Detector = fields.Nested(CollectionDetectorSchema, attribute="detector", dump_only=True)
    Position = fields.Nested(PositionSchema, attribute="position", dump_only=True)
    _metadata = fields.Nested(DataCollectionMetadataSchema, dump_only=True)

    class Meta(RecordSchema.Meta):
        model = DataCollection
        # copies of the group's
        exclude: ClassVar[tuple[str, ...]] = ("sessionId", "blSampleId", "experimentType")
        dump_only = ("dataCollectionId", "positionId", "startPositionId", "endPositionId")
        search = ("imagePrefix", "imageDirectory", "comments")
        sort = ("-dataCollectionId",)
        conditions = {
            **{
                name: DataCollection.dataCollectionGroupId.in_(GROUPS.where(found))
                for name, found in of_session(DataCollectionGroup.sessionId).items()
            },
            "sessionId": _of_group(DataCollectionGroup.sessionId, "sessionId"),
            "blSampleId": _of_group(DataCollectionGroup.blSampleId, "blSampleId"),
            "experimentType": _of_group(DataCollectionGroup.experimentType, "experimentType"),
        }


class DataCollectionQuery(query_of(DataCollectionSchema)):
    """The filters of the list; session, sample and type are those of the group."""

    proposal = fields.String(metadata={"description": "proposal id or name"})
    beamLineName = text_of(BLSession.beamLineName)
    sessionId = fields.Integer(validate=KEY)
    blSampleId = fields.Integer(validate=KEY)
    experimentType = fields.String(validate=validate.OneOf(EXPERIMENT_TYPES))


class AppendQuery(Schema):
    """How a data collection changes."""

    appendComment = fields.Boolean(
        load_default=False,
        metadata={"description": "add the comments to what is there instead of replacing it"},
    )


class CollectionDocumentSchema(DataCollectionSchema):
    """A data collection with its position and grids, as part of the document of its group."""

    dataCollectionGroupId = auto_field(dump_only=True)
    Position = fields.Nested(PositionSchema, attribute="position", allow_none=True)
    GridInfo = fields.Nested(GridSchema, many=True, attribute="grids", validate=MANY)

    class Meta(DataCollectionSchema.Meta):
        exclude = (*DataCollectionSchema.Meta.exclude, "_metadata")  # it shows what it has
