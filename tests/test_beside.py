"""No write changes a row beside the one it names: every write of every service is compared.

Beside each row 1 of the world lie copies of it: one with the same parents, and for each of its
links one that differs in this link only. So each person has two memberships, each proposal two
sessions, each program two results.
"""

from itertools import count

import pytest
from sqlalchemy import UniqueConstraint, insert

from shared.db import Base
from tests.conftest import SERVICES, unchecked
from tests.registry import ROUTES, sets
from tests.world import SHARED

COPY = 800  # the first key of copies
WRITERS = ("user office", "leader", "on session")  # the first that may is asked
# By their names: a DELETE comes last, since it takes the row that others change.
WRITES = sorted((n for n in ROUTES if not n.startswith("get")), key=lambda n: n.startswith("del"))


def primary(table, row):
    return tuple(row[column.name] for column in table.primary_key)


def own_columns(table):
    """A column of each unique key that a copy can change; None if all of them are links."""
    keys = [list(table.primary_key)]
    keys += [[column] for column in table.columns if column.unique]
    keys += [list(key.columns) for key in table.constraints if isinstance(key, UniqueConstraint)]
    return [next((column for column in key if not column.foreign_keys), None) for key in keys]


def copies(table, row, keys):
    """Rows like ``row``: with the same links, and with one of them to another copy."""
    links = [c for c in table.columns if c.foreign_keys and row[c.name] is not None]
    columns = own_columns(table)
    alike = all(c is not None for c in columns) and table.name not in sets("world", "PAIRS")
    for link in [None, *links] if alike else links:
        number, values = next(keys), dict(row)
        for column in columns:
            if column is not None and row[column.name] is not None:
                is_number = column.type.python_type is int
                values[column.name] = number if is_number else f"copy {number}"
        if link is not None:
            values[link.name] = COPY
        yield values


@pytest.fixture
def by_key(content):
    """``by_key()`` is all that ISPyB's tables hold: rows by key, by table."""

    def read():
        rows = content()
        return {
            table.name: {
                primary(table, row._mapping): row._mapping for row in rows.get(table.name, ())
            }
            for table in Base.metadata.sorted_tables
        }

    return read


@pytest.fixture
def crowded(world, engine, by_key):
    """``crowded()`` makes the world and the copies; the keys of rows of others and of copies."""

    def make():
        world()
        before, others = by_key(), {}
        with unchecked(engine) as connection:
            for table in Base.metadata.sorted_tables:
                stored, keys = before[table.name], count(COPY)
                rows = [row for key, row in stored.items() if key == (1,) or len(key) > 1]
                new = {primary(table, copy): copy for r in rows for copy in copies(table, r, keys)}
                new = {key: copy for key, copy in new.items() if key not in stored}
                if new:
                    connection.execute(insert(table), [*new.values()])
                others[table.name] = {*new}
                if table.name not in SHARED | sets("world", "SHARED"):
                    others[table.name] |= {(2,)} & stored.keys()
        return others

    return make


@pytest.mark.parametrize("service", SERVICES)
def test_no_write_changes_a_row_beside_the_one_it_names(
    crowded, call, by_key, operations, service
):
    others, before, faults = crowded(), by_key(), []
    for name in (name for name in WRITES if operations[name][0] == service):
        roles = [role for role in WRITERS if ROUTES[name].statuses[role] < 300]
        if not roles:
            continue
        answer = call(roles[0], name, call.whole(name))
        if answer.status_code >= 300:  # an earlier write is in its way
            crowded()
            before = by_key()
            answer = call(roles[0], name, call.whole(name))
        assert answer.status_code < 300, f"{answer.text}: {answer.curl}"
        after = by_key()
        for table, keys in others.items():
            for key in keys:
                old, new = before[table].get(key), after[table].get(key)
                if old and old != new and (table, *key) not in ROUTES[name].also:
                    columns = [c for c in old if not new or old[c] != new[c]]
                    change = f"changes {', '.join(columns)}" if new else "deletes it"
                    faults.append(f"{table} {key}: {change}: {answer.curl}")
        before = after
        if faults and faults[-1].endswith(answer.curl) or name.startswith("delete"):
            crowded()
            before = by_key()
    assert not faults, "\n".join(faults)
