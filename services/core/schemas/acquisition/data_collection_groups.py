"""The payloads of groups of data collections, alone and as one document."""

from marshmallow import Schema, fields
from marshmallow_sqlalchemy import auto_field

from services.core.schemas.acquisition.data_collections import CollectionDocumentSchema
from shared.aggregates import Count
from shared.filters import by_beamline
from shared.models import BLSample, DataCollection, DataCollectionGroup
from shared.records import (
    LIKE_JSON,
    MANY,
    RecordSchema,
    is_json,
)
from shared.schemas import TableSchema


class GroupSampleSchema(TableSchema):
    """The sample of a group, by its name."""

    class Meta(TableSchema.Meta):
        model = BLSample
        fields = ("blSampleId", "name")


class DataCollectionGroupMetadataSchema(Schema):
    """The numbers of rows below a group."""

    data_collections = Count(DataCollection.dataCollectionGroupId)


class DataCollectionGroupSchema(RecordSchema):
    """A group of data collections: one experiment."""

    scanParameters = auto_field(validate=[LIKE_JSON, is_json])
    BLSample = fields.Nested(GroupSampleSchema, attribute="sample", dump_only=True)
    _metadata = fields.Nested(DataCollectionGroupMetadataSchema, dump_only=True)

    class Meta(RecordSchema.Meta):
        model = DataCollectionGroup
        dump_only = ("dataCollectionGroupId",)
        search = ("comments",)
        sort = ("-dataCollectionGroupId",)
        filters = by_beamline(DataCollectionGroup)


class GroupDocumentSchema(DataCollectionGroupSchema):
    """A group with its data collections, their positions and grids."""

    DataCollection = fields.Nested(
        CollectionDocumentSchema, many=True, attribute="collections", validate=MANY
    )

    class Meta(DataCollectionGroupSchema.Meta):
        pass
