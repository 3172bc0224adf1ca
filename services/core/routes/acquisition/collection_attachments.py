"""/data_collections/{id}/attachments"""

from services.core.modules.acquisition.collection_attachments import collection_attachments
from shared.api import Namespace

ns = Namespace(
    "collection_attachments", path="/data_collections", description="Files of data collections"
)
ns.resource(
    collection_attachments,
    "list create",
    path="/<int:data_collection_id>/attachments",
    one="collection attachment",
    many="collection attachments",
    write=["mx_write", "ssx_write", "em_write", "processing_write"],
    summaries={
        "list": "List the files of a data collection.",
        "create": "Note a file of a data collection.",
    },
)
