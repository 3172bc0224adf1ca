"""What people say about data collections. Whoever sees one may comment on it."""

from datetime import datetime

from sqlalchemy import delete

from services.core.modules.acquisition.data_collections import data_collections
from services.core.schemas.acquisition.comments import CommentSchema
from shared import access, read
from shared.access import everything
from shared.db import db, save
from shared.errors import Forbidden
from shared.identity import Identity
from shared.models import DataCollectionComment


def find(identity: Identity, collection_id: int, query: dict) -> dict:
    """List what was said about a visible data collection."""
    data_collections.check_visible(identity, collection_id)
    return read.page(CommentSchema, everything(identity), {**query, "collection": collection_id})


def add(identity: Identity, collection_id: int, data: dict) -> dict:
    """Say something about a visible data collection, in one's own name."""
    if identity.personId is None:
        raise Forbidden("a comment is made by a person")
    data_collections.check_visible(identity, collection_id)
    now = datetime.now().replace(microsecond=0)
    whose = {"dataCollectionId": collection_id, "personId": identity.personId, "createTime": now}
    comment = save(DataCollectionComment(), {**data, **whose})
    return _shown(identity, comment.dataCollectionCommentId)


def remove(identity: Identity, collection_id: int, key: int) -> dict:
    """Delete what the caller said about a visible data collection; return it.

    What others said is not found: nobody deletes that.
    """
    rule = access.collections(identity, DataCollectionComment.dataCollectionId)
    mine = {"collection": collection_id, "personId": identity.personId}
    comment = read.one(CommentSchema, rule, dataCollectionCommentId=key, **mine)
    db.session.execute(delete(DataCollectionComment).filter_by(dataCollectionCommentId=key))
    return comment


def _shown(identity: Identity, key: int) -> dict:
    return read.one(CommentSchema, everything(identity), dataCollectionCommentId=key)
