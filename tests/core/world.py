"""The rows of core in the world of the matrix, see tests/world.py."""

from datetime import datetime, timedelta

from services.core import models as core
from shared import models
from shared.service_tables import SampleGroupPerson

KEY, AT = 900, datetime(2024, 5, 1, 12)  # of the rows of others
OURS = 800  # the key of rows of the caller beside them
PAIRS = {"ProposalHasPerson"}
SHARED = {"BLSampleImageScore", "ContainerType", "Imager", "InspectionType"}
SHELLS = ("overall", "innerShell", "outerShell")
ONLY = {  # by column
    "processingStatus": 1,
    "phasingStatus": 1,
    "scanParameters": '{"axis": "omega"}',
    "strategyOption": "{}",
    "extra": "{}",
    "content": {},
}


def rows(key):
    """Rows ``key``: of proposal, session, group, data collection, program ``key``."""
    group = {"dataCollectionGroupId": key}
    region = {"xrfFluorescenceMappingROIId": key}
    return [
        core.RobotAction(robotActionId=key, sessionId=key),
        core.EnergyScan(energyScanId=key, sessionId=key),
        core.XFEFluorescenceSpectrum(xfeFluorescenceSpectrumId=key, sessionId=key),
        core.XRFFluorescenceMappingROI(**region, startEnergy=1, endEnergy=2),
        core.XRFFluorescenceMapping(
            xrfFluorescenceMappingId=key, gridInfoId=key, **region, dataFormat="json", data=b"[]"
        ),
        core.Screening(screeningId=key, dataCollectionId=key),
        core.ScreeningOutput(screeningOutputId=key, screeningId=key),
        core.ScreeningStrategy(screeningStrategyId=key, screeningOutputId=key),
        core.ScreeningStrategyWedge(screeningStrategyWedgeId=key, screeningStrategyId=key),
        core.ScreeningStrategySubWedge(
            screeningStrategySubWedgeId=key, screeningStrategyWedgeId=key
        ),
        core.XrayCentring(xrayCentringId=key, **group),
        core.AutoProc(autoProcId=key, autoProcProgramId=key),
        core.AutoProcScaling(autoProcScalingId=key, autoProcId=key),
        models.ContainerType(containerTypeId=key, name=f"type {key}", capacity=16),
        core.LabContact(
            labContactId=key, personId={1: 1, 2: 6}[key], cardName="card", proposalId=key
        ),
    ]


def extras(folder):
    """Rows 7 of session 1, with a file of ``folder`` in each column that names one.

    Group 7 is shared with person 2 only; sample 7 is in no group.
    """
    path = folder / "a.jpeg"
    path.write_bytes(b"jpeg")
    file, collection, program = str(path), {"dataCollectionId": 7}, {"autoProcProgramId": 7}
    folder_and_name = {"filePath": str(folder), "fileName": path.name}
    return [
        models.BLSample(blSampleId=7, crystalId=1),
        models.BLSampleGroup(blSampleGroupId=7, proposalId=1, ownerId=1),
        SampleGroupPerson(blSampleGroupId=7, personId=2),
        models.DataCollectionGroup(
            dataCollectionGroupId=7, sessionId=1, xtalSnapshotFullPath=file
        ),
        models.DataCollection(**collection, dataCollectionGroupId=7, xtalSnapshotFullPath1=file),
        models.DataCollectionFileAttachment(
            **collection, dataCollectionFileAttachmentId=7, fileFullPath=file
        ),
        core.Image(imageId=7, **collection, imageNumber=1, jpegFileFullPath=file),
        core.RobotAction(robotActionId=7, sessionId=1, xtalSnapshotBefore=file),
        core.EnergyScan(energyScanId=7, sessionId=1, scanFileFullPath=file),
        core.XFEFluorescenceSpectrum(
            xfeFluorescenceSpectrumId=7, sessionId=1, scanFileFullPath=file
        ),
        models.ProcessingJob(processingJobId=7, **collection),
        models.AutoProcProgram(**program, processingJobId=7),
        models.AutoProcProgramAttachment(
            autoProcProgramAttachmentId=7, **program, **folder_and_name
        ),
        core.AutoProcIntegration(autoProcIntegrationId=1, dataCollectionId=1, autoProcProgramId=1),
        core.AutoProc(autoProcId=7, **program),
        core.AutoProcScaling(autoProcScalingId=7, autoProcId=7),
        core.MXMRRun(mxMRRunId=7, autoProcScalingId=7, **program),
        core.MXMRRunBlob(mxMRRunBlobId=7, mxMRRunId=7, filePath=str(folder), view1=path.name),
        core.PhasingProgramRun(phasingProgramRunId=7),
        core.PhasingStep(phasingStepId=7, programRunId=7, autoProcScalingId=7),
        core.PhasingProgramAttachment(
            phasingProgramAttachmentId=7, phasingProgramRunId=7, **folder_and_name
        ),
    ]


def closed():
    """Rows of a sample of proposal 1 and session 1 that is shared with the leader only."""
    times = {"startTime": AT, "endTime": AT}
    session, sample, group = {"sessionId": 1}, {"blSampleId": KEY}, {"blSampleGroupId": KEY}
    collection, program = {"dataCollectionId": KEY}, {"autoProcProgramId": KEY}
    yield models.DiffractionPlan(diffractionPlanId=KEY, presetForProposalId=1)
    yield models.BLSample(
        **sample, crystalId=1, containerId=1, diffractionPlanId=KEY, name="closed", code="SECRET"
    )
    yield models.BLSubSample(blSubSampleId=KEY, **sample)
    yield models.BLSampleImage(blSampleImageId=KEY, **sample)
    yield models.BLSampleGroup(**group, proposalId=1, ownerId=1, name="closed")
    yield models.BLSampleGroupHasBLSample(**group, **sample)
    yield models.BLSampleGroupHasBLSample(blSampleGroupId=1, **sample)
    yield SampleGroupPerson(**group, personId=1)
    yield models.DataCollectionGroup(
        dataCollectionGroupId=KEY, **session, **sample, experimentType="SAD", **times
    )
    yield models.DataCollection(
        **collection,
        dataCollectionGroupId=KEY,
        **times,
        wavelength=1,
        numberOfImages=7,
        runStatus="failed",
    )
    yield models.GridInfo(gridInfoId=KEY, dataCollectionGroupId=KEY)
    yield core.Image(imageId=KEY, **collection, imageNumber=1)
    yield core.RobotAction(
        robotActionId=KEY,
        **session,
        **sample,
        actionType="LOAD",
        status="ERROR",
        startTimestamp=AT,
    )
    yield core.EnergyScan(energyScanId=KEY, **session, **sample, **times)
    yield core.XFEFluorescenceSpectrum(xfeFluorescenceSpectrumId=KEY, **session, **sample, **times)
    yield core.Screening(screeningId=KEY, **collection)
    yield core.XrayCentring(xrayCentringId=KEY, dataCollectionGroupId=KEY)
    for job, main, swept in ((KEY, KEY, 1), (KEY + 1, 1, KEY)):  # one way and the other
        yield models.ProcessingJob(processingJobId=job, dataCollectionId=main)
        yield models.ProcessingJobImageSweep(
            processingJobImageSweepId=job, processingJobId=job, dataCollectionId=swept
        )
    yield models.AutoProcProgram(**program, processingJobId=KEY)
    yield models.AutoProcProgramAttachment(autoProcProgramAttachmentId=KEY, **program)
    yield core.AutoProcIntegration(autoProcIntegrationId=KEY, **collection, **program)
    yield core.AutoProc(autoProcId=KEY, **program)
    yield core.AutoProcScaling(autoProcScalingId=KEY, autoProcId=KEY)
    yield core.AutoProcScalingHasInt(
        autoProcScaling_has_IntId=KEY, autoProcScalingId=KEY, autoProcIntegrationId=KEY
    )


def varied():
    """Rows for filters by name and by time: proposals mx101 and mx102, sessions of today, of the
    next days and of 2023, a sample that beamline i03 may load, and more below group 3 of samples.
    """
    now, day = datetime.now().replace(microsecond=0), timedelta(days=1)
    for key in (101, 102):
        yield models.Proposal(
            proposalId=key, personId=1, proposalCode="mx", proposalNumber=str(key)
        )
    starts = {101: now, 102: now + 3 * day, 103: datetime(2023, 4, 20, 9), 104: now, 105: now}
    for key, start in starts.items():
        times, beamline = {"startDate": start, "endDate": start + day / 24}, "i03"
        if key == 105:
            beamline = "i04"
        yield models.BLSession(
            sessionId=key, proposalId=101, visit_number=key, beamLineName=beamline, **times
        )
    ready = {"beamlineLocation": "i03", "containerStatus": "processing"}
    yield models.Container(containerId=101, sessionId=101, **ready)
    yield models.BLSample(blSampleId=101, containerId=101)
    for key in (102, 103, 104):  # in the container of paths
        texts = {name: f"{key}" for name in ("location", "name", "code", "blSampleStatus")}
        yield models.BLSample(blSampleId=key, containerId=3, subLocation=key, **texts)
    yield from (SampleGroupPerson(blSampleGroupId=3, personId=key) for key in (1, 2))


def mixed(beamline):
    """Rows of others with keys from ``KEY`` on, mixed with row 1 wherever the database lets."""
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
        sessionId=KEY,
        blSampleId=1,
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
        robotActionId=OURS, sessionId=1, blSampleId=KEY, startTimestamp=AT, endTimestamp=AT
    )
    yield core.Screening(screeningId=KEY, **collection)
    yield core.XrayCentring(xrayCentringId=KEY, **group)
    yield core.XrayCentringResult(xrayCentringResultId=KEY, xrayCentringId=KEY, **sample)
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
