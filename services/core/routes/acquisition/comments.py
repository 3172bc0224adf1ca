"""/data_collections/{id}/comments"""

from services.core.modules.acquisition.comments import comments
from shared.api import Namespace

ns = Namespace("comments", path="/data_collections", description="Comments on data collections")
ns.resource(
    comments,
    "list create delete",
    path="/<int:data_collection_id>/comments",
    one="comment",
    many="comments",
    summaries={
        "list": "List what people say about a data collection.",
        "create": "Say something about a data collection that the caller sees.",
        "delete": "Delete a comment of one's own; show what it was.",
    },
)
