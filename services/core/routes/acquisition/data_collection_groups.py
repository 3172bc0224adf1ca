"""/data_collections/groups"""

from services.core.modules.acquisition.data_collection_groups import data_collection_groups
from shared.api import Namespace

ns = Namespace(
    "data_collection_groups",
    path="/data_collections/groups",
    description="Groups of data collections: experiments",
)
ns.resource(
    data_collection_groups,
    "list create get update",
    one="data collection group",
    many="data collection groups",
    write=["mx_write", "ssx_write", "em_write"],
    large=True,
    summaries={
        "list": "List the groups of data collections in the sessions the caller may see.",
        "create": "Create a group, with its data collections, their positions and grids, or"
        " nothing.",
        "get": "Show one group of data collections.",
        "update": "Change some fields of a group: absent keeps, null clears.",
    },
)
