"""Times that MariaDB treats in its own way: the zero time, and those that updates rewrite."""

from datetime import datetime

import pytest
from sqlalchemy import select, text

from services.core.models import RobotAction
from shared.db import db, transaction_scope
from shared.models import BLSession, Person, Proposal

BEGIN, END = datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 10)


@pytest.fixture
def service():
    return "core"


@pytest.fixture
def session(add):
    add(
        Person(personId=1),
        Proposal(proposalId=1, personId=1),
        BLSession(sessionId=1, proposalId=1),
    )


def actions():
    """The ends of all actions, as they are read."""
    return db.session.scalars(select(RobotAction.endTimestamp)).all()


@pytest.mark.parametrize("given", [{}, {"endTimestamp": None}], ids=["left out", "null"])
def test_an_end_that_is_not_known_is_none(app, session, add, given):
    add(RobotAction(robotActionId=1, sessionId=1, startTimestamp=BEGIN, **given))
    with app.app_context():
        assert actions() == [None]
        assert db.session.get(RobotAction, 1).endTimestamp is None
        stmt = select(RobotAction.robotActionId).where(RobotAction.endTimestamp < BEGIN)
        assert db.session.scalars(stmt).all() == [1]


def test_an_end_becomes_known_and_is_forgotten_again(app, session, add):
    add(RobotAction(robotActionId=1, sessionId=1, startTimestamp=BEGIN))
    with app.app_context():
        for end in (END, None):
            with transaction_scope():
                db.session.get(RobotAction, 1).endTimestamp = end
            assert actions() == [end]


def test_an_update_keeps_the_begin(app, session, add):
    add(RobotAction(robotActionId=1, sessionId=1, startTimestamp=BEGIN))
    with app.app_context():
        with transaction_scope():
            db.session.get(RobotAction, 1).message = "done"
        assert db.session.get(RobotAction, 1).startTimestamp == BEGIN


def test_the_server_would_rewrite_the_begin(app, session, add, engine):
    add(RobotAction(robotActionId=1, sessionId=1, startTimestamp=BEGIN))
    with app.app_context():
        with transaction_scope():
            db.session.execute(text("UPDATE RobotAction SET message = 'done'"))
        kept = db.session.get(RobotAction, 1).startTimestamp == BEGIN
    assert kept == (engine.dialect.name == "sqlite")
