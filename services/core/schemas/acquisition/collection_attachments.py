"""The payloads of the files of data collections."""

from shared.filters import by_parent
from shared.models import DataCollectionFileAttachment
from shared.records import RecordSchema


class CollectionAttachmentSchema(RecordSchema):
    """A file that belongs to a data collection."""

    class Meta(RecordSchema.Meta):
        model = DataCollectionFileAttachment
        dump_only = ("dataCollectionFileAttachmentId", "dataCollectionId", "createTime")
        sort = ("dataCollectionFileAttachmentId",)
        filters = by_parent(DataCollectionFileAttachment.dataCollectionId)
