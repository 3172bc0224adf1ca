"""/ssx/runs/{id}/images"""

from services.ssx.modules import images
from services.ssx.routes import BEAMLINE, PIPELINE
from services.ssx.schemas.images import ImagesQuery, ImagesSchema, UpsertedSchema
from shared.api import Namespace, Resource

ns = Namespace("ssx images", path="/ssx/runs", description="Hits and unit cells, by columns")


@ns.route("/<int:run_id>/images")
class Images(Resource):
    @ns.require()
    @ns.takes(ImagesQuery, query=True)
    @ns.returns(ImagesSchema)
    def get(self, identity, query, run_id):
        """Show the images of a run that are stored, in the order of their numbers."""
        return images.get(identity, run_id, query)

    @ns.require(BEAMLINE, PIPELINE)
    @ns.takes(ImagesSchema)
    @ns.returns(UpsertedSchema)
    def put(self, identity, data, run_id):
        """Store images of a run, new or stored: absent columns and nulls keep.

        An image that is no longer indexed loses its cell.
        """
        return images.put(identity, run_id, data)
