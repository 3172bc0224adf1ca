"""/xrf_maps"""

from services.core.modules.processing.xrf_maps import xrf_maps
from services.core.schemas.processing.xrf_maps import XrfMapDataSchema
from shared.api import Namespace, Resource

ns = Namespace("xrf_maps", description="Maps of fluorescence")
ns.resource(
    xrf_maps,
    "list create get",
    one="xrf map",
    many="xrf maps",
    write=["mx_write", "ssx_write", "processing_write"],
    large=True,
    summaries={
        "list": "List the maps of fluorescence the caller may see, without their bytes.",
        "create": "Create a map on a visible grid, with the region that it shows.",
        "get": "Show one map of fluorescence, without its bytes.",
    },
)


@ns.route("/<int:xrf_map_id>/data")
class XrfMapData(Resource):
    @ns.require()
    @ns.returns(XrfMapDataSchema)
    def get(self, identity, xrf_map_id):
        """Show the bytes of a map of fluorescence."""
        return xrf_maps.get_data(identity, xrf_map_id)
