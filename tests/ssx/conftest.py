"""A small facility for serial crystallography."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from services.ssx.models import EventType
from shared.models import (
    BLSample,
    BLSession,
    ComponentType,
    Crystal,
    Detector,
    ExperimentType,
    Person,
    Proposal,
    Protein,
)

API = "/ispyb/api/v1"
KINDS = ("XrayDetection", "XrayExposure", "LaserExcitation", "ReactionTrigger")


@pytest.fixture
def facility(add):
    """Proposals mx1 of alice, with session mx1-1 on id29, and mx2 of bob, with mx2-1 on i24.

    Each has a protein LYS and sample 1 or 2 of it.
    """
    add(
        *(EventType(eventTypeId=key, name=name) for key, name in enumerate(KINDS, 1)),
        *(
            ComponentType(componentTypeId=key, name=name)
            for key, name in ((1, "Ligand"), (2, "Buffer"), (3, "JetMaterial"))
        ),
        *(
            ExperimentType(experimentTypeId=key, name=name)
            for key, name in ((38, "Serial Fixed"), (39, "Serial Jet"), (41, "SSX-Chip"))
        ),
        ExperimentType(experimentTypeId=42, name="SSX-Jet"),
        Detector(detectorId=5, detectorModel="Jungfrau 4M"),
        Detector(detectorId=94, detectorModel="Eiger 9M"),
    )
    for key, login, beamline in ((1, "alice", "id29"), (2, "bob", "i24")):
        add(
            Person(personId=key, login=login),
            Proposal(proposalId=key, personId=key, proposalCode="mx", proposalNumber=str(key)),
            BLSession(sessionId=key, proposalId=key, beamLineName=beamline, visit_number=1),
            Protein(proteinId=key, proposalId=key, acronym="LYS", name="Lysozyme"),
            Crystal(crystalId=key, proteinId=key),
            BLSample(blSampleId=key, crystalId=key, name=f"x{key}"),
        )


@pytest.fixture
def writer(as_, facility):
    """Acquisition software of all beamlines."""
    return as_("software", None, "ssx_write", "all_sessions", service=True)


@pytest.fixture
def alice(as_, facility):
    """The leader of proposal mx1."""
    return as_("alice", 1)


@pytest.fixture
def bob(as_, facility):
    """The leader of proposal mx2."""
    return as_("bob", 2)


@pytest.fixture
def together():
    """``together(send, send)`` calls all functions at one time; returns what they return."""

    def run(*calls):
        start = Barrier(len(calls))

        def call(function):
            start.wait(10)
            return function()

        with ThreadPoolExecutor(len(calls)) as pool:
            return [*pool.map(call, calls)]

    return run


@pytest.fixture
def core(built, token, facility):
    """``core("alice", 1)`` is a client of the core service, on the same database."""

    def client(*args, **claims):
        client = built("core").test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(*args, **claims)}"
        return client

    return client
