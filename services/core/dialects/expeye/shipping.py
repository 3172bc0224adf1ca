"""The routes by which SCAUP pushes a shipment, item by item, and edits it later.

A push that fails in the middle is sent again as a whole: an item that is there already is the
answer, with status 200. See ``replays`` for how it is recognised.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from services.core.dialects.expeye.read_schemas import ExpeyePageQuery
from services.core.dialects.expeye.schemas import AnsweringSchema
from services.core.dialects.expeye.shipping_schemas import (
    ExpeyeContainerSchema,
    ExpeyeDewarHistoryListSchema,
    ExpeyeDewarSchema,
    ExpeyeMeasuredListSchema,
    ExpeyeRegistryListSchema,
    ExpeyeRegistryQuery,
    ExpeyeRegistrySchema,
    ExpeyeShipmentSchema,
    ExpeyeShippedSampleSchema,
)
from services.core.modules.acquisition.data_collection_groups import data_collection_groups
from services.core.modules.samples.samples import samples
from services.core.modules.shipping import replays
from services.core.modules.shipping.containers import containers
from services.core.modules.shipping.dewars import dewars
from services.core.modules.shipping.histories import dewar_histories
from services.core.modules.shipping.registered_dewars import (
    registered_dewar_proposals,
    registered_dewars,
)
from services.core.modules.shipping.shipments import shipments
from services.core.routes import WRITERS
from shared import names
from shared.api import Namespace, Resource
from shared.errors import Forbidden, not_found
from shared.lenient import WHOLE_LIST, get_columns, with_warnings
from shared.models import DewarRegistry

shipment_ns = Namespace("shipments", description="Shipments")
dewar_ns = Namespace("dewars", description="Dewars")
registry_ns = Namespace("dewar-registry", description="Registered dewars")
container_ns = Namespace("containers", description="Containers")
sample_ns = Namespace("samples", description="Samples")
proposal_ns = Namespace("proposal-shipments", path="/proposals", description="Shipments")
NAMESPACES = [shipment_ns, dewar_ns, registry_ns, container_ns, sample_ns, proposal_ns]
CREATED, OK = HTTPStatus.CREATED, HTTPStatus.OK


@proposal_ns.route("/<ref>/shipments")
@proposal_ns.param("ref", "proposal code and number, e.g. ab12345")
class Shipments(Resource):
    @proposal_ns.require(service=WRITERS)
    @proposal_ns.takes(ExpeyeShipmentSchema)
    @proposal_ns.returns(ExpeyeShipmentSchema, CREATED, also=OK)
    def post(self, identity, data, ref):
        """Create a shipment of a proposal."""
        inside = {"proposalId": names.proposal_key(identity, ref)}
        columns = get_columns(data) | inside
        key = replays.find_shipment(identity, columns)
        return _answer(ExpeyeShipmentSchema(), *_put(identity, shipments, key, columns), data)


@shipment_ns.route("/<int:shipment_id>")
class Shipment(Resource):
    @shipment_ns.require()
    @shipment_ns.returns(ExpeyeShipmentSchema)
    def get(self, identity, shipment_id):
        """Show a shipment with its status."""
        return ExpeyeShipmentSchema().build_answer(shipments.get(identity, shipment_id))

    @shipment_ns.require(service=WRITERS)
    @shipment_ns.takes(ExpeyeShipmentSchema(partial=True))
    @shipment_ns.returns(ExpeyeShipmentSchema)
    def patch(self, identity, data, shipment_id):
        """Change a shipment: absent keeps, null clears."""
        row = shipments.update(identity, shipment_id, get_columns(data))
        return with_warnings(ExpeyeShipmentSchema().build_answer(row), data)


@shipment_ns.route("/<int:shipment_id>/dewars")
class Dewars(Resource):
    @shipment_ns.require(service=WRITERS)
    @shipment_ns.takes(ExpeyeDewarSchema)
    @shipment_ns.returns(ExpeyeDewarSchema, CREATED, also=OK)
    def post(self, identity, data, shipment_id):
        """Create a dewar of a shipment."""
        shipments.check_visible(identity, shipment_id)
        columns = get_columns(data) | {"shippingId": shipment_id}
        key = replays.find_dewar(columns)
        return _answer(ExpeyeDewarSchema(), *_put(identity, dewars, key, columns), data)


@shipment_ns.route("/<int:shipment_id>/samples")
class ShipmentSamples(Resource):
    @shipment_ns.require()
    @shipment_ns.takes(ExpeyePageQuery, query=True)
    @shipment_ns.returns(ExpeyeMeasuredListSchema)
    def get(self, identity, query, shipment_id):
        """List the samples of a shipment, once for each group of data collections of them."""
        shipments.check_visible(identity, shipment_id)
        boxes = {"shippingId": shipment_id, "fields": ("containerId",), **WHOLE_LIST}
        keys = [row["containerId"] for row in containers.list_(identity, boxes)["results"]]
        inside = {"containerId__in": keys, "fields": ("blSampleId",), **WHOLE_LIST}
        sample_ids = [row["blSampleId"] for row in samples.list_(identity, inside)["results"]]
        link = ("dataCollectionGroupId", "blSampleId")
        measured = {"blSampleId__in": sample_ids, "fields": link, **WHOLE_LIST}
        groups = data_collection_groups.list_(identity, measured)["results"]
        done = {row["blSampleId"] for row in groups}
        rows = groups + [
            {"blSampleId": key, "dataCollectionGroupId": None}
            for key in sample_ids
            if key not in done
        ]
        rows.sort(key=lambda row: (row["blSampleId"], row["dataCollectionGroupId"] or 0))
        page, limit = query["page"], query["limit"]
        items = rows[page * limit : (page + 1) * limit]
        return {"items": items, "total": len(rows), "page": page, "limit": limit}


@dewar_ns.route("/<int:dewar_id>")
class Dewar(Resource):
    @dewar_ns.require(service=WRITERS)
    @dewar_ns.takes(ExpeyeDewarSchema(partial=True))
    @dewar_ns.returns(ExpeyeDewarSchema)
    def patch(self, identity, data, dewar_id):
        """Change a dewar: absent keeps, null clears."""
        row = dewars.update(identity, dewar_id, get_columns(data))
        return with_warnings(ExpeyeDewarSchema().build_answer(row), data)


@dewar_ns.route("/<int:dewar_id>/history")
class DewarHistory(Resource):
    @dewar_ns.require()
    @dewar_ns.takes(ExpeyePageQuery, query=True)
    @dewar_ns.returns(ExpeyeDewarHistoryListSchema)
    def get(self, identity, query, dewar_id):
        """List what a dewar went through, newest first."""
        fields = ("dewarId", "dewarStatus", "storageLocation", "arrivalDate")
        return _page(
            lambda native: dewar_histories.list_(identity, dewar_id, native), query, fields
        )


@proposal_ns.route("/<ref>/dewar-registry")
@proposal_ns.param("ref", "proposal code and number, e.g. ab12345")
class Registry(Resource):
    @proposal_ns.require(*WRITERS)
    @proposal_ns.takes(ExpeyeRegistrySchema)
    @proposal_ns.returns(ExpeyeRegistrySchema, CREATED)
    def post(self, identity, data, ref):
        """Register a dewar of a proposal."""
        columns = get_columns(data) | {"proposalId": names.proposal_key(identity, ref)}
        row = registered_dewars.create(identity, columns)
        return with_warnings(ExpeyeRegistrySchema().build_answer(row), data)


@proposal_ns.route("/<ref>/dewar-registry/<code>")
@proposal_ns.param("ref", "proposal code and number, e.g. ab12345")
class RegisteredDewar(Resource):
    @proposal_ns.require()
    @proposal_ns.returns(ExpeyeRegistrySchema)
    def get(self, identity, ref, code):
        """Show a registered dewar that a proposal may use."""
        key = names.proposal_key(identity, ref)
        row = registered_dewars.get(identity, code)
        query = {"proposalId": key, "fields": (), "skip": 0, "limit": 1}
        if not registered_dewar_proposals.list_(identity, code, query)["results"]:
            raise not_found(DewarRegistry)
        return ExpeyeRegistrySchema().build_answer(row)


@registry_ns.route("")
class RegisteredDewars(Resource):
    @registry_ns.require()
    @registry_ns.takes(ExpeyeRegistryQuery, query=True)
    @registry_ns.returns(ExpeyeRegistryListSchema)
    def get(self, identity, query):
        """List the registered dewars that the caller sees, newest first."""
        fields = ("dewarRegistryId", "facilityCode", "manufacturerSerialNumber")
        sort = {"sort": ["-dewarRegistryId"]}
        return _page(lambda each: registered_dewars.list_(identity, each | sort), query, fields)


@dewar_ns.route("/<int:dewar_id>/containers")
class DewarContainers(Resource):
    @dewar_ns.require(service=WRITERS)
    @dewar_ns.takes(ExpeyeContainerSchema)
    @dewar_ns.returns(ExpeyeContainerSchema, CREATED, also=OK)
    def post(self, identity, data, dewar_id):
        """Create a container in a dewar."""
        dewars.check_visible(identity, dewar_id)
        return _put_container(identity, data, {"dewarId": dewar_id, "parentContainerId": None})


@container_ns.route("/<int:container_id>/containers")
class InnerContainers(Resource):
    @container_ns.require(service=WRITERS)
    @container_ns.takes(ExpeyeContainerSchema)
    @container_ns.returns(ExpeyeContainerSchema, CREATED, also=OK)
    def post(self, identity, data, container_id):
        """Create a container in a container."""
        containers.check_visible(identity, container_id)
        return _put_container(identity, data, {"parentContainerId": container_id})


@container_ns.route("/<int:container_id>")
class Container(Resource):
    @container_ns.require(service=WRITERS)
    @container_ns.takes(ExpeyeContainerSchema(partial=True))
    @container_ns.returns(ExpeyeContainerSchema)
    def patch(self, identity, data, container_id):
        """Change a container: absent keeps, null clears, but for its session and its place."""
        row = containers.update(identity, container_id, get_columns(data))
        return with_warnings(ExpeyeContainerSchema().build_answer(row), data)


@container_ns.route("/<int:container_id>/samples")
class ContainerSamples(Resource):
    @container_ns.require(service=WRITERS)
    @container_ns.takes(ExpeyeShippedSampleSchema)
    @container_ns.returns(ExpeyeShippedSampleSchema, CREATED, also=OK)
    def post(self, identity, data, container_id):
        """Create a sample in a container: neither a crystal nor a protein is needed."""
        containers.check_visible(identity, container_id)
        columns = get_columns(data) | {"containerId": container_id}
        key = replays.find_sample(columns)
        return _answer(ExpeyeShippedSampleSchema(), *_put(identity, samples, key, columns), data)


@sample_ns.route("")
class Samples(Resource):
    @sample_ns.require(*WRITERS)
    @sample_ns.takes(ExpeyeShippedSampleSchema)
    @sample_ns.returns(ExpeyeShippedSampleSchema, CREATED, also=OK)
    def post(self, identity, data):
        """Create a sample without a container, which belongs to nobody yet."""
        if not identity.is_service:
            raise Forbidden("a sample without a container is made by a service token")
        columns = get_columns(data)
        key = replays.find_loose_sample(columns)
        return _answer(ExpeyeShippedSampleSchema(), *_put(identity, samples, key, columns), data)


@sample_ns.route("/<int:sample_id>")
class Sample(Resource):
    @sample_ns.require(service=WRITERS)
    @sample_ns.takes(ExpeyeShippedSampleSchema(partial=True))
    @sample_ns.returns(ExpeyeShippedSampleSchema)
    def patch(self, identity, data, sample_id):
        """Change a sample, e.g. its state at the beamline: absent keeps, null clears.

        A sample of the same source that is in its new place takes its old one.
        """
        row, columns = samples.lock(identity, sample_id), get_columns(data)
        replays.swap_places(identity, row, columns)
        written = samples.written(identity, samples.edit(identity, row, columns))
        return with_warnings(ExpeyeShippedSampleSchema().build_answer(written), data)


def _page(list_: Callable[[dict], dict], query: dict, fields: tuple[str, ...]) -> dict:
    """A page of a native list, as the client names its parts."""
    page, limit = query.pop("page"), query["limit"]
    answer = list_({**query, "skip": page * limit, "fields": fields})
    return {"items": answer["results"], "total": answer["total"], "page": page, "limit": limit}


def _put_container(identity: Any, data: dict, parents: dict) -> tuple[dict, HTTPStatus]:
    columns = get_columns(data) | parents
    key = replays.find_container(columns)
    return _answer(ExpeyeContainerSchema(), *_put(identity, containers, key, columns), data)


def _put(identity: Any, service: Any, key: int | None, columns: dict) -> tuple[dict, bool]:
    """Create a row, or change the row ``key`` that an earlier push made."""
    if key is None:
        return service.create(identity, columns), True
    return service.update(identity, key, columns), False


def _answer(
    schema: AnsweringSchema, row: dict, is_new: bool, data: dict
) -> tuple[dict, HTTPStatus]:
    return with_warnings(schema.build_answer(row), data), CREATED if is_new else OK
