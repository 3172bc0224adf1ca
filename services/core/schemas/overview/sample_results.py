"""The payload of the samples of a shipment or container, each with its best result."""

from marshmallow import Schema, fields
from sqlalchemy import bindparam, select

from services.core.schemas.processing.result_tables import TableResultSchema, TableShellSchema
from shared.aggregates import Count, Latest
from shared.filters import Filter
from shared.models import BLSample, Container, DataCollection, DataCollectionGroup, Dewar
from shared.sample_names import NamedSampleSchema
from shared.schemas import TableSchema

OF_SHIPMENT = (
    select(Container.containerId)
    .join(Dewar, Dewar.dewarId == Container.dewarId)
    .where(Dewar.shippingId == bindparam("shipment"))
)


class ResultContainerSchema(TableSchema):
    """The container of a sample."""

    class Meta(TableSchema.Meta):
        model = Container
        fields = ("containerId", "code", "barcode", "sampleChangerLocation")


class ResultMetadataSchema(Schema):
    """The data collections of a sample that the caller sees."""

    data_collections = Count(DataCollectionGroup.blSampleId, through=DataCollection.group)
    lastStartTime = Latest(
        *(DataCollectionGroup.blSampleId, DataCollection.startTime), through=DataCollection.group
    )


class SampleRowSchema(NamedSampleSchema):
    """A sample with its place, and the number of its data collections."""

    Container = fields.Nested(ResultContainerSchema, attribute="container")
    _metadata = fields.Nested(ResultMetadataSchema)

    class Meta(NamedSampleSchema.Meta):
        fields = (
            *("containerId", "location", "subLocation", *NamedSampleSchema.Meta.fields),
            *("code", "blSampleStatus", "Container", "_metadata"),
        )
        search = ("name", "code")
        sort = ("containerId", "blSampleId")
        filters = {
            "parent": Filter(BLSample.containerId == bindparam("parent")),
            "shipment": Filter(BLSample.containerId.in_(OF_SHIPMENT)),
        }


class BestScalingSchema(Schema):
    """The best result of a sample, with the statistics of all its reflections."""

    autoProcScalingId = fields.Integer()
    AutoProc = fields.Nested(TableResultSchema)
    AutoProcScalingStatistics = fields.Nested(TableShellSchema)


SampleResultSchema = Schema.from_dict(
    {
        **SampleRowSchema().dump_fields,
        "AutoProcScaling": fields.Nested(
            BestScalingSchema,
            allow_none=True,
            metadata={"description": "the best result, by the least rMerge; null if it has none"},
        ),
    },
    name="SampleResultSchema",
)
