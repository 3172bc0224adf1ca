"""/data_collections/{id}/attachments"""

from http import HTTPStatus

from services.core.modules.acquisition import collection_attachments
from services.core.schemas.acquisition.collection_attachments import CollectionAttachmentSchema
from shared.api import Namespace, Resource
from shared.lists import query_of

ns = Namespace(
    "collection_attachments", path="/data_collections", description="Files of data collections"
)
WRITERS = ("mx_write", "ssx_write", "em_write", "processing_write")


@ns.route("/<int:data_collection_id>/attachments")
class CollectionAttachments(Resource):
    @ns.require()
    @ns.takes(query_of(CollectionAttachmentSchema), query=True)
    @ns.returns(CollectionAttachmentSchema, many=True)
    def get(self, identity, query, data_collection_id):
        """List the files of a data collection."""
        return collection_attachments.find(identity, data_collection_id, query)

    @ns.require(*WRITERS)
    @ns.takes(CollectionAttachmentSchema)
    @ns.returns(CollectionAttachmentSchema, HTTPStatus.CREATED)
    def post(self, identity, data, data_collection_id):
        """Note a file of a data collection."""
        return collection_attachments.add(identity, data_collection_id, data)
