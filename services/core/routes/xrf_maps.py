"""/xrf_maps"""

from http import HTTPStatus

from services.core.modules import xrf_maps
from services.core.schemas.xrf_maps import XrfMapDataSchema, XrfMapQuery, XrfMapSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("xrf_maps", description="Maps of fluorescence")
WRITERS = ("mx_write", "ssx_write", "processing_write")


@ns.route("")
class XrfMaps(Resource):
    @ns.require()
    @ns.takes(XrfMapQuery, query=True)
    @ns.returns(XrfMapSchema, many=True)
    def get(self, identity, query):
        """List the maps of fluorescence the caller may see, without their bytes."""
        return xrf_maps.find(identity, query)

    @ns.require(*WRITERS)
    @ns.takes(XrfMapSchema, large=True)
    @ns.returns(XrfMapSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Create a map on a visible grid, with the region that it shows."""
        return xrf_maps.add(identity, data)


@ns.route("/<int:xrf_map_id>")
class XrfMap(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(XrfMapSchema)
    def get(self, identity, query, xrf_map_id):
        """Show one map of fluorescence, without its bytes."""
        return xrf_maps.get(identity, xrf_map_id, **query)


@ns.route("/<int:xrf_map_id>/data")
class XrfMapData(Resource):
    @ns.require()
    @ns.returns(XrfMapDataSchema)
    def get(self, identity, xrf_map_id):
        """Show the bytes of a map of fluorescence."""
        return xrf_maps.data(identity, xrf_map_id)
