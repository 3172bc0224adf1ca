"""The payloads of images of data collections."""

from marshmallow_sqlalchemy import auto_field

from services.core.models import Image
from shared.filters import by_parent
from shared.records import RecordSchema


class ImageSchema(RecordSchema):
    """One image of a data collection, identified by its number."""

    imageNumber = auto_field(required=True, allow_none=False)

    class Meta(RecordSchema.Meta):
        model = Image
        dump_only = ("imageId", "dataCollectionId", "recordTimeStamp")
        sort = ("imageNumber",)
        filters = by_parent(Image.dataCollectionId)
