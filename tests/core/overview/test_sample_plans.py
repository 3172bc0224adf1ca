"""MariaDB plans the statements of a shipment of 256 samples without scanning a table."""

import pytest
from sqlalchemy import event, insert, text
from sqlalchemy.engine import Engine

from shared import models
from tests.core.conftest import ALICE
from tests.core.processing_rows import SHELLS, URL

pytestmark = pytest.mark.mariadb
SAMPLES, SHIPMENTS = 256, 16  # of mx1 and mx2 in turn; each sample has a collection and a result
PUCK = 16  # samples in a container
FIRST = 1000  # key
LARGE = 1000  # rows of a table that is not to be scanned


def build_rows():
    """The rows of each table, parents first."""
    keys = range(FIRST, FIRST + SAMPLES * SHIPMENTS)
    shipments = {key: FIRST + (key - FIRST) // SAMPLES for key in keys}
    pucks = {key: FIRST + (key - FIRST) // PUCK for key in keys}
    own = {key: 1 + shipments[key] % 2 for key in keys}
    sessions = {1: 11, 2: 21}
    numbers = sorted({*shipments.values()})
    yield models.Shipping, [{"shippingId": key, "proposalId": 1 + key % 2} for key in numbers]
    yield models.Dewar, [{"dewarId": key, "shippingId": key} for key in numbers]
    yield models.Container, [
        {"containerId": puck, "dewarId": shipment}
        for puck, shipment in sorted({(pucks[key], shipments[key]) for key in keys})
    ]
    yield models.Crystal, [{"crystalId": key, "proteinId": own[key]} for key in keys]
    yield models.BLSample, [
        {"blSampleId": key, "crystalId": key, "containerId": pucks[key]} for key in keys
    ]
    yield models.DataCollectionGroup, [
        {"dataCollectionGroupId": key, "sessionId": sessions[own[key]], "blSampleId": key}
        for key in keys
    ]
    yield models.DataCollection, [
        {"dataCollectionId": key, "dataCollectionGroupId": key} for key in keys
    ]
    yield models.ProcessingJob, [{"processingJobId": key, "dataCollectionId": key} for key in keys]
    yield models.AutoProcProgram, [
        {"autoProcProgramId": key, "processingJobId": key} for key in keys
    ]
    yield models.AutoProcProgramAttachment, [
        {"autoProcProgramAttachmentId": key, "autoProcProgramId": key} for key in keys
    ]
    yield models.AutoProcIntegration, [
        {"autoProcIntegrationId": key, "dataCollectionId": key, "autoProcProgramId": key}
        for key in keys
    ]
    yield models.AutoProc, [{"autoProcId": key, "autoProcProgramId": key} for key in keys]
    yield models.AutoProcScaling, [{"autoProcScalingId": key, "autoProcId": key} for key in keys]
    yield models.AutoProcScalingHasInt, [
        {"autoProcScalingId": key, "autoProcIntegrationId": key} for key in keys
    ]
    yield models.AutoProcScalingStatistics, [
        {"autoProcScalingId": key, "scalingStatisticsType": shell, "rMerge": 0.1}
        for key in keys
        for shell in SHELLS
    ]


PATHS = (
    *("shipments", f"shipments/{FIRST}", f"shipments/{FIRST}/results?limit=500"),
    *("containers", f"containers/{FIRST}", f"containers/{FIRST}/results"),
    f"samples/{FIRST}/lineage",
    *(f"{name}?blSampleId={FIRST}" for name in ("autoproc", "autoproc/programs")),
    f"autoproc/programs/attachments?blSampleId={FIRST}",
    f"autoproc/results/{FIRST}",
)


def explain(engine, statements):
    """The scans of large tables in the plans of ``statements``."""
    with engine.connect() as connection:
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).mappings()
            for step in plan:
                derived = f"{step['table']}".startswith("<")
                scanned = step["type"] in ("ALL", "index") and not derived
                if scanned and int(step["rows"]) >= LARGE:
                    yield f"{step['table']}, {step['rows']} rows: {statement}"


def test_no_table_is_scanned(stock, engine, as_):
    with engine.begin() as connection:
        for model, rows in build_rows():
            connection.execute(insert(model), rows)
        for model, _ in build_rows():
            connection.execute(text(f"ANALYZE TABLE {model.__tablename__}"))
    ran = []

    def note(connection, cursor, statement, parameters, *_):
        if statement.startswith("SELECT"):
            ran.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for client in (as_("alice", ALICE), as_("staff", 9, "mx_admin")):
            for path in PATHS:
                answer = client.get(f"{URL}/{path}")
                assert answer.status_code == 200, answer.text
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(ran) > 100 and not [*explain(engine, ran)]
