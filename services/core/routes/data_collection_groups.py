"""/data_collections/groups"""

from http import HTTPStatus

from services.core.modules import data_collection_groups
from services.core.schemas.data_collection_groups import (
    DataCollectionGroupQuery,
    DataCollectionGroupSchema,
    GroupDocumentSchema,
)
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace(
    "data_collection_groups",
    path="/data_collections/groups",
    description="Groups of data collections: experiments",
)
WRITERS = ("mx_write", "ssx_write", "em_write")


@ns.route("")
class DataCollectionGroups(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(DataCollectionGroupQuery, query=True)
    @ns.returns(DataCollectionGroupSchema, many=True)
    def get(self, identity, query):
        """List the groups of data collections in the sessions the caller may see."""
        return data_collection_groups.find(identity, query)

    @ns.may_answer(404)
    @ns.require(*WRITERS)
    @ns.takes(GroupDocumentSchema, large=True)
    @ns.returns(GroupDocumentSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Create a group, with its data collections, their positions and grids, or nothing."""
        return data_collection_groups.add(identity, data)


@ns.route("/<int:data_collection_group_id>")
class DataCollectionGroup(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(DataCollectionGroupSchema)
    def get(self, identity, query, data_collection_group_id):
        """Show one group of data collections."""
        return data_collection_groups.get(identity, data_collection_group_id, **query)

    @ns.require(*WRITERS)
    @ns.takes(DataCollectionGroupSchema(partial=True))
    @ns.returns(DataCollectionGroupSchema)
    def patch(self, identity, data, data_collection_group_id):
        """Change some fields of a group: absent keeps, null clears."""
        return data_collection_groups.change(identity, data_collection_group_id, data)
