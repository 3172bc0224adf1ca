"""Every write of every service, with a whole body: whose rows it may name, what a repeat of it
does, and how the official ORM reads what it wrote.
"""

import json
import math
import re
from base64 import b64encode
from collections import defaultdict
from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db import Base, OwnBase
from tests.bodies import LEFT_OUT, leaves, put, whole
from tests.operations import filled, names
from tests.test_matrix import BODIES, LOGIN, MATRIX, PATHS, PROGRAMS, QUERIES, ROLES, ROW_1

WRITES = [name for name in MATRIX if not name.startswith("get")]
AUDIT = "ispyb_services.Activity"
# Of these the least body is sent: it says all, or what it says is not of fields.
AS_IT_IS = {
    *("post /auth/login", "post /ispyb/mxcube/auth/login"),
    *("post /auth/tokens", "post /commands", "post /user/sign"),
}
REFRESHES = {"post /auth/refresh", "post /ispyb/mxcube/auth/refresh"}


def shells(made):
    """A scaling has each of three once."""
    kinds = ("overall", "innerShell", "outerShell")
    return [{**made[0], "scalingStatisticsType": kind} for kind in kinds]


# What the fields hold that take no value made from their name.
ODD = {
    **dict.fromkeys(("beamLineName", "beamlineName", "beamline_name"), "i03"),
    **dict.fromkeys(("scanParameters", "strategyOption"), '{"axis": "omega"}'),
    **dict.fromkeys(("processingStatus", "phasingStatus"), 1),
    "autoProc.scalings.statistics": shells,
    "furtherAutoProcs.scalings.statistics": shells,
    "collection_id": LEFT_OUT,
    "processingPipelineId": 6,
    "spaceGroupId": None,  # none is known in a database that is new
}


@pytest.fixture
def body(operations, built):
    """``body(name)`` is a whole body of a write, in which all links are to row 1."""

    def make(name):
        operation, least = operations[name][2], BODIES.get(name, {})
        if "requestBody" not in operation or name in AS_IT_IS:
            return least or None
        if name in REFRESHES:
            login = operations[name][1].replace("refresh", "login")
            made = built("auth").test_client().post(login, json=LOGIN).json
            return {"refreshToken": made["refreshToken"]}
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        told = least.items() if isinstance(least, dict) else ()
        own = {key: value for key, value in told if not isinstance(value, dict | list)}
        return whole(schema, {**ODD, **own})

    return make


@pytest.fixture
def send(built, operations, token):
    """``send(role, name, body)`` does that write on row 1; ``more`` follows the body."""

    def do(role, name, body, more="", **headers):
        service, path, operation = operations[name]
        values = dict.fromkeys(names(operation, "path"), 1)
        values |= {key: value for key, value in ROW_1.items() if key in values}
        who, claims = ROLES[role]
        headers["Authorization"] = f"Bearer {token(*who, **claims)}"
        return (
            built(service)
            .test_client()
            .open(
                filled(path, values | PATHS.get(name, {})),
                method=name.split()[0],
                headers=headers,
                query_string=QUERIES.get(name),
                data=("" if body is None else json.dumps(body)) + more,
                content_type=None if body is None else "application/json",
            )
        )

    return do


@pytest.fixture
def content(engine):
    """``content()`` is all that is stored, by table."""

    def read():
        tables = [*Base.metadata.sorted_tables, *OwnBase.metadata.sorted_tables]
        with engine.connect() as connection:
            return {
                table.fullname: connection.execute(
                    select(table).order_by(*table.primary_key)
                ).all()
                for table in tables
            }

    return read


def writers(name):
    """Those that may do ``name``, of a person, a program, and one of the whole site."""
    return [role for role in ("leader", *PROGRAMS) if MATRIX[name][role] < 300]


# -------------------------------------------------------------------------------------- links

HIDDEN = {"personId": 6}  # the key of a row of others, where it is not 2
ABSENT = 999
LIMITED = ("leader", "on session", "writing program")  # from whom row 2 is hidden
# The links to rows that belong to nobody: everybody may name them.
FREE = {
    *("beamCalendarId", "beamLineSetupId", "beamlineSetupId", "detectorId", "detector_id"),
    *("experimentTypeId", "laboratoryId", "motorPositionId", "processingPipelineId"),
    *("icatId", "positionId"),
}
GROUPS = "post /ispyb/mxcube/datacollections/group"
# Where a link is not looked at, or to what is not there is none: a new group is made.
FORGIVEN = {
    ("post /ispyb/mxcube/datacollections/datacollection", "group_id"),
    *((GROUPS, "group_id"), (GROUPS, "screening_sub_wedge_id")),
}


def links(body):
    """The paths of the fields of ``body`` that name rows which belong to somebody."""
    for path, value in leaves(body):
        name = path.rpartition(".")[2]
        if name.lower().endswith("id") and isinstance(value, int) and name not in FREE:
            yield path, HIDDEN.get(name, 2)


def text(answer):
    """What an answer says, whoever asked."""
    request_id = answer.headers["X-Request-ID"]
    return answer.status_code, answer.get_data(as_text=True).replace(request_id, "")


@pytest.mark.parametrize("name", WRITES)
def test_to_name_a_row_of_others_is_to_name_none(world, body, send, content, name):
    world()
    found = body(name)
    before, faults = content(), []
    for role in LIMITED if MATRIX[name]["leader"] < 300 else LIMITED[2:]:
        if MATRIX[name][role] >= 300:
            continue
        for path, key in sorted({*links(found)}):
            if (name, path) in FORGIVEN:
                continue
            hidden, absent = (send(role, name, put(found, path, k)) for k in (key, ABSENT))
            if text(hidden) != text(absent) or hidden.status_code not in (404, 422, 424):
                faults.append((role, path, text(hidden), text(absent)))
            if content() != before:
                faults.append((role, path, "written"))
                world()
                before = content()
    assert not faults, "\n".join(map(str, faults))


# ------------------------------------------------------------------------------------ repeats

# Their answers hold a secret, which is not kept: that it was done is all that is said.
SECRET = {"post /auth/tokens", "post /user/sign", "post /auth/login", *REFRESHES}
SECRET |= {"post /ispyb/mxcube/auth/login"}


@pytest.mark.parametrize("name", [name for name in WRITES if name.startswith("post")])
def test_a_post_with_its_key_is_done_once(world, body, send, content, name):
    """However often it comes; and who sends another with the same key is told so."""
    world()
    role, key, found = writers(name)[0], {"Idempotency-Key": "a-key"}, body(name)
    first, stored = send(role, name, found, **key), content()
    assert first.status_code < 300
    again = send(role, name, found, **key)
    if name in SECRET:
        assert again.status_code == 409
    else:
        assert (again.status_code, again.data) == (first.status_code, first.data)
        assert again.headers["Idempotent-Replayed"] == "true"
    other = send(role, name, found, more=" ", **key)
    assert (other.status_code, [*other.json["errors"]]) == (422, ["Idempotency-Key"])
    assert content() == stored


@pytest.mark.parametrize("name", [name for name in WRITES if not name.startswith("post")])
def test_the_same_change_again_makes_no_row(world, body, send, content, name):
    world()
    role = (writers(name) or ["user office"])[0]
    found = body(name)
    first, stored = send(role, name, found), content()
    again, stays = send(role, name, found), content()
    assert again.status_code in ((404, 409) if name.startswith("delete") else (first.status_code,))
    counts = [{k: len(v) for k, v in each.items() if k != AUDIT} for each in (stored, stays)]
    assert counts[0] == counts[1]


# ----------------------------------------------------------------------------- official reader


@pytest.fixture
def official(engine):
    """``official(table)`` are its rows as dicts, read by the official ORM where the tables are
    its own, else by ours.
    """
    if engine.dialect.name != "sqlite":
        from ispyb.sqlalchemy import Base as Read
    else:
        Read = Base
    mappers = {mapper.local_table.name: mapper for mapper in Read.registry.mappers}

    def rows(name):
        if name not in mappers:  # a table without a key of its own
            with engine.connect() as connection:
                return [*connection.execute(select(Read.metadata.tables[name])).mappings()]
        mapper = mappers[name]
        with Session(engine) as session:
            return [
                {a.columns[0].name: getattr(row, a.key) for a in mapper.column_attrs}
                for row in session.scalars(select(mapper.class_))
            ]

    return rows


def same(sent, found):
    """Whether a value of JSON is that of a column; a float has six digits there."""
    if isinstance(found, Decimal | float) and isinstance(sent, int | float):
        return math.isclose(sent, found, rel_tol=1e-6)
    if isinstance(found, bytes):
        return sent == found.hex() or b64encode(found).decode() == sent
    return sent == (found.isoformat() if isinstance(found, datetime) else found)


def plain(value):
    """The official ORM reads a double as a decimal number."""
    return float(value) if isinstance(value, Decimal) else value


# Writes of rows of ISPyB whose fields are columns; those of dialects are read by their clients.
PLAIN = [
    name
    for name in WRITES
    if not re.search("^delete|/auth/|/ispyb/", name) and name not in AS_IT_IS
]
# What names a row, or says how it went, and is no column itself.
NO_COLUMN = {"pipeline", "fileName", "fileLocation", "warnings"}


@pytest.mark.parametrize("name", PLAIN)
def test_the_official_orm_reads_what_was_sent(world, body, send, content, official, name):
    world()
    found, before = body(name), content()
    assert send(writers(name)[0], name, found).status_code < 300
    stored = defaultdict(list)
    for fullname, rows in content().items():
        table = Base.metadata.tables.get(fullname)
        if table is None or rows == before[fullname]:
            continue
        columns, theirs = table.columns.keys(), official(fullname)
        read = {tuple(plain(row[column]) for column in columns) for row in theirs}
        assert read == set(map(tuple, rows)), fullname
        for row in theirs:
            for column, value in row.items():
                stored[column.lower()].append(value)
    sent = [(path.rpartition(".")[2], value) for path, value in leaves(found)]
    assert sent
    assert not [
        (column, value)
        for column, value in sent
        if column not in NO_COLUMN and not any(same(value, one) for one in stored[column.lower()])
    ]
