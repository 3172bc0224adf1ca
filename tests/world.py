"""The small world of the matrix: rows 1 and 2 of everything, each belonging to somebody else.

Here are the rows of the tables in shared/models; each service adds its own by
tests/<service>/world.py: ``rows(key)`` are those with key 1 and 2, ``extras(folder)`` further
rows, ``mixed(beamline)`` rows of others that tests/test_hidden.py mixes with those of row 1,
``closed()`` rows of a sample that is shared with the leader only,
``varied()`` rows that tests/test_filters.py needs beside generated ones. A world may also name
tables: ``SHARED`` belong to nobody, ``PAIRS`` hold each pair of links once without a unique key;
and by ``ONLY`` the values of columns that hold the same at every site.
"""

from datetime import datetime

from shared import models, service_tables
from tests.registry import modules

DAY = {"startDate": datetime(2024, 5, 1, 9), "endDate": datetime(2024, 5, 2, 9)}
PEOPLE = ["alice", "member", "visitor", "staff", "overseer", "stranger", "bob"]
# The tables whose rows belong to nobody.
SHARED = {"BeamLineSetup", "Detector", "Laboratory", "Permission", "Person", "UserGroup"}


def build(add, root):
    """Add the rows to a database that has none; their files are in ``root``."""
    add(*first())
    for key, leader, code, beamline in ((1, 1, "mx", "i03"), (2, 6, "in", "m02")):
        add(*pair(key, leader, code, beamline), *collect_rows("rows", key))
    add(*collect_rows("extras", root))
    add(*links())


def first():
    """Persons, and what the tables of others refer to."""
    yield from (models.Laboratory(laboratoryId=key, name=f"lab {key}") for key in (1, 2))
    for key, login in enumerate(PEOPLE, 1):
        yield models.Person(personId=key, login=login, familyName=login, laboratoryId=1)
    yield models.BeamCalendar(beamCalendarId=1, run="2024-02", beamStatus="User", **DAY)
    yield models.ExperimentType(experimentTypeId=1)
    yield models.MotorPosition(motorPositionId=1)
    pipeline = {"name": "xia2/DIALS", "discipline": "MX"}
    yield models.ProcessingPipeline(processingPipelineId=6, **pipeline)


def pair(key, leader, code, beamline):
    """Proposal ``key``, its session, samples, data collection, processing job and program."""
    proposal, group = {"proposalId": key}, {"dataCollectionGroupId": key}
    return [
        models.Proposal(**proposal, personId=leader, proposalCode=code, proposalNumber=str(key)),
        models.BLSession(sessionId=key, visit_number=1, beamLineName=beamline, **proposal, **DAY),
        models.Protein(proteinId=key, **proposal),
        models.DiffractionPlan(diffractionPlanId=key),
        models.Crystal(
            crystalId=key, proteinId=key, diffractionPlanId=key, pdbFileName="model.pdb"
        ),
        models.Shipping(shippingId=key, **proposal),
        models.Dewar(dewarId=key, shippingId=key),
        models.Container(containerId=key, dewarId=key),
        models.BLSample(blSampleId=key, crystalId=key),
        models.BLSubSample(blSubSampleId=key, blSampleId=key),
        models.BeamLineSetup(beamLineSetupId=key, beamlineName=beamline),
        models.Detector(detectorId=key),
        models.DataCollectionGroup(sessionId=key, **group),
        models.Position(positionId=key),
        models.DataCollection(dataCollectionId=key, positionId=key, **group),
        models.GridInfo(gridInfoId=key, dataCollectionId=key),
        models.ProcessingJob(processingJobId=key, dataCollectionId=key),
        models.AutoProcProgram(autoProcProgramId=key, processingJobId=key),
        models.AutoProcProgramAttachment(autoProcProgramAttachmentId=key, autoProcProgramId=key),
        models.UserGroup(userGroupId=key, name=f"group {key}"),
        models.Permission(permissionId=key, type=f"right {key}"),
    ]


def links():
    """Who is on what, and a service token."""
    names = {"detectorManufacturer": "Dectris", "detectorModel": "Eiger"}
    yield models.Detector(detectorId=77, **names)
    yield models.ProposalHasPerson(proposalHasPersonId=1, proposalId=1, personId=2)
    yield models.SessionHasPerson(sessionId=1, personId=3)
    yield models.DataCollectionComment(
        dataCollectionCommentId=1, dataCollectionId=1, personId=3, comments="nice"
    )
    yield models.UserGroupHasPermission(userGroupId=1, permissionId=1)
    yield models.UserGroupHasPerson(userGroupId=1, personId=4)
    yield service_tables.ServiceToken(
        serviceTokenId=1,
        tokenId="f" * 32,
        name="zocalo",
        permissions=["mx_write"],
        issuedBy="alice",
        issued=DAY["startDate"],
        expires=datetime(2037, 1, 1),
    )


def mixed(beamline):
    """Rows of others, with keys of 900 and more, mixed with row 1 wherever the database lets."""
    return collect_rows("mixed", beamline)


def closed():
    """Rows of proposal 1 and session 1, with the key 900, that are shared with the leader only."""
    return collect_rows("closed")


def collect_rows(name, *arguments):
    """The rows that the function ``name`` of each service's world returns, where there is one."""
    for module in modules("world"):
        yield from getattr(module, name, lambda *_: ())(*arguments)
