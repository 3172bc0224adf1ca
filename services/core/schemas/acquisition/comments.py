"""The payloads of comments on data collections."""

from marshmallow import fields, validate
from marshmallow_sqlalchemy import auto_field

from services.core.schemas.people.persons import PersonNameSchema
from shared.filters import by_parent
from shared.models import DataCollectionComment
from shared.schemas import TableSchema


class CommentSchema(TableSchema):
    """A comment of a person on a data collection."""

    comments = auto_field(required=True, allow_none=False, validate=[validate.Length(1, 4000)])
    Person = fields.Nested(PersonNameSchema, attribute="person", dump_only=True)

    class Meta(TableSchema.Meta):
        model = DataCollectionComment
        exclude = ("modTime",)
        dump_only = ("dataCollectionCommentId", "dataCollectionId", "personId", "createTime")
        search = ("comments",)
        sort = ("dataCollectionCommentId",)
        filters = by_parent(DataCollectionComment.dataCollectionId)
