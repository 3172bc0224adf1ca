"""Results of processing, stored whole by the service, and row by row as pipelines do it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import orjson
from sqlalchemy import create_engine, insert, inspect

from bench.pages import caller
from services.core.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
)
from services.core.modules.processing import results
from services.core.schemas.processing.results import SHELLS, ResultSchema
from shared.db import db, engine_options, in_transaction
from shared.models import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcProgramMessage,
    DataCollection,
    DataCollectionGroup,
)

ZOCALO = caller("zocalo", None, "processing_write", "all_sessions")
QUERY = {"force": False}
LOADED = ResultSchema()
FIRST = datetime(2024, 5, 1)
COLLECTIONS = 100
ROUNDS, DOCUMENTS = 6, 100
FILES = 6  # attachments of a result
CELL = {"a": 78.2, "b": 78.2, "c": 37.1, "alpha": 90.0, "beta": 90.0, "gamma": 90.0}
NUMBERS = {
    "resolutionLimitLow": 39.1,
    "resolutionLimitHigh": 1.5,
    "rMerge": 0.051,
    "rMeasAllIPlusIMinus": 0.055,
    "rPimAllIPlusIMinus": 0.02,
    "nTotalObservations": 412000,
    "nTotalUniqueObservations": 38000,
    "meanIOverSigI": 18.2,
    "completeness": 99.1,
    "multiplicity": 12.2,
    "ccHalf": 0.999,
}


def fill(uri: str) -> None:
    """Add data collections for the results, in session 1."""
    engine = create_engine(uri, **engine_options(uri, 1))
    group = {"dataCollectionGroupId": 1}
    many = [{"dataCollectionId": n, **group} for n in range(1, COLLECTIONS + 1)]
    with engine.begin() as connection:
        connection.execute(insert(DataCollectionGroup.__table__), [{**group, "sessionId": 1}])
        connection.execute(insert(DataCollection.__table__), many)
    engine.dispose()


def document(number: int) -> dict:
    """The result of the run with this number."""
    start = FIRST + timedelta(seconds=number)
    integration = {"dataCollectionId": number % COLLECTIONS + 1, "startImageNumber": 1}
    integration |= {"endImageNumber": 1800, **{f"cell_{n}": v for n, v in CELL.items()}}
    statistics = [{"scalingStatisticsType": shell, **NUMBERS} for shell in SHELLS]
    return {
        "program": {
            "processingPrograms": "autoPROC 1.0.5",
            "processingCommandLine": "process -I /data/raw -d /data/processed",
            "processingStatus": 1,
            "processingMessage": "processing successful",
            "processingStartTime": start.isoformat(),
            "processingEndTime": (start + timedelta(minutes=14)).isoformat(),
        },
        "attachments": [
            {"fileType": "Log", "fileName": f"{n}.html", "filePath": f"/data/processed/{number}"}
            for n in range(FILES)
        ],
        "messages": [{"severity": "WARNING", "message": "Possible ice rings"}],
        "autoProc": {
            "spaceGroup": "P 43 21 2",
            **{f"refinedCell_{name}": value for name, value in CELL.items()},
            "scalings": [{"statistics": statistics, "integrations": [integration]}],
        },
    }


def whole(body: bytes) -> bytes:
    """Store a result as the service does: checked, in one transaction, with its answer."""

    def work():
        return results.put(ZOCALO, LOADED.load(orjson.loads(body)), QUERY)[0]

    return orjson.dumps(in_transaction(work))


def by_rows(body: bytes) -> None:
    """Store a result as pipelines do: each row in a transaction of its own, unchecked."""
    document = orjson.loads(body)
    program = document["program"]
    for name in ("processingStartTime", "processingEndTime"):
        program[name] = datetime.fromisoformat(program[name])
    of = {"autoProcProgramId": _row(AutoProcProgram, program)}
    for file in document["attachments"]:
        _row(AutoProcProgramAttachment, {**file, **of})
    for message in document["messages"]:
        _row(AutoProcProgramMessage, {**message, **of})
    (scaling,) = document["autoProc"].pop("scalings")
    scaled = {"autoProcId": _row(AutoProc, {**document["autoProc"], **of})}
    above = {"autoProcScalingId": _row(AutoProcScaling, scaled)}
    for shell in scaling["statistics"]:
        _row(AutoProcScalingStatistics, {**shell, **above})
    for integration in scaling["integrations"]:
        key = _row(AutoProcIntegration, {**integration, **of})
        _row(AutoProcScalingHasInt, {**above, "autoProcIntegrationId": key})


def _row(model: Any, values: dict) -> int:
    """Store one row, and return its key."""
    row = model(**values)
    db.session.add(row)
    db.session.commit()
    return inspect(row).mapper.primary_key_from_instance(row)[0]


def rates() -> Iterator[str]:
    """Documents per second of both ways; rounds alternate, the best of each counts."""
    best, number = {"row by row": 0.0, "whole": 0.0}, 0
    for _ in range(ROUNDS):
        for name, work in (("row by row", by_rows), ("whole", whole)):
            bodies = [orjson.dumps(document(number + n)) for n in range(DOCUMENTS)]
            number += DOCUMENTS
            begin = perf_counter()
            for body in bodies:
                work(body)
            best[name] = max(best[name], DOCUMENTS / (perf_counter() - begin))
    rows = 1 + FILES + 1 + 1 + 1 + len(SHELLS) + 2
    yield "| way | transactions | documents per second | ratio |"
    yield "|---|---|---|---|"
    for name, rate in best.items():
        each = 1 if name == "whole" else rows
        yield f"| {name} | {each} | {rate:.0f} | {rate / best['row by row']:.1f} |"
