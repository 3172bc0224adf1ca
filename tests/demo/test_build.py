"""The simulated facility, on both kinds of database."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Enum, String, func, insert, select, text
from sqlalchemy.orm import Session

from demo import facility
from demo.build import build, fill
from demo.users import DEMO_USERS
from shared.db import Base
from shared.errors import Conflict
from shared.models import (
    BLSession,
    DataCollection,
    ExperimentType,
    Permission,
    Person,
    Proposal,
    ProposalHasPerson,
    SessionHasPerson,
    UserGroup,
)
from tests.demo.conftest import TODAY

ROOT = Path(__file__).parent.parent.parent


def contents(database):
    """All rows of all tables."""
    with database.connect() as connection:
        return {
            table.name: connection.execute(select(table).order_by(*table.primary_key)).all()
            for table in Base.metadata.sorted_tables
        }


@pytest.mark.serial
def test_the_same_seed_and_day_make_the_same_rows(make):
    one, two, other = make("one"), make("two"), make("other")
    sizes = fill(one, today=TODAY)
    assert fill(two, today=TODAY) == sizes
    assert contents(one) == contents(two)
    fill(other, seed=2, today=TODAY)
    assert contents(one)["Proposal"] != contents(other)["Proposal"]
    rows = contents(one)
    assert all(len(rows[name]) == size for name, size in sizes.items())
    assert sizes["Laboratory"] == 31 and 120 < sizes["BLSession"] < 280
    empty = {name for name, found in rows.items() if not found}
    assert not empty & {"Atlas", "GridSquare", "SSXDataCollection", "Event", "DataCollection"}


@pytest.mark.serial
def test_everything_grows_with_the_scale(make):
    database = make("scaled")
    sizes = fill(database, scale=3, today=TODAY)
    assert sizes["Proposal"] == 60
    assert 400 < sizes["BLSession"] < 800
    assert sizes["Person"] == 5 + 12 + 180
    assert sizes["Session_has_Person"] > 2 * sizes["BLSession"]


@pytest.mark.serial
def test_a_database_with_rows_is_refused_and_kept(make):
    database = make("one")
    fill(database, today=TODAY)
    before = contents(database)
    with pytest.raises(Conflict, match="not empty, its table Proposal has rows"):
        fill(database, seed=2, today=TODAY)
    assert contents(database) == before


@pytest.mark.serial
def test_a_database_with_some_of_the_tables_is_refused(make):
    database = make("one")
    Base.metadata.create_all(database)
    with database.begin() as connection:
        connection.execute(text("DROP TABLE GridSquare"))
    with pytest.raises(Conflict, match="table GridSquare is missing"):
        fill(database)


@pytest.mark.serial
def test_lookups_that_are_there_are_used(make):
    database = make("one")
    Base.metadata.create_all(database)
    with database.begin() as connection:
        single = {"experimentTypeId": 437, "name": "Single Particle", "proposalType": "em"}
        connection.execute(insert(ExperimentType), single)
        connection.execute(insert(Permission), {"permissionId": 7, "type": "mx_admin"})
    fill(database, today=TODAY)
    with Session(database) as session:
        query = select(ExperimentType.experimentTypeId).filter_by(name="Single Particle")
        assert session.scalars(query).all() == [437]
        groups = session.scalars(select(UserGroup).filter_by(name="mx_admin")).one()
        assert 7 in {link.permissionId for link in groups.permissions}


def test_no_reference_leads_nowhere(facility_):
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            parent = key.column
            lost = select(func.count()).where(
                key.parent.is_not(None), key.parent.not_in(select(parent))
            )
            assert facility_.scalar(lost.select_from(table)) == 0, key


def test_all_text_fits_its_column(facility_):
    for table in Base.metadata.sorted_tables:
        rows = facility_.execute(select(table)).mappings().all()
        for column in table.columns:
            values = {row[column.name] for row in rows} - {None}
            if isinstance(column.type, Enum):
                assert values <= set(column.type.enums), column
            elif isinstance(column.type, String):
                assert all(len(value) <= (column.type.length or 2**16) for value in values), column
                assert all(value.encode("cp1252") for value in values if value), column


def test_sessions_lie_in_the_past_today_and_in_the_future(facility_):
    sessions = facility_.scalars(select(BLSession)).all()
    noon = datetime(2026, 3, 29, 12)
    now = {s.beamLineName for s in sessions if s.startDate <= noon <= s.endDate}
    assert now >= {beamline.name for beamline in facility.BEAMLINES}
    assert sum(s.endDate < noon for s in sessions) > 50
    assert sum(s.startDate > noon for s in sessions) > 20
    for session in sessions:
        assert session.startDate < session.endDate
        assert session.endDate - session.startDate == timedelta(hours=8 * session.nbShifts)
        assert session.proposal.startDate <= session.startDate <= session.proposal.endDate
        assert session.setup.beamlineName == session.beamLineName
        assert session.setup.detector and session.types
        roles = [member.role for member in session.members]
        assert roles.count("Local Contact") == 1 and len(roles) > 1


def test_data_lie_within_their_session(facility_):
    collections = facility_.scalars(select(DataCollection)).all()
    assert collections
    for collection in collections:
        session = collection.group.session
        assert collection.sessionId == session.sessionId and session.usedFlag
        assert session.startDate < collection.startTime < collection.endTime < session.endDate
        assert collection.detectorId == session.setup.detectorId
    used = facility_.scalars(select(BLSession.sessionId).filter_by(usedFlag=True)).all()
    assert set(used) == {collection.sessionId for collection in collections}


def test_the_demo_users_have_what_they_are_told_to_see(facility_):
    people = {
        login: facility_.scalars(select(Person).filter_by(login=login)).one()
        for login in (user.login for user in DEMO_USERS)
    }

    def led(login):
        return facility_.scalars(select(Proposal).filter_by(leader=people[login])).all()

    alice = led("alice")
    assert len(alice) == 3
    visits = facility_.scalars(select(SessionHasPerson).filter_by(person=people["bob"])).all()
    assert {visit.session.proposal for visit in visits} < set(alice)
    assert any(visit.session.startDate.date() == TODAY for visit in visits)
    links = select(ProposalHasPerson)
    assert not facility_.scalars(links.filter_by(person=people["bob"])).all()
    carol = [link.proposal for link in facility_.scalars(links.filter_by(person=people["carol"]))]
    assert set(led("carol")) < set(carol)
    assert {session.beamLineName for p in carol for session in p.sessions} == {"m02", "m03"}
    assert [proposal.proposalCode for proposal in led("staff-mx")] == ["cm"]


def test_groups_give_permissions(facility_):
    held = {}
    for group in facility_.scalars(select(UserGroup)):
        for link in group.people:
            types = {each.permission.type for each in group.permissions}
            held.setdefault(link.person.login, set()).update(types)
    assert held["admin"] >= {"all_proposals", "uportal_sync", "view_activity", "manage_groups"}
    assert held["admin"] >= {"manage_perms", "manage_tokens"}
    assert "mx_admin" in held["staff-mx"] and "all_proposals" not in held["staff-mx"]
    assert not held.keys() & {"alice", "bob", "carol"}


def test_the_site_file_of_the_demo_knows_the_same_people():
    site = yaml.safe_load((ROOT / "config" / "demo.yml").read_text())
    users = site["AUTH"][0]["dummy"]["CONFIG"]["users"]
    assert {(user["login"], user["password"]) for user in users} == {
        (user.login, user.password) for user in DEMO_USERS
    }
    assert set(site["beamlines"]) == {beamline.name for beamline in facility.BEAMLINES}
    permissions = {group["permission"] for group in site["beamline_groups"]}
    assert permissions <= set(facility.PERMISSIONS)


@pytest.mark.serial
def test_nothing_is_said_where_nobody_watches(make, capfd):
    fill(make("one"), today=TODAY)
    assert capfd.readouterr() == ("", "")


@pytest.mark.serial
def test_a_site_is_built_anew_only_when_told(tmp_path):
    roots = [f"{tmp_path}/{{proposal}}", f"{tmp_path}/files"]
    site = {"database": {"uri": f"sqlite:///{tmp_path / 'ispyb.db'}"}, "file_roots": roots}
    sizes = build(site)
    assert sizes["Proposal"] == 20
    assert {path.name for path in tmp_path.iterdir()} == {
        *("ispyb.db", "ispyb_services.db"),
        "files",  # in a folder of all: nobody's own is made
    }
    with pytest.raises(Conflict, match="not empty"):
        build(site)
    assert build(site, reset=True) == sizes


def test_a_server_is_never_reset():
    site = {"database": {"uri": "mysql://ispyb@db.example.org/ispyb"}}
    with pytest.raises(Conflict, match="only an SQLite database can be reset"):
        build(site, reset=True)
