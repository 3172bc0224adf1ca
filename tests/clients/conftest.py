"""Loads real clients, as they are published."""

from decimal import Decimal
from importlib import import_module
from types import SimpleNamespace

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from shared.models import (
    BLSample,
    BLSession,
    Container,
    Crystal,
    Detector,
    Person,
    ProcessingPipeline,
    Proposal,
    ProposalHasPerson,
    Protein,
)
from tests.clients import hyperion as published
from tests.clients.packages import shallow

MXCUBE = ["", ".HardwareObjects", ".HardwareObjects.abstract", ".HardwareObjects.MAXIV", ".model"]


@pytest.fixture(scope="session")
def mxcube():
    """The modules with which MXCuBE talks to ISPyB."""
    shallow("mxcubecore", [f"mxcubecore{package}" for package in MXCUBE])
    objects = "mxcubecore.HardwareObjects"
    client = import_module(f"{objects}.abstract.PyISPyBRestClient")
    return SimpleNamespace(
        Client=client.PyISPyBRestClient,
        Unsuccessful=client.PyISPyBUnsuccessfulResponse,
        Expired=client.AuthenticationExpired,
        Adapter=import_module(f"{objects}.abstract.PyISPyBDataAdapter").PyISPyBDataAdapter,
        maxiv=import_module(f"{objects}.MAXIV.MAXIVPyISPYyBDataAdapter"),
    )


@pytest.fixture(scope="session")
def bluesky():
    """The modules with which Hyperion talks to ISPyB."""
    return published.load()


@pytest.fixture
def hyperion(bluesky, server, facility, add, token, tmp_path, monkeypatch):
    """They, configured with the service token of i03, and the sample 501 of its visit mx123-2."""
    add(
        BLSession(sessionId=8112, proposalId=10, visit_number=2, beamLineName="i03"),
        Protein(proteinId=1, proposalId=10),
        Crystal(crystalId=1, proteinId=1),
        ProcessingPipeline(processingPipelineId=6, name="xia2", discipline="MX"),  # a default
        Container(containerId=77, sessionId=8112),
        BLSample(blSampleId=501, crystalId=1, containerId=77, location="1"),
        Detector(detectorId=78),
    )
    issued = token("hyperion", None, "mx_write", service=True, beamlines=["i03"])
    path = tmp_path / "ispyb.cfg"
    path.write_text(f"[expeye]\nurl = {server}/ispyb/expeye\ntoken = {issued}\n")
    monkeypatch.setenv("ISPYB_CONFIG_PATH", str(path))
    return bluesky


@pytest.fixture
def facility(add):
    """alice leads mx123 and is on MB7; of bob's mx9 she knows nothing."""
    add(
        Person(personId=1, login="alice", givenName="Alice", familyName="Moreau"),
        Person(personId=2, login="bob", givenName="Bob", familyName="Brandt"),
        Proposal(proposalId=10, personId=1, proposalCode="mx", proposalNumber="123"),
        Proposal(proposalId=11, personId=2, proposalCode="MB", proposalNumber="7", title="Tails"),
        Proposal(proposalId=12, personId=2, proposalCode="mx", proposalNumber="9"),
        ProposalHasPerson(proposalId=11, personId=1),
    )


@pytest.fixture
def sign_in(mxcube, server, facility):
    """``sign_in("alice")`` is a client with her tokens."""

    def open_client(login="alice", url=server):
        client = mxcube.Client(f"{url}/ispyb/mxcube/")
        client.authenticate(login, f"{login}-token")
        return client

    return open_client


@pytest.fixture
def adapter(mxcube, sign_in):
    """What MXCuBE at beamline i03 works with, after alice signed in."""
    return mxcube.Adapter(sign_in(), "i03")


@pytest.fixture
def stored(engine):
    """``stored(BLSession)`` are its rows, in the order of their keys, by the names of columns.

    Where the tables are the official ones, the official ORM reads them.
    """

    official = engine.dialect.name != "sqlite"

    def read(model):
        with Session(engine) as session:
            model = _official(model) if official else model
            found = session.scalars(select(model).order_by(*inspect(model).primary_key))
            columns = inspect(model).column_attrs
            return [
                SimpleNamespace(
                    **{c.columns[0].name: _plain(getattr(row, c.key)) for c in columns}
                )
                for row in found
            ]

    return read


def _plain(value):
    """The official ORM reads a double as a decimal number."""
    return float(value) if isinstance(value, Decimal) else value


def _official(model):
    """The model of the official ORM for the same table, if it has one."""
    from ispyb.sqlalchemy import Base

    mappers = Base.registry.mappers
    found = (m.class_ for m in mappers if m.local_table.name == model.__tablename__)
    return next(found, model)
