"""A request is one transaction: whole, or not at all, and patient with locks."""

import threading

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError

from shared.db import db, in_transaction, save, transaction_scope
from shared.errors import Conflict, Unauthenticated
from shared.service_tables import utc_now
from shared.models import BLSession, DataCollection, DataCollectionGroup, Person, Proposal
from shared.service_tables import RevokedToken

ROOT = "/ispyb/api/v1"
DEADLOCK, TIMEOUT, CHANGED, GONE = 1213, 1205, 1020, 2006


def people():
    return db.session.scalar(select(func.count()).select_from(Person))


@pytest.mark.parametrize(
    "code, failures, stored",
    [(DEADLOCK, 4, 1), (CHANGED, 4, 1), (TIMEOUT, 1, 0), (GONE, 1, 0)],
)
def test_only_a_lost_lock_is_tried_again(app, code, failures, stored):
    left = list(range(failures))

    def work():
        save(Person(), {"login": "alice"})
        if left:
            left.pop()
            raise OperationalError("", {}, Exception(code, "from the database"))

    with app.app_context():
        if stored:
            in_transaction(work)
        else:
            with pytest.raises(OperationalError):
                in_transaction(work)
        assert people() == stored


def test_a_failure_leaves_nothing_behind(app):
    def work():
        save(Person(), {"login": "alice"})
        save(RevokedToken(), {"tokenId": "a", "expires": utc_now()})
        raise ZeroDivisionError

    with app.app_context():
        with pytest.raises(ZeroDivisionError):
            in_transaction(work)
        assert people() == 0
        assert db.session.scalar(select(func.count()).select_from(RevokedToken)) == 0


def test_a_broken_rule_is_a_conflict(app):
    def work():
        save(Person(), {"login": "alice"})
        save(Person(), {"login": "alice"})

    with app.app_context():
        with pytest.raises(Conflict):
            in_transaction(work)
        assert people() == 0


@pytest.mark.parametrize("keeps", [True, False])
def test_an_error_may_keep_what_was_written(app, keeps):
    class Refused(Unauthenticated):
        pass

    Refused.keeps = keeps

    def work():
        save(Person(), {"login": "alice"})
        raise Refused("no")

    with app.app_context():
        with pytest.raises(Refused):
            in_transaction(work)
        assert people() == keeps


def test_work_at_once_is_all_done(app):
    """On MariaDB these deadlock, and are tried again; on SQLite they queue."""
    with app.app_context(), transaction_scope():
        for key in (1, 2):
            save(Person(), {"personId": key, "title": "0"})
    start = threading.Barrier(2)

    def raise_both(keys):
        first = [True]

        def work():
            for key in keys:
                person = db.session.get(Person, key, with_for_update=True, populate_existing=True)
                person.title = str(int(person.title) + 1)
                db.session.flush()
                if first and db.engine.dialect.name != "sqlite":
                    first.clear()
                    start.wait(10)

        with app.app_context():
            in_transaction(work)

    threads = [threading.Thread(target=raise_both, args=(keys,)) for keys in ((1, 2), (2, 1))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    with app.app_context():
        assert db.session.scalars(select(Person.title)).all() == ["2", "2"]


def test_a_row_that_changed_meanwhile_is_read_again(app, statements):
    """MariaDB 11.6 makes that an error for a transaction that reads a snapshot: ours do not."""
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        return
    with app.app_context(), transaction_scope():
        save(Person(), {"personId": 1, "title": "0"})

    def raise_it():
        assert db.session.scalar(text("SELECT @@innodb_snapshot_isolation"))
        db.session.scalar(select(Person.title))
        with db.engine.begin() as rival:
            rival.execute(text("UPDATE Person SET title = '1'"))
        person = db.session.get(Person, 1, with_for_update=True, populate_existing=True)
        person.title = str(int(person.title) + 1)

    with app.app_context():
        with statements() as seen:
            in_transaction(raise_it)
        assert db.session.scalar(select(Person.title)) == "2"
    assert len([statement for statement in seen if "FOR UPDATE" in statement]) == 1


def test_a_lock_that_is_lost_again_and_again_is_a_503(as_, app):
    tries = []

    def lose(_):
        tries.append(1)
        raise OperationalError("COMMIT", {}, Exception(DEADLOCK, "from the database"))

    with app.app_context():
        service = db.engine
    event.listen(service, "commit", lose)
    try:
        answer = as_("office", 1, "uportal_sync").post(f"{ROOT}/contacts/labs", json={"name": "a"})
    finally:
        event.remove(service, "commit", lose)
    assert (answer.status_code, "is busy" in answer.json["detail"]) == (503, True), answer.json
    assert int(answer.headers["Retry-After"]) > 0
    assert len(tries) > 3


def test_foreign_keys_are_minded(app):
    wrong = "INSERT INTO BLSession (proposalId) VALUES (12345)"
    with app.app_context(), pytest.raises(Conflict), transaction_scope():
        db.session.execute(text(wrong))


def test_the_server_is_strict(app):
    """A value that does not fit is an error, not cut: SQLite has no such limits."""
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        return
    with app.app_context():
        with pytest.raises(Exception, match="Data too long"), transaction_scope():
            save(Person(), {"login": "x" * 46})


@pytest.mark.parametrize(
    "method, url, body",
    [
        ("POST", "/ispyb/mxcube/sessions", {"proposalId": "1", "beamLineName": "i03"}),
        ("PUT", f"{ROOT}/data_collections/1/image_quality", {"imageNumber": [1, 2]}),
        ("POST", f"{ROOT}/contacts/persons/batch", [{"familyName": "A"}, {"familyName": "B"}]),
    ],
)
def test_a_request_that_lost_a_lock_is_answered_as_if_it_had_not(as_, add, app, method, url, body):
    """The body is loaded anew for the next try, as the first one may have changed its values."""
    add(
        Person(personId=1, login="alice"),
        Proposal(proposalId=1, personId=1, proposalCode="mx", proposalNumber="1"),
        BLSession(sessionId=1, proposalId=1, beamLineName="i03"),
        DataCollectionGroup(dataCollectionGroupId=1, sessionId=1),
        DataCollection(dataCollectionId=1, dataCollectionGroupId=1),
    )
    client = as_("alice", 1, "mx_write", "processing_write", "uportal_sync")
    left = [DEADLOCK]

    def lose(_):
        if left:
            raise OperationalError("COMMIT", {}, Exception(left.pop(), "from the database"))

    with app.app_context():
        service = db.engine
    event.listen(service, "commit", lose)
    try:
        answer = client.open(url, method=method, json=body, headers={"Idempotency-Key": "once"})
    finally:
        event.remove(service, "commit", lose)
    assert not left
    assert answer.status_code in (200, 201), answer.text
    again = client.open(url, method=method, json=body, headers={"Idempotency-Key": "once"})
    assert (again.status_code, again.data) == (answer.status_code, answer.data)


def test_a_read_of_both_files_does_not_wait_for_a_commit_that_waits_for_it(app):
    """SQLite has our own tables in a second file; a server locks no reads."""

    def write():
        with app.app_context(), transaction_scope():
            save(RevokedToken(), {"tokenId": "a", "expires": utc_now()})

    with app.app_context():
        db.session.scalars(select(RevokedToken.tokenId)).all()
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(0.5)  # by now its COMMIT waits, or is done on a server
        assert db.session.scalars(select(Person.login)).all() == []
        db.session.rollback()
        writer.join()
        assert db.session.scalars(select(RevokedToken.tokenId)).all() == ["a"]
