"""Merged results of runs as one table: series of doses, delays or reaction times."""

from services.ssx.models import SSXDataCollection
from services.ssx.schemas.merged_results import SCOPES, MergedRunSchema, ScalingSchema
from shared import names, processing_rules, read, visibility
from shared.errors import BadInput
from shared.identity import Identity

RUNS = "SSXDataCollection"


def list_(identity: Identity, query: dict) -> dict:
    """One page of the visible scalings of serial data, each with the runs that it merges.

    BadInput without a proposal, a session, a group or runs.
    """
    query, _ = processing_rules.resolve(identity, ScalingSchema, query)
    if "session" in query:
        query["sessionId"] = names.session_key(identity, query.pop("session"))
    if not {*SCOPES, "sessionId"} & query.keys():
        reason = f"this is needed, or {' or '.join(SCOPES[1:])}"
        raise BadInput("invalid input", {SCOPES[0]: [reason]})
    rule = processing_rules.choose_scalings(identity, query)
    page = read.page(ScalingSchema, rule, query)
    links = {key for row in page["results"] for key in _list_keys(row)}
    visible = visibility.rule(identity, SSXDataCollection)
    runs = read.some(MergedRunSchema, visible, dataCollectionId__in=[*links]) if links else []
    by_key = {run["dataCollectionId"]: run for run in runs}
    for row in page["results"]:
        if RUNS in row:
            row[RUNS] = [by_key[key] for key in _list_keys(row) if key in by_key]
    return page


def _list_keys(row: dict) -> list[int]:
    """The keys of the visible data collections that a scaling uses."""
    links = (link["AutoProcIntegration"] for link in row.get(RUNS, ()))
    return sorted({link["dataCollectionId"] for link in links if link})
