"""Hits, unit cells and event chains of runs, for user interfaces."""

import numpy

from services.ssx.dialects.ssx_webservices.read_schemas import (
    SsxWebservicesCellsSchema,
    SsxWebservicesChainListSchema,
    SsxWebservicesEventChainsQuery,
    SsxWebservicesHistogramsSchema,
    SsxWebservicesRunQuery,
    SsxWebservicesRunsQuery,
    SsxWebservicesStatisticsSchema,
)
from services.ssx.modules import result_files
from services.ssx.modules.event_chains import event_chains
from services.ssx.modules.histograms import build_histogram
from shared.api import Namespace, Resource
from shared.errors import NotFound

result_ns = Namespace(
    "ssx result files",
    path="/ssx/datacollection/processing",
    description="Hits and unit cells in the files of pipelines",
)
chain_ns = Namespace("ssx chains", path="/eventchains", description="Event chains of runs")

READ = (
    *("eventChainId", "dataCollectionId", "name"),
    *(
        f"Event.{name}"
        for name in ("eventId", "eventTypeId", "componentId", "name", "offset", "duration")
    ),
    *("Event.period", "Event.repetition", "Event.EventType"),
)


@result_ns.route("/stats")
class Statistics(Resource):
    @result_ns.require()
    @result_ns.takes(SsxWebservicesRunsQuery, query=True)
    @result_ns.returns(SsxWebservicesStatisticsSchema, many=True, bare=True)
    def get(self, identity, query):
        """List the hits of runs, of each the newest file of a successful program."""
        return [*result_files.list_statistics(identity, query["keys"])]


@result_ns.route("/cells")
class Cells(Resource):
    @result_ns.may_answer(404)
    @result_ns.require()
    @result_ns.takes(SsxWebservicesRunQuery, query=True)
    @result_ns.returns(SsxWebservicesCellsSchema)
    def get(self, identity, query):
        """Show the unit cells of a run."""
        for cells in result_files.list_cells(identity, [query["dataCollectionId"]]):
            return {"unit_cells": cells}
        raise NotFound("no file with unit cells")


@result_ns.route("/cells/histogram")
class Histograms(Resource):
    @result_ns.require()
    @result_ns.takes(SsxWebservicesRunsQuery, query=True)
    @result_ns.returns(SsxWebservicesHistogramsSchema)
    def get(self, identity, query):
        """Show histograms of the unit cells of all runs together, without outliers."""
        parts = result_files.list_cells(identity, query["keys"])
        cells = numpy.concatenate(parts) if parts else numpy.empty((0, 6))
        histograms = {
            name: _show(build_histogram(cells[:, at]))
            for at, name in enumerate(result_files.PARAMETERS)
        }
        return {**histograms, "dataCollectionIds": query["keys"]}


@chain_ns.route("")
class EventChains(Resource):
    @chain_ns.require()
    @chain_ns.takes(SsxWebservicesEventChainsQuery, query=True)
    @chain_ns.returns(SsxWebservicesChainListSchema)
    def get(self, identity, query):
        """List event chains with their events."""
        page = event_chains.list_(identity, {**query, "fields": READ})
        counts = {name: page[name] for name in ("total", "skip", "limit")}
        return {**counts, "results": [_build_chain(row) for row in page["results"]]}


def _show(histogram: dict | None) -> dict | None:
    return histogram and {name: histogram[name] for name in ("x", "y", "median")}


def _build_chain(row: dict) -> dict:
    """An event chain without the nulls of the native one ``row``."""
    chain = {name: value for name, value in row.items() if name != "Event"}
    link = {"eventChainId": row["eventChainId"]}
    return {**_drop_nulls(chain), "events": [{**_drop_nulls(e), **link} for e in row["Event"]]}


def _drop_nulls(row: dict) -> dict:
    return {name: value for name, value in row.items() if value is not None}
