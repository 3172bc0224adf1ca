"""The payloads of data collections."""

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate
from marshmallow_sqlalchemy import auto_field
from sqlalchemy import bindparam, select

from services.core.schemas.acquisition.grids import GridSchema
from services.core.schemas.acquisition.positions import PositionSchema
from services.core.schemas.beamline.detectors import CollectionDetectorSchema
from shared.access_forms import is_selected
from shared.aggregates import Count
from shared.computed import ComputedDict
from shared.config import API_ROOT
from shared.filters import Filter, by_beamline, by_sample, by_session_id
from shared.models import (
    EXPERIMENT_TYPES,
    DataCollection,
    DataCollectionComment,
    DataCollectionFileAttachment,
    DataCollectionGroup,
    GridInfo,
)
from shared.records import MANY, RecordSchema
from shared.schemas import TableSchema


class CollectionGroupSchema(TableSchema):
    """The group of a data collection, with its session and sample."""

    class Meta(TableSchema.Meta):
        model = DataCollectionGroup
        fields = ("dataCollectionGroupId", "sessionId", "blSampleId", "experimentType")


def build_links(key: int, first_image: int | None, *snapshots: str | None) -> dict[str, Any]:
    """The paths of a data collection and its files; only snapshots that it has are named."""
    base = f"{API_ROOT}/data_collections/{key}"
    numbers = [number for number, path in enumerate(snapshots, 1) if path]
    return {
        "self": base,
        "snapshots": [f"{base}/snapshots/{number}" for number in numbers],
        "thumbnail": f"{base}/images/{first_image or 1}/thumbnail",
        "attachments": f"{base}/attachments/download",
        "imageQuality": f"{base}/image_quality",
    }


SNAPSHOTS = tuple(f"xtalSnapshotFullPath{number}" for number in range(1, 5))


class DataCollectionMetadataSchema(Schema):
    """The links of a data collection, and the numbers of rows below it."""

    links = ComputedDict(
        build_links,
        *("dataCollectionId", "startImageNumber", *SNAPSHOTS),
        metadata={"description": "paths of the row and its files, as /user/sign takes them"},
    )
    grids = Count(GridInfo.dataCollectionId)
    attachments = Count(DataCollectionFileAttachment.dataCollectionId)
    comments = Count(DataCollectionComment.dataCollectionId)


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
            **by_beamline(DataCollection),
            **by_session_id(DataCollection),
            **by_sample(DataCollection),
            "experimentType": Filter(
                is_selected(  # no index has the type: to gather the groups reads all of them
                    DataCollection.dataCollectionGroupId,
                    select(DataCollectionGroup.dataCollectionGroupId).where(
                        DataCollectionGroup.experimentType == bindparam("experimentType")
                    ),
                ),
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
