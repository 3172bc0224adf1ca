"""Rows that the tests of core share."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.models import (
    AutoProcProgram,
    BLSample,
    BLSession,
    Container,
    Crystal,
    Dewar,
    DiffractionPlan,
    Person,
    ProcessingJob,
    ProcessingPipeline,
    Proposal,
    ProposalHasPerson,
    Protein,
    SessionHasPerson,
    Shipping,
)
from tests.core.processing_rows import COMMANDS, PIPELINE, collect

ALICE, BOB, CAROL, DAVE = 1, 2, 3, 4


def _add_people(add):
    for number, login in enumerate(("alice", "bob", "carol", "dave"), 1):
        family = login.capitalize()
        add(
            Person(
                personId=number,
                login=login,
                familyName=family,
                emailAddress=f"{login}@lab.example",
                phoneNumber=f"+44 {number}",
            )
        )


@pytest.fixture
def people(add_once):
    """Alice, bob, carol and dave."""
    add_once(_add_people)


def _add_facility(add):
    for number, leader in ((1, ALICE), (2, BOB)):
        add(
            Proposal(
                proposalId=number, personId=leader, proposalCode="mx", proposalNumber=str(number)
            )
        )
    for session, beamline in ((11, "i03"), (21, "i04"), (22, "i03")):
        add(
            BLSession(
                sessionId=session,
                proposalId=session // 10,
                visit_number=session % 10,
                beamLineName=beamline,
                startDate=datetime(2024, 5, session, 9),
                endDate=datetime(2024, 5, session + 1, 9),
            )
        )
    add(
        ProposalHasPerson(proposalId=2, personId=CAROL, role="Co-Investigator"),
        SessionHasPerson(sessionId=22, personId=DAVE, role="Team Member"),
    )


@pytest.fixture
def facility(people, add_once):
    """Alice leads mx1, which has session 11 on i03; bob leads mx2, which has 21 on i04 and 22 on
    i03; carol is on mx2, dave is on session 22 only.
    """
    add_once(_add_facility)


def _add_stock(add):
    plans = {4: {"beamLineName": "i03"}, 5: {"presetForProposalId": 2}}
    for plan in range(1, 7):
        add(DiffractionPlan(diffractionPlanId=plan, name=f"plan {plan}", **plans.get(plan, {})))
    for key, acronym in ((1, "LYS"), (2, "THAU")):
        add(
            Protein(proteinId=key, proposalId=key, acronym=acronym),
            Crystal(crystalId=key, proteinId=key, diffractionPlanId=key + 1, spaceGroup="P43212"),
            Shipping(shippingId=key, proposalId=key),
            Dewar(dewarId=key, shippingId=key, code=f"dewar {key}"),
        )
    add(ProcessingPipeline(processingPipelineId=6, name="xia2/DIALS", discipline="MX"))
    at_i04 = {"beamlineLocation": "i04"}
    ready = {"containerStatus": "processing"}
    containers = {
        1: {"dewarId": 1, "beamlineLocation": "i03", **ready},
        2: {"dewarId": 2, **at_i04, **ready},
        3: {"parentContainerId": 2},
        4: {"sessionId": 22, **at_i04},
        5: {"ownerId": DAVE, **at_i04},
    }
    for key, of in containers.items():
        add(Container(containerId=key, code=f"puck {key}", **of))
    samples = {
        1: {"crystalId": 1, "containerId": 1, "diffractionPlanId": 1, "location": "1"},
        2: {"crystalId": 1},
        3: {"crystalId": 2, "containerId": 2, "location": "1"},
        4: {"containerId": 1, "location": "2"},
        5: {"containerId": 3},
        6: {"containerId": 4},
        7: {"containerId": 5},
        8: {},
    }
    for key, of in samples.items():
        add(BLSample(blSampleId=key, name=f"lys-x{key}", **of))


@pytest.fixture
def stock(facility, add_once):
    """What mx1 and mx2 sent in: protein, crystal, shipment and dewar 1 are of mx1, 2 of mx2.

    Containers: 1 and 2 are in those dewars, ready at i03 and i04; 3 is in 2; 4 is for session 22;
    5 is nowhere, dave's and at i04. Samples 1 to 3 have a crystal, 4 to 7 only a container, 8
    nothing. Plans: 1 is sample 1's own, 2 and 3 the crystals', 4 for i03, 5 for mx2, 6 nobody's.
    """
    add_once(_add_stock)


@pytest.fixture
def office(as_):
    """The user office: it writes people, proposals and sessions, and sees them all."""
    return as_("office", None, "uportal_sync", "all_proposals", service=True)


def _add_processed(add):
    collect(add)
    add(
        ProcessingPipeline(processingPipelineId=63, name="xia2/DIALS", discipline="MX"),
        ProcessingJob(processingJobId=5, dataCollectionId=111),
        ProcessingJob(processingJobId=6, dataCollectionId=211),
        AutoProcProgram(autoProcProgramId=50, processingJobId=5),
        AutoProcProgram(autoProcProgramId=60, processingJobId=6),
    )


@pytest.fixture
def processed(facility, add_once):
    """Programs 50 of job 5 on collection 111 of mx1, and 60 of job 6 on 211 of mx2."""
    add_once(_add_processed)


@pytest.fixture
def rows(engine):
    """``rows(Model)`` are those that are stored now, by their keys."""

    def found(model):
        with Session(engine) as session:
            return session.scalars(select(model).order_by(*model.__table__.primary_key)).all()

    return found


@pytest.fixture
def zocalo(as_, processed):
    """The program that pipelines send their results by."""
    return as_(*PIPELINE, service=True)


@pytest.fixture
def send(zocalo):
    """``send(name, **parameters)`` does one command; ``send(list)`` a whole list."""

    def post(what, code=201, **parameters):
        body = what if isinstance(what, dict) else {"ispyb_command_list": what}
        if isinstance(what, str):
            body = {"ispyb_command_list": [{"ispyb_command": what, **parameters}]}
        answer = zocalo.post(COMMANDS, json=body)
        assert answer.status_code == code, answer.json
        if code != 201:
            return answer.json
        return [each["result"] for each in answer.json["results"]]

    return post
