"""Reports of data collections by MXCuBE: always the whole dictionary, at one URL for all."""

from http import HTTPStatus

from services.core.dialects.mxcube import collection_upserts
from services.core.dialects.mxcube.collection_schemas import (
    MxcubeCollectionSchema,
    MxcubeGroupSchema,
    StoredCollectionSchema,
    StoredGroupSchema,
)
from services.core.modules.acquisition.data_collections import data_collections
from services.core.modules.people.sessions import sessions
from services.core.schemas.acquisition.data_collections import DataCollectionSchema
from shared.api import Namespace, Resource
from shared.lenient import with_warnings

collection_ns = Namespace("datacollections", description="Data collections")
NAMESPACES = [collection_ns]


@collection_ns.route("/datacollection")
class StoredCollections(Resource):
    @collection_ns.may_answer(404)
    @collection_ns.require(service="mx_write")
    @collection_ns.takes(MxcubeCollectionSchema)
    @collection_ns.returns(StoredCollectionSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, data):
        """Store a data collection, with a group if it joins none; or update it: then 200.

        Every caller who sees the session may do this.
        """
        collection, new = collection_upserts.put(identity, data)
        names = ("dataCollectionId", "dataCollectionGroupId", "detectorId")
        keys = {name: getattr(collection, name) for name in names}
        answer = {name: key for name, key in keys.items() if key is not None}
        return with_warnings(answer, data), HTTPStatus.CREATED if new else HTTPStatus.OK


@collection_ns.route("/group")
class StoredGroups(Resource):
    @collection_ns.may_answer(404)
    @collection_ns.require(service="mx_write")
    @collection_ns.takes(MxcubeGroupSchema)
    @collection_ns.returns(StoredGroupSchema)
    def post(self, identity, data):
        """Update the group of a data collection, which never gets a second one; or make one.

        Every caller who sees the session may do this.
        """
        group = collection_upserts.put_group(identity, data)
        names = ("dataCollectionGroupId", "experimentType", "blSampleId", "sessionId")
        return with_warnings({name: getattr(group, name) for name in names}, data)


@collection_ns.route("/<int:collection_id>")
class Collection(Resource):
    @collection_ns.require()
    @collection_ns.returns(DataCollectionSchema)
    def get(self, identity, collection_id):
        """Show one data collection, which has both a begin and an end."""
        collection = data_collections.get(identity, collection_id)
        start, end = collection["startTime"], collection["endTime"]
        if not start and not end:
            session_id = collection["DataCollectionGroup"]["sessionId"]
            start = sessions.get(identity, session_id, ("bltimeStamp",))["bltimeStamp"]
        return {**collection, "startTime": start or end, "endTime": end or start}
