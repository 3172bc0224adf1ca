"""Statistics of the images of serial runs, and histograms of their unit cells."""

from collections.abc import Sequence
from typing import Any

import numpy
from sqlalchemy import ColumnElement, Row, Select, bindparam, select

from services.ssx.models import SSXDataCollection
from services.ssx.modules import image_totals, result_files
from services.ssx.modules.histograms import build_histogram
from services.ssx.modules.image_blocks import GRID
from services.ssx.schemas.images import CELL
from services.ssx.schemas.statistics import FROM_FILE, FROM_IMAGES, MOST_RUNS
from shared import names, visibility
from shared.db import db
from shared.errors import BadInput, not_found
from shared.identity import Identity
from shared.models import DataCollection, DataCollectionGroup
from shared.service_tables import SerialTotals
from shared.statements import cache_statements

SUMS = ("images", "hits", "indexed", "spots", "spotted", "resolution", "resolved")
COLUMNS = (*SUMS, "bestResolution", "medians")


def get(identity: Identity, run_id: int) -> dict:
    """The statistics of a visible run."""
    rows = _list_rows(identity, COLUMNS, {"dataCollectionId__in": [run_id]})
    if not rows:
        raise not_found(SSXDataCollection)
    run = _describe_run(rows[0])
    return run if run["images"] else run | _read_file(identity, run_id)


def list_(identity: Identity, query: dict) -> dict:
    """The statistics of each visible run of a group or session, or by key, and of all together."""
    values = dict(query)
    if "session" in values:
        values["session"] = names.session_key(identity, values["session"])
    rows = _list_rows(identity, COLUMNS, values)
    if len(rows) > MOST_RUNS:
        raise BadInput(f"more than {MOST_RUNS} runs: name them by dataCollectionId__in")
    return {"runs": [_describe_run(row) for row in rows], "sum": _describe(rows)}


def list_histograms(identity: Identity, run_ids: Sequence[int], bins: int) -> dict:
    """The histograms of the unit cells of the visible ones of several runs together.

    The cells of a run without images are those in the newest file of a pipeline.
    """
    rows = _list_rows(identity, ("histograms",), {"dataCollectionId__in": [*run_ids]})
    counters = image_totals.merge_cells([row.histograms for row in rows if row.histograms])
    without = [row.dataCollectionId for row in rows if not row.histograms]
    files = result_files.list_cells(identity, without) if without else []
    histograms: dict[str, Any] = {}
    for column, name in enumerate(CELL):
        values, counts = counters[name].values / GRID, counters[name].counts
        if files:
            parts = [numpy.repeat(values, counts), *(cells[:, column] for cells in files)]
            histograms[name] = build_histogram(numpy.concatenate(parts), bins)
        else:
            histograms[name] = build_histogram(values, bins, counts)
    return {**histograms, "dataCollectionIds": [row.dataCollectionId for row in rows]}


def get_histograms(identity: Identity, run_id: int, bins: int) -> dict:
    """The histograms of the unit cells of a visible run."""
    histograms = list_histograms(identity, [run_id], bins)
    if not histograms["dataCollectionIds"]:
        raise not_found(SSXDataCollection)
    return histograms


def divide(part: float, whole: int) -> float | None:
    """``part / whole``, or None without a whole."""
    return part / whole if whole else None


def _describe_run(row: Row) -> dict:
    medians = row.medians or {}
    cell = {name: medians.get(name) for name in CELL}
    return {
        "dataCollectionId": row.dataCollectionId,
        **_describe([row]),
        "medianResolution": medians.get("resolution"),
        "source": FROM_IMAGES,
        "estimatedResolution": None,
        "medianCell": cell if any(value is not None for value in cell.values()) else None,
    }


def _read_file(identity: Identity, run_id: int) -> dict:
    """The statistics of a run in the newest file of a pipeline, if there is one."""
    for numbers in result_files.list_statistics(identity, [run_id]):
        statement = select(DataCollection.numberOfImages).filter_by(dataCollectionId=run_id)
        images = db.session.scalar(statement) or 0
        return {
            "source": FROM_FILE,
            "images": images,
            "hits": numbers["nbHits"],
            "indexed": numbers["nbIndexed"],
            "hitRate": divide(numbers["nbHits"], images),
            "indexRate": divide(numbers["nbIndexed"], numbers["nbHits"]),
            "estimatedResolution": numbers["estimatedResolution"],
        }
    return {}


def _describe(rows: Sequence[Row]) -> dict:
    """The statistics of several runs together."""
    sums = {name: sum(getattr(row, name) or 0 for row in rows) for name in SUMS}
    best = [row.bestResolution for row in rows if row.bestResolution is not None]
    return {
        **{name: sums[name] for name in ("images", "hits", "indexed")},
        "hitRate": divide(sums["hits"], sums["images"]),
        "indexRate": divide(sums["indexed"], sums["hits"]),
        "meanSpots": divide(sums["spots"], sums["spotted"]),
        "meanResolution": divide(sums["resolution"] / GRID, sums["resolved"]),
        "bestResolution": min(best) / GRID if best else None,
    }


def _list_rows(identity: Identity, columns: tuple[str, ...], values: dict) -> Sequence[Row]:
    """The key of each visible run, and those columns of its totals, which are null if it has none.

    ``values`` has the value of the condition on the runs.
    """
    rule = visibility.rule(identity, SSXDataCollection)
    (name,) = values
    statement = _select(rule.condition, columns, name)
    return db.session.execute(statement, {**rule.values, **values}).all()


@cache_statements(64)
def _select(visible: ColumnElement[bool], columns: tuple[str, ...], name: str) -> Select:
    key = SSXDataCollection.dataCollectionId
    totals = SerialTotals.dataCollectionId == key
    statement = select(key, *(getattr(SerialTotals, column) for column in columns))
    statement = statement.select_from(SSXDataCollection).outerjoin(SerialTotals, totals)
    if name == "dataCollectionId__in":
        condition: Any = key.in_(bindparam(name, expanding=True))
    else:
        statement = statement.join(DataCollection, DataCollection.dataCollectionId == key)
        condition = DataCollection.dataCollectionGroupId == bindparam(name)
        if name == "session":
            statement = statement.join(DataCollectionGroup)
            condition = DataCollectionGroup.sessionId == bindparam(name)
    return statement.where(visible, condition).order_by(key).limit(MOST_RUNS + 1)
