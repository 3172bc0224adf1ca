"""/data_collections/{id}/comments"""

from http import HTTPStatus

from services.core.modules.acquisition import comments
from services.core.schemas.acquisition.comments import CommentSchema
from shared.api import Namespace, Resource
from shared.lists import query_of

ns = Namespace(
    "comments", path="/data_collections", description="What people say about data collections"
)


@ns.route("/<int:data_collection_id>/comments")
class Comments(Resource):
    @ns.require()
    @ns.takes(query_of(CommentSchema), query=True)
    @ns.returns(CommentSchema, many=True)
    def get(self, identity, query, data_collection_id):
        """List what people say about a data collection."""
        return comments.find(identity, data_collection_id, query)

    @ns.require()
    @ns.takes(CommentSchema)
    @ns.returns(CommentSchema, HTTPStatus.CREATED)
    def post(self, identity, data, data_collection_id):
        """Say something about a data collection that the caller sees."""
        return comments.add(identity, data_collection_id, data)


@ns.route("/<int:data_collection_id>/comments/<int:comment_id>")
class Comment(Resource):
    @ns.require()
    @ns.returns(CommentSchema)
    def delete(self, identity, data_collection_id, comment_id):
        """Delete a comment of one's own; show what it was."""
        return comments.remove(identity, data_collection_id, comment_id)
