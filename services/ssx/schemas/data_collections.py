"""The payloads of serial data collections."""

from marshmallow import fields, validate
from sqlalchemy import bindparam, select

from services.ssx.models import SSXDataCollection
from shared.filters import Filter, by_session_id
from shared.models import DataCollection, DataCollectionGroup
from shared.schemas import TableSchema

KEY = validate.Range(0, 2**32 - 1)


class CollectionGroupSchema(TableSchema):
    """The group of a data collection."""

    class Meta(TableSchema.Meta):
        model = DataCollectionGroup
        fields: tuple[str, ...] = (
            "dataCollectionGroupId",
            "sessionId",
            "blSampleId",
            "experimentType",
        )


class CollectionSchema(TableSchema):
    """The columns of a data collection that all techniques have."""

    DataCollectionGroup = fields.Nested(CollectionGroupSchema, attribute="group")

    class Meta(TableSchema.Meta):
        model = DataCollection
        fields = (
            "dataCollectionId",
            "startTime",
            "endTime",
            "runStatus",
            "imageDirectory",
            "fileTemplate",
            "numberOfImages",
            "exposureTime",
            "wavelength",
            "flux",
            "detectorDistance",
            "comments",
            "DataCollectionGroup",
        )


IN_GROUP = select(DataCollection.dataCollectionId).where(
    DataCollection.dataCollectionGroupId == bindparam("dataCollectionGroupId")
)


class SSXDataCollectionSchema(TableSchema):
    DataCollection = fields.Nested(CollectionSchema, attribute="collection")

    class Meta(TableSchema.Meta):
        model = SSXDataCollection
        search = ("experimentName", "chipModel", "chipPattern")
        sort = ("-dataCollectionId",)
        filters = {
            "dataCollectionGroupId": Filter(
                SSXDataCollection.dataCollectionId.in_(IN_GROUP),
                fields.Integer(validate=KEY, metadata={"description": "of this group"}),
            ),
            **by_session_id(SSXDataCollection),
        }
