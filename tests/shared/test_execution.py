"""Statements on the driver's cursor answer as SQLAlchemy's own execution does."""

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.exc import StatementError

from shared.db import Base, db
from shared.execution import fetch, fetch_value
from shared.models import Person, Proposal
from shared.sql import on_the_wire

KEY, CODE = Proposal.proposalId, Proposal.proposalCode
BY_KEYS = select(KEY, CODE).where(KEY.in_(bindparam("keys", expanding=True))).order_by(KEY)
BY_CODES = select(KEY).where(CODE.in_(bindparam("codes", expanding=True))).order_by(KEY)
BY_CODE = select(KEY).where(CODE == bindparam("code"), KEY > 0).order_by(KEY)


@pytest.fixture
def proposals(app, add):
    """Three proposals, in the context of the app."""
    add(
        Person(personId=1, familyName="Lee"),
        *(Proposal(proposalId=n, personId=1, proposalCode=f"c{n}") for n in (1, 2, 3)),
    )
    with app.app_context():
        yield


@pytest.mark.parametrize("numbers", [[1], [3, 1], [3, 9, 3], [], [True], ["2"]])
def test_a_list_of_keys_is_in_the_text_or_a_parameter(proposals, numbers):
    expected = db.session.connection().execute(BY_KEYS, {"keys": numbers}).all()
    assert [*map(tuple, fetch(BY_KEYS, {"keys": numbers}))] == [*map(tuple, expected)]


@pytest.mark.parametrize("codes, numbers", [(["c2"], [2]), (["c'1", "c3", "%s"], [3])])
def test_a_list_of_texts_is_escaped(proposals, codes, numbers):
    assert [key for key, in fetch(BY_CODES, {"codes": codes})] == numbers


def test_a_value_is_escaped_and_must_be_there(proposals):
    assert [*map(tuple, fetch(BY_CODE, {"code": "c2"}))] == [(2,)]
    assert fetch_value(BY_CODE, {"code": "c3"}) == 3
    assert fetch_value(BY_CODE, {"code": "' OR 1=1 -- %s ?"}) is None
    with pytest.raises((KeyError, StatementError)):
        fetch(BY_CODE, {})


def test_values_have_the_types_that_sqlalchemy_gives_them(app, world):
    world()
    with app.app_context():
        for table in Base.metadata.tables.values():
            for columns in ([*table.columns], [*map(on_the_wire, table.columns)]):
                statement = select(*columns).limit(3)
                expected = db.session.connection().execute(statement).all()
                rows = [*map(list, fetch(statement, {}))]
                assert rows == [*map(list, expected)], table
                types = [[*map(type, row)] for row in rows]
                assert types == [[*map(type, row)] for row in expected], table
