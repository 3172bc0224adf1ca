"""The payloads of grids of scans."""

from sqlalchemy import and_, bindparam, or_, select

from shared.filters import Filter
from shared.models import DataCollection, GridInfo
from shared.records import RecordSchema

ITS_GROUP = select(DataCollection.dataCollectionGroupId).where(
    DataCollection.dataCollectionId == bindparam("parent")
)


class GridSchema(RecordSchema):
    """The grid of a scan."""

    class Meta(RecordSchema.Meta):
        model = GridInfo
        exclude = ("workflowMeshId",)
        dump_only = (
            "gridInfoId",
            "dataCollectionId",
            "dataCollectionGroupId",
            "recordTimeStamp",
        )
        sort = ("gridInfoId",)
        filters = {
            "parent": Filter(
                or_(
                    GridInfo.dataCollectionId == bindparam("parent"),
                    and_(
                        GridInfo.dataCollectionId.is_(None),  # in older rows
                        GridInfo.dataCollectionGroupId == ITS_GROUP.scalar_subquery(),
                    ),
                )
            ),
        }
