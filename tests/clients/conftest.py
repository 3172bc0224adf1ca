"""Loads real clients, as they are published."""

import logging
import os
import sys
from decimal import Decimal
from importlib import import_module, metadata
from types import ModuleType, SimpleNamespace

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from shared.models import Person, Proposal, ProposalHasPerson

MXCUBE = ["", ".HardwareObjects", ".HardwareObjects.abstract", ".HardwareObjects.MAXIV", ".model"]
COMMON = "mx_bluesky.common"
OUTSIDE = f"{COMMON}.external_interaction"
BLUESKY = [
    *("mx_bluesky", COMMON, f"{COMMON}.utils", OUTSIDE, f"{OUTSIDE}.ispyb"),
    *(f"{OUTSIDE}.callbacks", f"{OUTSIDE}.callbacks.common"),
]


def shallow(distribution, names):
    """Empty packages with the same paths, where the real ones would import a control system."""
    root = metadata.distribution(distribution).locate_file("")
    for name in names:
        sys.modules[name] = module = ModuleType(name)
        module.__path__ = [str(root.joinpath(*name.split(".")))]


def stub(name, **names):
    """A module that is no part of what talks to ISPyB, and would need the beamline."""
    sys.modules[name] = module = ModuleType(name)
    vars(module).update(names)


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
    shallow("mx-bluesky", BLUESKY)
    refused = type("ISPyBDepositionNotMadeError", (Exception,), {})
    stub(f"{COMMON}.utils.exceptions", ISPyBDepositionNotMadeError=refused)
    stub(f"{COMMON}.utils.log", ISPYB_ZOCALO_CALLBACK_LOGGER=logging.getLogger("hyperion"))
    stub(
        f"{OUTSIDE}.callbacks.common.ispyb_mapping",
        get_proposal_and_session_from_visit_string=lambda visit: (
            visit.split("-")[0],
            int(visit.split("-")[1]),
        ),
    )
    exp_eye = import_module(f"{OUTSIDE}.ispyb.exp_eye_store")
    return SimpleNamespace(
        Interaction=exp_eye.ExpeyeInteraction,
        Status=exp_eye.BLSampleStatus,
        Store=import_module(f"{OUTSIDE}.ispyb.ispyb_store").StoreInIspyb,
        model=import_module(f"{OUTSIDE}.ispyb.data_model"),
        Refused=refused,
    )


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

    def read(model):
        with Session(engine) as session:
            model = _official(model)
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
    """The model of the official ORM for the same table, if its tables are there and it has one."""
    if os.environ.get("ISPYB_TEST_SCHEMA") != "official":
        return model
    from ispyb.sqlalchemy import Base

    mappers = Base.registry.mappers
    found = (m.class_ for m in mappers if m.local_table.name == model.__tablename__)
    return next(found, model)
