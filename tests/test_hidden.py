"""What is hidden changes no answer: neither rows nor counts, sums, errors or tags tell of it.

Every GET is asked, with every filter that names a row, while there are rows of others, which are
mixed with the caller's wherever the database allows, and again when they are gone.
"""

from datetime import datetime

import pytest
from sqlalchemy import delete, or_

from services.core import models as core
from services.em.models import Atlas
from shared import models
from shared.db import Base
from tests.conftest import unchecked
from tests.operations import filled, names
from tests.test_matrix import MATRIX, PATHS, QUERIES, ROLES, ROW_1

KEY = 900  # and more: of rows of others, as is 2
OURS = 800  # of rows of the caller beside them
SHARED = {"BeamLineSetup", "Detector", "Laboratory", "Permission", "Person", "UserGroup"}
AT = datetime(2024, 5, 1, 12)
SHELLS = ("overall", "innerShell", "outerShell")
# The beamline where the hidden session was.
CALLERS = {"leader": "i03", "on session": "i03", "reading program": "m02"}
TEXTS = {
    "beamLineName": ("i03", "m02"),
    "beamlineName": ("i03", "m02"),
    "proposal": ("mx1", "mx2", "2"),
    "session": ("mx1-1", "mx2-1", "mx2-9", "2"),
    "search": ("e",),
}


def mixed(beamline):
    """A session of others, and what it has in common with row 1 of the matrix's world."""
    times = {"startTime": AT, "endTime": AT}
    session, sample = {"sessionId": KEY}, {"blSampleId": 1}
    group, collection = {"dataCollectionGroupId": KEY}, {"dataCollectionId": KEY}
    program, result = {"autoProcProgramId": KEY}, {"autoProcScalingId": KEY}
    yield models.BLSession(
        **session, proposalId=2, beamLineName=beamline, visit_number=9, startDate=AT, endDate=AT
    )
    yield models.SessionHasPerson(**session, personId=7)
    yield models.ProposalHasPerson(proposalHasPersonId=KEY, proposalId=2, personId=7)
    yield models.DiffractionPlan(diffractionPlanId=KEY, presetForProposalId=2)
    yield models.BLSample(blSampleId=KEY, crystalId=2, containerId=1)
    yield models.DataCollectionGroup(**group, **session, **sample, experimentType="SAD", **times)
    yield models.DataCollection(
        **collection, **group, **times, wavelength=1, numberOfImages=7, runStatus="failed"
    )
    yield models.GridInfo(gridInfoId=KEY, **group)
    yield core.RobotAction(
        robotActionId=KEY,
        blsessionId=KEY,
        blsampleId=1,
        actionType="LOAD",
        status="ERROR",
        startTimestamp=AT,
    )
    yield core.EnergyScan(energyScanId=KEY, **session, **sample, **times)
    yield core.XFEFluorescenceSpectrum(xfeFluorescenceSpectrumId=KEY, **session, **sample, **times)
    yield models.Container(containerId=KEY, sessionId=KEY, code="SECRET")
    yield models.BLSample(
        blSampleId=OURS, crystalId=1, containerId=KEY, diffractionPlanId=KEY, name="ours"
    )
    yield models.DataCollectionGroup(
        dataCollectionGroupId=OURS, sessionId=1, blSampleId=KEY, **times
    )
    yield models.DataCollection(dataCollectionId=OURS, dataCollectionGroupId=OURS, **times)
    yield core.RobotAction(
        robotActionId=OURS, blsessionId=1, blsampleId=KEY, startTimestamp=AT, endTimestamp=AT
    )
    yield core.Screening(screeningId=KEY, **collection)
    yield core.XrayCentring(xrayCentringId=KEY, **group)
    yield core.XrayCentringResult(xrayCentringResultId=KEY, xrayCentringId=KEY, **sample)
    yield Atlas(atlasId=KEY, atlasImage="a.jpg", pixelSize=1, **group)
    for job, main, swept in ((KEY, KEY, 1), (KEY + 1, 1, KEY)):  # one way and the other
        yield models.ProcessingJob(processingJobId=job, dataCollectionId=main)
        yield models.ProcessingJobImageSweep(
            processingJobImageSweepId=job, processingJobId=job, dataCollectionId=swept
        )
        yield models.AutoProcProgram(
            autoProcProgramId=job, processingJobId=job, processingStatus=1
        )
        yield models.AutoProcProgramAttachment(
            autoProcProgramAttachmentId=job, autoProcProgramId=job, fileName="a", filePath="/data"
        )
    yield core.AutoProc(autoProcId=KEY, **program, spaceGroup="P 1")
    yield core.AutoProcScaling(**result, autoProcId=KEY)
    for at, shell in enumerate(SHELLS, KEY):
        yield core.AutoProcScalingStatistics(
            autoProcScalingStatisticsId=at,
            **result,
            scalingStatisticsType=shell,
            rMerge=0.01,
            completeness=99,
        )
    yield models.AutoProcProgram(autoProcProgramId=KEY + 2, processingJobId=1)
    yield core.AutoProcIntegration(
        autoProcIntegrationId=KEY + 2, autoProcProgramId=KEY + 2, dataCollectionId=KEY
    )
    yield core.Screening(screeningId=KEY + 1, autoProcProgramId=1, **collection)
    yield core.MXMRRun(mxMRRunId=KEY, autoProcProgramId=1, **result)
    for at, of in ((KEY, 1), (KEY + 1, KEY)):
        integration = {"autoProcIntegrationId": at}
        yield core.AutoProcIntegration(**integration, **program, dataCollectionId=of)
        yield core.AutoProcScalingHasInt(autoProcScaling_has_IntId=at, **result, **integration)


def remove(engine):
    """Delete what belongs to others."""
    with unchecked(engine) as connection:
        for table in Base.metadata.sorted_tables:
            if table.name not in SHARED:
                numbers = [key for key in table.primary_key if key.type.python_type is int]
                hidden = (or_(key == 2, key >= KEY) for key in numbers)
                connection.execute(delete(table).where(or_(*hidden)))


def questions(name, operation):
    """The queries of an operation: none, and one for each filter that might tell of a row."""
    least = QUERIES.get(name, {})
    yield least
    for parameter in sorted(names(operation, "query")):
        if parameter.endswith(("Id", "Ids", "_id")):
            yield from ({**least, parameter: key} for key in (2, KEY))
        yield from ({**least, parameter: word} for word in TEXTS.get(parameter, ()))
        if parameter == "limit":
            yield {**least, parameter: 1}


@pytest.fixture
def answers(built, operations, token):
    """``answers(role)`` are those to all questions."""

    def ask(role):
        who, claims = ROLES[role]
        headers, found = {"Authorization": f"Bearer {token(*who, **claims)}"}, {}
        for name in (name for name in MATRIX if name.startswith("get") and "/auth" not in name):
            service, path, operation = operations[name]
            client = built(service).test_client()
            values = dict.fromkeys(names(operation, "path"), 1)
            values |= {key: value for key, value in ROW_1.items() if key in values}
            path = filled(path, values | PATHS.get(name, {}))
            for query in questions(name, operation):
                answer = client.get(path, query_string=query, headers=headers)
                text = answer.data.replace(answer.headers["X-Request-ID"].encode(), b"")
                text = text if answer.mimetype != "application/zip" else len(text)  # has a clock
                found[path, *query.items()] = answer.status_code, answer.headers.get("ETag"), text
        return found

    return ask


@pytest.mark.parametrize("role", CALLERS)
def test_what_is_hidden_changes_no_answer(world, add, answers, engine, role):
    world()
    add(*mixed(CALLERS[role]))
    before = answers(role)
    remove(engine)
    after = answers(role)
    assert sum(status == 200 for status, *_ in before.values()) > 100
    assert before.keys() == after.keys()
    assert not [(key, before[key], after[key]) for key in before if before[key] != after[key]]
