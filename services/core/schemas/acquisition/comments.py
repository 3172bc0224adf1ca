"""What a person says about a data collection, on the wire."""

from marshmallow import fields, validate
from marshmallow_sqlalchemy import auto_field

from services.core.schemas.people.persons import PersonNameSchema
from shared.filters import by_parent
from shared.models import DataCollectionComment
from shared.schemas import TableSchema


class CommentSchema(TableSchema):
    """What a person says about a data collection."""

    comments = auto_field(required=True, allow_none=False, validate=[validate.Length(1, 4000)])
    Person = fields.Nested(PersonNameSchema, attribute="person", dump_only=True)

    class Meta(TableSchema.Meta):
        model = DataCollectionComment
        exclude = ("modTime",)
        dump_only = ("dataCollectionCommentId", "dataCollectionId", "personId", "createTime")
        search = ("comments",)
        sort = ("dataCollectionCommentId",)
        filters = by_parent(DataCollectionComment.dataCollectionId)
