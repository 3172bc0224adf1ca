"""/data_collections"""

from http import HTTPStatus

from services.core.modules import data_collections
from services.core.schemas.data_collections import (
    AppendQuery,
    DataCollectionQuery,
    DataCollectionSchema,
)
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("data_collections", description="Data collections")
WRITERS = ("mx_write", "ssx_write", "em_write")


@ns.route("")
class DataCollections(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(DataCollectionQuery, query=True)
    @ns.returns(DataCollectionSchema, many=True)
    def get(self, identity, query):
        """List the data collections in the sessions the caller may see."""
        return data_collections.find(identity, query)

    @ns.require(*WRITERS)
    @ns.takes(DataCollectionSchema)
    @ns.returns(DataCollectionSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Create a data collection of a visible group, once for the same files."""
        return data_collections.add(identity, data)


@ns.route("/<int:data_collection_id>")
class DataCollection(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(DataCollectionSchema)
    def get(self, identity, query, data_collection_id):
        """Show one data collection."""
        return data_collections.get(identity, data_collection_id, **query)

    @ns.require(*WRITERS)
    @ns.takes(AppendQuery, query=True)
    @ns.takes(DataCollectionSchema(partial=True))
    @ns.returns(DataCollectionSchema)
    def patch(self, identity, query, data, data_collection_id):
        """Change some fields of a data collection: absent keeps, null clears."""
        text = data.pop("comments", None) if query["appendComment"] else None
        if data or text is None:
            found = data_collections.change(identity, data_collection_id, data)
        if text is not None:
            found = data_collections.append_comment(identity, data_collection_id, text)
        return found
