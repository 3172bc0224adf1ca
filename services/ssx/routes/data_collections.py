"""/ssx/data_collections"""

from services.ssx.modules.data_collections import data_collections
from shared.api import Namespace

ns = Namespace(
    "ssx data collections", path="/ssx/data_collections", description="Serial crystallography"
)
ns.resource(
    data_collections,
    "list get",
    one="data collection",
    many="data collections",
    key="collection_id",
    summaries={
        "list": "List the serial data collections the caller may see.",
        "get": "Show one serial data collection.",
    },
)
