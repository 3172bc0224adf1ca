"""/containers/queue and /containers/{id}/queue"""

from http import HTTPStatus

from services.core.modules.shipping import queues
from services.core.routes import WRITERS
from services.core.schemas.shipping.queues import NewQueueSchema, QueueItemSchema, QueueSchema
from shared.api import Namespace, Resource
from shared.lists import row_query

ns = Namespace("queues", path="/containers", description="Queue for unattended collection")
ns.resource(
    queues.queues,
    "list get update",
    path="/queue",
    one="container queue",
    many="container queues",
    service=WRITERS,
    summaries={
        "list": "List the containers that wait for unattended collection, or did so.",
        "get": "Show a container that waits for unattended collection, or did so.",
        "update": "Note that a queued container was measured, or that it waits again.",
    },
)


@ns.route("/<int:container_id>/queue")
class QueuedContainer(Resource):
    @ns.require()
    @ns.takes(row_query(QueueSchema), query=True)
    @ns.returns(QueueSchema)
    def get(self, identity, query, container_id):
        """Show the entry of a container that waits for unattended collection."""
        return queues.get(identity, container_id, **query)

    @ns.require(service=WRITERS)
    @ns.takes(NewQueueSchema)
    @ns.returns(QueueSchema, HTTPStatus.CREATED)
    def post(self, identity, data, container_id):
        """Queue the samples of a container, or some of them, for unattended collection."""
        return queues.create(identity, container_id, data)

    @ns.require(service=WRITERS)
    @ns.returns(QueueSchema)
    def delete(self, identity, container_id):
        """Take a container from the queue; show what its entry was."""
        return queues.delete_of_container(identity, container_id)


@ns.route("/<int:container_id>/queue/<int:container_queue_sample_id>")
class QueuedSample(Resource):
    @ns.require(service=WRITERS)
    @ns.returns(QueueItemSchema)
    def delete(self, identity, container_id, container_queue_sample_id):
        """Take a sample from the queue, with the last one the container; show what it was."""
        return queues.delete_item(identity, container_id, container_queue_sample_id)
