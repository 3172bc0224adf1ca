"""/data_collections/{id}/images"""

from http import HTTPStatus

from services.core.modules.acquisition.images import images
from services.core.schemas.acquisition.images import ImageSchema
from shared.api import Namespace, Resource
from shared.lists import query_of

ns = Namespace("images", path="/data_collections", description="Images of data collections")
WRITERS = ("mx_write", "ssx_write", "em_write")


@ns.route("/<int:data_collection_id>/images")
class Images(Resource):
    @ns.require()
    @ns.takes(query_of(ImageSchema), query=True)
    @ns.returns(ImageSchema, many=True)
    def get(self, identity, query, data_collection_id):
        """List the images of a data collection that were recorded."""
        return images.list_(identity, data_collection_id, query)

    @ns.require(*WRITERS)
    @ns.takes(ImageSchema)
    @ns.returns(ImageSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, data, data_collection_id):
        """Record an image; one of the same number is changed, then 200."""
        image, new = images.put(identity, data_collection_id, data)
        answer = images.written(identity, image)
        return answer, HTTPStatus.CREATED if new else HTTPStatus.OK
