"""Every write of every service, with a whole body: whose rows it may name, what a repeat of it
does, and how the official ORM reads what it wrote.
"""

import math
import re
from base64 import b64encode
from collections import defaultdict
from datetime import date, time
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db import Base
from tests.bodies import leaves, put
from tests.matrix import PROGRAMS
from tests.registry import ROUTES, dicts, sets

WRITES = [name for name in ROUTES if not name.startswith("get")]
AUDIT = "ispyb_services.Activity"
FREE, HIDDEN = sets("matrix", "FREE"), dicts("matrix", "HIDDEN")


def writers(name):
    """Those that may do ``name``, of a person, a program, and one of the whole site."""
    return [role for role in ("leader", *PROGRAMS) if ROUTES[name].statuses[role] < 300]


# -------------------------------------------------------------------------------------- links

ABSENT = 999
LIMITED = ("leader", "on session", "writing program")  # from whom row 2 is hidden


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
def test_to_name_a_row_of_others_is_to_name_none(world, call, content, name):
    world()
    found, route = call.whole(name), ROUTES[name]
    before, faults = content(), []
    for role in LIMITED if route.statuses["leader"] < 300 else LIMITED[2:]:
        if route.statuses[role] >= 300:
            continue
        for path, key in sorted({*links(found)}):
            if path in route.unchecked:
                continue
            hidden, absent = (call(role, name, put(found, path, k)) for k in (key, ABSENT))
            if text(hidden) != text(absent) or hidden.status_code not in (404, 422, 424):
                answers = (f"{text(answer)}: {answer.curl}" for answer in (hidden, absent))
                faults.append(f"{role}, {path}\n  " + "\n  ".join(answers))
            if content() != before:
                faults.append(
                    f"{role}, {path}: written by one of\n  {hidden.curl}\n  {absent.curl}"
                )
                world()
                before = content()
    assert not faults, "\n".join(faults)


# ------------------------------------------------------------------------------------ repeats


@pytest.mark.parametrize("name", [name for name in WRITES if name.startswith("post")])
def test_a_post_with_its_key_is_done_once(world, call, content, name):
    """However often it comes; and who sends another with the same key is told so."""
    world()
    role, key, found = writers(name)[0], {"Idempotency-Key": "a-key"}, call.whole(name)
    first, stored = call(role, name, found, **key), content()
    assert first.status_code < 300, first.curl
    again = call(role, name, found, **key)
    if ROUTES[name].secret:  # it is not kept
        assert again.status_code == 409
    else:
        assert (again.status_code, again.data) == (first.status_code, first.data)
        assert again.headers["Idempotent-Replayed"] == "true"
    other = call(role, name, found, more=" ", **key)
    assert (other.status_code, [*other.json["errors"]]) == (422, ["Idempotency-Key"])
    assert content() == stored


@pytest.mark.parametrize("name", [name for name in WRITES if not name.startswith("post")])
def test_the_same_change_again_makes_no_row(world, call, content, name):
    world()
    role = (writers(name) or ["user office"])[0]
    found = call.whole(name)
    first, stored = call(role, name, found), content()
    again, stays = call(role, name, found), content()
    expected = (404, 409) if name.startswith("delete") else (first.status_code,)
    assert again.status_code in expected, again.curl
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
    return sent == (found.isoformat() if isinstance(found, date | time) else found)


def plain(value):
    """The official ORM reads a double as a decimal number."""
    return float(value) if isinstance(value, Decimal) else value


# Writes of rows of ISPyB whose fields are columns; those of dialects are read by their clients.
PLAIN = [
    name
    for name in WRITES
    if not re.search("^delete|/auth/|/ispyb/", name) and not ROUTES[name].sent_as_is
]
NO_COLUMN = sets("matrix", "NO_COLUMN")


def field_names(table):
    """The names of the attributes of a table, by those of its columns."""
    mappers = [each for each in Base.registry.mappers if each.local_table is table]
    return {each.columns[0].name: each.key for m in mappers for each in m.column_attrs}


@pytest.mark.parametrize("name", PLAIN)
def test_the_official_orm_reads_what_was_sent(world, call, content, official, name):
    world()
    found, before = call.whole(name), content()
    answer = call(writers(name)[0], name, found)
    assert answer.status_code < 300, answer.curl
    stored = defaultdict(list)
    for fullname, rows in content().items():
        table = Base.metadata.tables.get(fullname)
        if table is None or rows == before.get(fullname):
            continue
        columns, theirs = table.columns.keys(), official(fullname)
        read = {tuple(plain(row[column]) for column in columns) for row in theirs}
        assert read == set(map(tuple, rows)), fullname
        fields = field_names(table)
        for row in theirs:
            for column, value in row.items():
                stored[fields.get(column, column).lower()].append(value)
    sent = [(path.rpartition(".")[2], value) for path, value in leaves(found)]
    assert sent
    assert not [
        (column, value)
        for column, value in sent
        if column not in NO_COLUMN and not any(same(value, one) for one in stored[column.lower()])
    ]
