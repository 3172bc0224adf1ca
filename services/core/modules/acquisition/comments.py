"""Comments of persons on data collections: everybody who sees one may comment on it."""

from datetime import datetime

from sqlalchemy import delete

from services.core.modules.acquisition.data_collections import data_collections
from services.core.schemas.acquisition.comments import CommentSchema
from shared import access, read
from shared.child_service import ChildService
from shared.db import db
from shared.errors import Forbidden
from shared.identity import Identity
from shared.models import DataCollectionComment


class Comments(ChildService):
    """The comments on data collections."""

    verbs = ("list", "create", "delete")

    def create(  # type: ignore[override]
        self, identity: Identity, parent_key: int, data: dict
    ) -> dict:
        """Create a comment of the caller on a visible data collection."""
        if identity.personId is None:
            raise Forbidden("a comment is made by a person")
        now = datetime.now().replace(microsecond=0)
        author = {"personId": identity.personId, "createTime": now}
        return super().create(identity, parent_key, {**data, **author})

    def delete(  # type: ignore[override]
        self, identity: Identity, parent_key: int, key: int
    ) -> dict:
        """Delete a comment of the caller on a visible data collection; return it.

        The comments of others answer NotFound: nobody deletes those.
        """
        rule = access.collections(identity, DataCollectionComment.dataCollectionId)
        filters = {"parent": parent_key, "personId": identity.personId}
        comment = read.one(CommentSchema, rule, dataCollectionCommentId=key, **filters)
        db.session.execute(delete(DataCollectionComment).filter_by(dataCollectionCommentId=key))
        return comment


comments = Comments(data_collections, "dataCollectionId", CommentSchema)
