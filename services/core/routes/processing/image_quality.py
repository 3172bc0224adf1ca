"""/data_collections/{id}/image_quality"""

from services.core.modules.processing import image_quality, plots
from services.core.schemas.processing.image_quality import (
    ImageQualityQuery,
    ImageQualitySchema,
    UpsertedSchema,
)
from shared.api import Namespace, Resource
from shared.operations import choose_picture, make_picture
from shared.plots import PNG

ns = Namespace(
    "image quality",
    path="/data_collections",
    description="The quality of images, by columns",
)
POINTS = 2_000  # the default of a picture, which is not wider


@ns.route("/<int:data_collection_id>/image_quality")
class ImageQuality(Resource):
    @ns.require(link=True)
    @ns.takes(ImageQualityQuery, query=True)
    @ns.returns(ImageQualitySchema, also_as=PNG)
    def get(self, identity, query, data_collection_id):
        """Show what is known of the images; with Accept: image/png a plot of it."""
        if not choose_picture([PNG]):
            return image_quality.get(identity, data_collection_id, **query)
        arrays = image_quality.get(identity, data_collection_id, **{"points": POINTS, **query})
        arrays.pop(image_quality.PROGRAM)
        return make_picture(plots.draw(arrays, image_quality.IMAGE), PNG)

    @ns.require("mx_write", "processing_write")
    @ns.takes(ImageQualitySchema)
    @ns.returns(UpsertedSchema)
    def put(self, identity, data, data_collection_id):
        """Store what is known of images, new or known: absent columns and nulls keep."""
        return image_quality.put(identity, data_collection_id, data)
