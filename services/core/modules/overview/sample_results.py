"""The samples of a shipment or container, each with the best result of what was measured on it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from services.core.modules.processing.result_tables import choose_best
from services.core.modules.shipping.containers import containers
from services.core.modules.shipping.shipments import shipments
from services.core.schemas.overview.sample_results import SampleResultSchema, SampleRowSchema
from shared import access, read
from shared.identity import Identity

BEST = "AutoProcScaling"
FIELDS = ("autoProcScalingId", "AutoProc", "AutoProcScalingStatistics")


def list_of_shipment(identity: Identity, key: int, query: dict) -> dict:
    """One page of the visible samples in the containers of the dewars of a visible shipment."""
    shipments.check_visible(identity, key)
    return _list(identity, {**query, "shipment": key})


def list_of_container(identity: Identity, key: int, query: dict) -> dict:
    """One page of the visible samples in a visible container."""
    containers.check_visible(identity, key)
    return _list(identity, {**query, "parent": key})


def _list(identity: Identity, query: dict) -> dict:
    """One page of samples; the best results of all its samples are chosen at once."""
    names = query["fields"]
    read.check_paths(SampleResultSchema(), names)
    columns = [name for name in names if name.partition(".")[0] != BEST]
    query = {**query, "fields": ("blSampleId", *columns) if names else ()}
    page = read.page(SampleRowSchema, access.samples(identity), query)
    rows = page["results"]
    if rows and (not names or len(columns) < len(names)):
        best = _choose_best(identity, [row["blSampleId"] for row in rows])
        rows = [{**row, BEST: best.get(row["blSampleId"])} for row in rows]
    return {**page, "results": [_select(row, names) for row in rows]}


def _choose_best(identity: Identity, sample_ids: list[int]) -> dict[int, dict]:
    """The best results by the keys of their samples, each with its statistics overall."""
    results = {}
    for best in choose_best(identity, {"blSampleId__in": sample_ids}, "sample", fields=FIELDS):
        row = best[BEST]
        (shell,) = (
            each
            for each in row["AutoProcScalingStatistics"]
            if each["scalingStatisticsType"] == "overall"
        )
        results[best["blSampleId"]] = {
            **row,
            "AutoProcScalingStatistics": shell,
        }
    return results


def _select(value: Any, paths: Iterable[str]) -> Any:
    """The parts of ``value`` that dotted ``paths`` name; without any, or if it is null, itself."""
    if value is None or not paths:
        return value
    below: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        name, _, rest = path.partition(".")
        below[name] += [rest] if rest else []
    return {name: _select(value[name], rests) for name, rests in below.items()}
