"""The small world of the matrix: rows 1 and 2 of everything, each belonging to somebody else."""

from datetime import datetime

from services.core.models import (
    AutoProc,
    AutoProcScaling,
    EnergyScan,
    LabContact,
    RobotAction,
    Screening,
    ScreeningOutput,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
    XFEFluorescenceSpectrum,
    XRFFluorescenceMapping,
    XRFFluorescenceMappingROI,
    XrayCentring,
)
from services.em.models import Atlas
from services.ssx.models import SSXDataCollection
from shared import models, own
from tests import files


def build(add, root):
    """Add the rows to a database that has none; their files are in ``root``."""
    day = {"startDate": datetime(2024, 5, 1, 9), "endDate": datetime(2024, 5, 2, 9)}
    people = ["alice", "member", "visitor", "staff", "overseer", "stranger", "bob"]
    add(*(models.Laboratory(laboratoryId=key, name=f"lab {key}") for key in (1, 2)))
    add(
        *(
            models.Person(personId=key, login=login, familyName=login, laboratoryId=1)
            for key, login in enumerate(people, 1)
        )
    )
    run = {"run": "2024-02", "beamStatus": "User"}
    add(models.BeamCalendar(beamCalendarId=1, **run, **day))
    add(models.ExperimentType(experimentTypeId=1), models.MotorPosition(motorPositionId=1))
    pipeline = {"name": "xia2/DIALS", "discipline": "MX"}
    add(models.ProcessingPipeline(processingPipelineId=6, **pipeline))
    for key, leader, beamline in ((1, 1, "i03"), (2, 6, "m02")):
        of = {"proposalId": key}
        group = {"dataCollectionGroupId": key}
        add(
            models.Proposal(**of, personId=leader, proposalCode="mx", proposalNumber=str(key)),
            models.BLSession(sessionId=key, visit_number=1, beamLineName=beamline, **of, **day),
            models.Protein(proteinId=key, **of),
            models.DiffractionPlan(diffractionPlanId=key),
            models.Crystal(crystalId=key, proteinId=key, diffractionPlanId=key),
            models.Shipping(shippingId=key, **of),
            models.Dewar(dewarId=key, shippingId=key),
            models.Container(containerId=key, dewarId=key),
            models.BLSample(blSampleId=key, crystalId=key),
            models.BLSubSample(blSubSampleId=key, blSampleId=key),
            models.BeamLineSetup(beamLineSetupId=key, beamlineName=beamline),
            models.Detector(detectorId=key),
            RobotAction(robotActionId=key, blsessionId=key),
            EnergyScan(energyScanId=key, sessionId=key),
            XFEFluorescenceSpectrum(xfeFluorescenceSpectrumId=key, sessionId=key),
            models.DataCollectionGroup(sessionId=key, **group),
            models.Position(positionId=key),
            models.DataCollection(dataCollectionId=key, positionId=key, **group),
            models.GridInfo(gridInfoId=key, dataCollectionId=key),
            XRFFluorescenceMappingROI(xrfFluorescenceMappingROIId=key, startEnergy=1, endEnergy=2),
            XRFFluorescenceMapping(
                xrfFluorescenceMappingId=key,
                gridInfoId=key,
                xrfFluorescenceMappingROIId=key,
                dataFormat="json",
                data=b"[]",
            ),
            Screening(screeningId=key, dataCollectionId=key),
            ScreeningOutput(screeningOutputId=key, screeningId=key),
            ScreeningStrategy(screeningStrategyId=key, screeningOutputId=key),
            ScreeningStrategyWedge(screeningStrategyWedgeId=key, screeningStrategyId=key),
            ScreeningStrategySubWedge(
                screeningStrategySubWedgeId=key, screeningStrategyWedgeId=key
            ),
            XrayCentring(xrayCentringId=key, **group),
            SSXDataCollection(dataCollectionId=key),
            Atlas(atlasId=key, atlasImage="a.jpg", pixelSize=1, **group),
            models.ProcessingJob(processingJobId=key, dataCollectionId=key),
            models.AutoProcProgram(autoProcProgramId=key, processingJobId=key),
            models.AutoProcProgramAttachment(
                autoProcProgramAttachmentId=key, autoProcProgramId=key
            ),
            AutoProc(autoProcId=key, autoProcProgramId=key),
            AutoProcScaling(autoProcScalingId=key, autoProcId=key),
            LabContact(labContactId=key, personId=leader, cardName="card", **of),
            models.UserGroup(userGroupId=key, name=f"group {key}"),
            models.Permission(permissionId=key, type=f"right {key}"),
        )
    add(*files.rows(root, 1))
    names = {"detectorManufacturer": "Dectris", "detectorModel": "Eiger"}
    add(models.Detector(detectorId=77, **names))
    add(
        models.ProposalHasPerson(proposalHasPersonId=1, proposalId=1, personId=2),
        models.SessionHasPerson(sessionId=1, personId=3),
        models.DataCollectionComment(
            dataCollectionCommentId=1, dataCollectionId=1, personId=3, comments="nice"
        ),
        models.UserGroupHasPermission(userGroupId=1, permissionId=1),
        models.UserGroupHasPerson(userGroupId=1, personId=4),
        own.ServiceToken(
            serviceTokenId=1,
            tokenId="f" * 32,
            name="zocalo",
            permissions=["mx_write"],
            issuedBy="alice",
            issued=day["startDate"],
            expires=datetime(2037, 1, 1),
        ),
    )
