"""A POST that names itself by a key is done once, however often and from wherever it comes."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from shared.db import db
from shared.service_tables import utc_now
from shared.models import Person, Proposal
from shared.service_tables import IdempotencyKey

ROOT = "/ispyb/api/v1"
URL = f"{ROOT}/proposals"
BODY = {"personId": 1, "proposalCode": "mx", "proposalNumber": "1"}
OFFICE = ("office", None, "uportal_sync", "all_proposals")
KEY = {"Idempotency-Key": "a-key"}
WAITING = text("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")


@pytest.fixture(autouse=True)
def leader(add):
    add(Person(personId=1, login="leader"))


@pytest.fixture
def stored(app):
    """``stored(Model)`` counts rows."""

    def count(model):
        with app.app_context():
            return db.session.scalar(select(func.count()).select_from(model))

    return count


def test_sent_again_it_is_answered_alike(as_, stored):
    first = as_(*OFFICE).post(URL, json=BODY, headers=KEY)
    again = as_(*OFFICE).post(URL, json=BODY, headers=KEY)
    assert first.status_code == again.status_code == 201
    assert first.data == again.data
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert stored(Proposal) == 1


def test_without_a_key_it_is_another(as_):
    statuses = [as_(*OFFICE).post(URL, json=BODY).status_code for _ in range(2)]
    assert statuses == [201, 409]


@pytest.mark.parametrize("url", [URL, f"{URL}?x=1"])
def test_a_key_serves_one_request(as_, stored, url):
    as_(*OFFICE).post(URL, json=BODY, headers=KEY)
    other = as_(*OFFICE).post(url, json={**BODY, "proposalNumber": "2"}, headers=KEY)
    assert (other.status_code, list(other.json["errors"])) == (422, ["Idempotency-Key"])
    assert stored(Proposal) == 1


def test_callers_do_not_share_keys(as_):
    other = {**BODY, "proposalNumber": "2"}
    assert as_(*OFFICE).post(URL, json=BODY, headers=KEY).status_code == 201
    answer = as_("another", *OFFICE[1:]).post(URL, json=other, headers=KEY)
    assert (answer.status_code, answer.json["proposalNumber"]) == (201, "2")


@pytest.mark.parametrize(
    "first, second",
    [({}, {"service": True}), ({"beamlines": ["i03"]}, {"beamlines": ["i04"]})],
)
def test_nor_do_those_of_one_name(as_, first, second):
    url, writer = f"{ROOT}/beamline/detectors", ("writer", None, "mx_write")
    one = as_(*writer, **first).post(url, json={"localName": "one"}, headers=KEY)
    other = as_(*writer, **second).post(url, json={"localName": "other"}, headers=KEY)
    assert (one.status_code, other.status_code, other.json["localName"]) == (201, 201, "other")


def test_nor_do_paths(as_):
    assert as_(*OFFICE).post(URL, json=BODY, headers=KEY).status_code == 201
    answer = as_(*OFFICE).post(f"{ROOT}/contacts/labs", json={"name": "lab"}, headers=KEY)
    assert answer.status_code == 201 and "Idempotent-Replayed" not in answer.headers


@pytest.mark.parametrize("bad", [{"nope": 1}, {"title": "x" * 201}, {"personId": 2}])
def test_a_failure_keeps_no_key(as_, stored, bad):
    failed = as_(*OFFICE).post(URL, json={**BODY, **bad}, headers=KEY)
    assert failed.status_code in (422, 424)
    assert stored(IdempotencyKey) == 0
    assert as_(*OFFICE).post(URL, json=BODY, headers=KEY).status_code == 201


def test_a_refusal_keeps_no_key(as_, stored):
    assert as_("alice", 1).post(URL, json=BODY, headers=KEY).status_code == 403
    assert stored(IdempotencyKey) == 0


def test_keys_are_kept_for_a_time(app, as_, stored):
    as_(*OFFICE).post(URL, json=BODY, headers=KEY)
    with app.app_context():
        old = utc_now() - timedelta(hours=25)
        db.session.execute(update(IdempotencyKey.__table__).values(created=old))
        db.session.commit()
    other = {**BODY, "proposalNumber": "2"}
    as_(*OFFICE).post(URL, json=other, headers={"Idempotency-Key": "another"})
    assert stored(IdempotencyKey) == 1


def test_a_key_counts_for_a_day(app, as_):
    first = as_(*OFFICE).post(URL, json=BODY, headers=KEY)
    with app.app_context():
        young = utc_now() - timedelta(hours=23)
        db.session.execute(update(IdempotencyKey.__table__).values(created=young))
        db.session.commit()
    other = {**BODY, "proposalNumber": "2"}
    as_(*OFFICE).post(URL, json=other, headers={"Idempotency-Key": "another"})
    again = as_(*OFFICE).post(URL, json=BODY, headers=KEY)
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_of_those_at_once_one_is_done(as_, stored):
    clients, answers = [as_(*OFFICE) for _ in range(4)], []
    start = threading.Barrier(len(clients))

    def post(client):
        start.wait()
        answers.append(client.post(URL, json=BODY, headers=KEY))

    threads = [threading.Thread(target=post, args=(client,)) for client in clients]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 3
    assert stored(Proposal) == 1


def test_a_key_does_not_wait_for_a_request_with_another(as_, add, engine):
    if engine.dialect.name == "sqlite":  # one writer at a time
        return
    add(Proposal(proposalId=1, personId=1))
    labs, clients = f"{ROOT}/contacts/labs", [as_(*OFFICE) for _ in range(3)]
    clients[0].post(labs, json={"name": "0"}, headers={"Idempotency-Key": "the-oldest"})

    def post(client, url, body, key):
        return client.post(url, json=body, headers={"Idempotency-Key": key})

    with ThreadPoolExecutor() as pool, engine.connect() as holder, engine.connect() as watch:
        holder.execute(select(Proposal.__table__).with_for_update())
        slow = pool.submit(post, clients[1], f"{URL}/1/persons", {"personId": 1}, "slow")
        while not watch.execute(WAITING).all():
            watch.rollback()
            assert not slow.done()
            time.sleep(0.2)  # MariaDB looks anew only when not asked for 0.1 s
        quick = pool.submit(post, clients[2], labs, {"name": "1"}, "quick")
        try:
            assert quick.result(4).status_code == 201
            assert not slow.done()
        finally:
            holder.rollback()
    assert slow.result().status_code == 201, slow.result().json


def test_a_secret_is_not_kept(built, app, as_, token, stored):
    client = built("auth").test_client()
    headers = {**KEY, "Authorization": f"Bearer {token('admin', 1, 'manage_tokens', 'mx_write')}"}
    body = {"name": "zocalo", "permissions": ["mx_write"]}
    first = client.post(f"{ROOT}/auth/tokens", json=body, headers=headers)
    again = client.post(f"{ROOT}/auth/tokens", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 409)
    with app.app_context():
        assert db.session.scalars(select(IdempotencyKey.answer)).all() == [None]
