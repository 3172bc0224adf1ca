"""What a file of a data collection looks like on the wire."""

from sqlalchemy import bindparam

from services.core.schemas.records import RecordSchema
from shared.filters import Filter
from shared.models import DataCollectionFileAttachment


class CollectionAttachmentSchema(RecordSchema):
    """A file that belongs to a data collection."""

    class Meta(RecordSchema.Meta):
        model = DataCollectionFileAttachment
        dump_only = ("dataCollectionFileAttachmentId", "dataCollectionId", "createTime")
        sort = ("dataCollectionFileAttachmentId",)
        filters = {
            "collection": Filter(
                DataCollectionFileAttachment.dataCollectionId == bindparam("collection")
            ),
        }
