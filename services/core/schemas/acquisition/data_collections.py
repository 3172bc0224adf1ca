"""The payloads of data collections."""

from typing import ClassVar

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam, select

from services.core.schemas.acquisition.grids import GridSchema
from services.core.schemas.acquisition.positions import PositionSchema
from services.core.schemas.beamline.detectors import CollectionDetectorSchema
from services.core.schemas.records import KEY, MANY, RecordSchema
from shared.aggregates import Count
from shared.filters import Filter, by_session
from shared.models import (
    EXPERIMENT_TYPES,
    DataCollection,
    DataCollectionComment,
    DataCollectionFileAttachment,
    DataCollectionGroup,
    GridInfo,
)
from shared.schemas import TableSchema


class CollectionGroupSchema(TableSchema):
    """The group of a data collection, with its session and sample."""

    class Meta(TableSchema.Meta):
        model = DataCollectionGroup
        fields = ("dataCollectionGroupId", "sessionId", "blSampleId", "experimentType")


class DataCollectionMetadataSchema(Schema):
    """The numbers of rows below a data collection."""

    grids = Count(GridInfo.dataCollectionId)
    attachments = Count(DataCollectionFileAttachment.dataCollectionId)
    comments = Count(DataCollectionComment.dataCollectionId)


def _of_group(column, name: str):
    group = select(DataCollectionGroup.dataCollectionGroupId).where(column == bindparam(name))
    return DataCollection.dataCollectionGroupId.in_(group)


class DataCollectionSchema(RecordSchema):
    """A data collection."""

    DataCollectionGroup = fields.Nested(CollectionGroupSchema, attribute="group", dump_only=True)
    Detector = fields.Nested(CollectionDetectorSchema, attribute="detector", dump_only=True)
    Position = fields.Nested(PositionSchema, attribute="position", dump_only=True)
    _metadata = fields.Nested(DataCollectionMetadataSchema, dump_only=True)

    class Meta(RecordSchema.Meta):
        model = DataCollection
        # copies of the columns of the group
        exclude: ClassVar[tuple[str, ...]] = ("sessionId", "blSampleId", "experimentType")
        dump_only = ("dataCollectionId", "positionId", "startPositionId", "endPositionId")
        search = ("imagePrefix", "imageDirectory", "comments")
        sort = ("-dataCollectionId",)
        filters = {
            **by_session(DataCollectionGroup.sessionId, DataCollection.dataCollectionGroupId),
            "sessionId": Filter(
                _of_group(DataCollectionGroup.sessionId, "sessionId"), fields.Integer(validate=KEY)
            ),
            "blSampleId": Filter(
                _of_group(DataCollectionGroup.blSampleId, "blSampleId"),
                fields.Integer(validate=KEY),
            ),
            "experimentType": Filter(
                _of_group(DataCollectionGroup.experimentType, "experimentType"),
                fields.String(validate=validate.OneOf(EXPERIMENT_TYPES)),
            ),
        }


class AppendQuery(Schema):
    """The options of an edit of a data collection."""

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
        exclude = (*DataCollectionSchema.Meta.exclude, "_metadata")  # it has the rows themselves
