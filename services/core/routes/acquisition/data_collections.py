"""/data_collections"""

from services.core.modules.acquisition.data_collections import data_collections
from services.core.schemas.acquisition.data_collections import (
    AppendQuery,
    DataCollectionSchema,
)
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("data_collections", description="Data collections")
WRITERS = ("mx_write", "ssx_write", "em_write")


ns.resource(
    data_collections,
    "list create",
    one="data collection",
    many="data collections",
    write=WRITERS,
    summaries={
        "list": "List the data collections in the sessions the caller may see.",
        "create": "Create a data collection of a visible group, once for the same files.",
    },
)


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
            collection = data_collections.update(identity, data_collection_id, data)
        if text is not None:
            collection = data_collections.append_comment(identity, data_collection_id, text)
        return collection
