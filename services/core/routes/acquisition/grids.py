"""/data_collections/{id}/grids"""

from services.core.modules.acquisition.grids import grids
from shared.api import Namespace

ns = Namespace("grids", path="/data_collections", description="Grids of scans")
ns.resource(
    grids,
    "list create",
    path="/<int:data_collection_id>/grids",
    one="grid",
    many="grids",
    write=["mx_write", "ssx_write", "em_write"],
    summaries={
        "list": "List the grids of a data collection.",
        "create": "Create a grid of a data collection.",
    },
)
