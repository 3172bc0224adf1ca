"""Guesses of passwords: counted by account and address, and judged one after the other."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest

from services.auth.plugins.base import Account, Authentication
from shared.service_tables import LoginAttempt
from tests.auth.conftest import ROOT


@pytest.fixture
def guess(another):
    """``guess("10.0.0.1")`` is the status of a login from there, where one failure is enough."""
    client = another(limits={"login_attempts": 1}).test_client()

    def call(address, login="alice", password="guess"):
        body = {"plugin": "dummy", "login": login, "password": password}
        environ = {"REMOTE_ADDR": address}
        return client.post(f"{ROOT}/auth/login", json=body, environ_base=environ).status_code

    return call


def test_an_account_is_closed_after_some_failures(sign_in, later, failures):
    for _ in range(5):
        assert sign_in("alice", password="guess").status_code == 401
    answer = sign_in("alice")
    assert answer.status_code == 429
    assert 290 <= int(answer.headers["Retry-After"]) <= 301
    assert sign_in("bob").status_code == 201
    assert failures("alice") == 5  # one that has to wait makes it no longer
    later(LoginAttempt, time=-1)
    assert sign_in("alice").status_code == 201


def test_capitals_do_not_make_another_account(sign_in):
    for guess in ("ALICE", "alice", "Alice", "aLICE", "alicE"):
        assert sign_in(guess, password="guess").status_code == 401
    assert sign_in("alice").status_code == 429


def test_nobody_locks_an_account_out_from_elsewhere(guess):
    assert [guess("10.0.0.1"), guess("10.0.0.1")] == [401, 429]
    assert guess("10.0.0.2", password="alice-word") == 201
    assert guess("10.0.0.1", password="alice-word") == 429  # it does not start anew there


def test_an_account_is_closed_everywhere_after_failures_from_many_addresses(guess):
    assert [guess(f"10.0.0.{n}") for n in range(20)] == [401] * 20
    assert guess("10.0.0.99", password="alice-word") == 429
    assert guess("10.0.0.99", "bob", "bob-word") == 201


def test_an_address_is_closed_after_many_failures(guess):
    assert [guess("10.0.0.1", f"u{n}") for n in range(10)] == [401] * 10
    assert guess("10.0.0.1", "new") == 429
    assert guess("10.0.0.2", "new") == 401


@pytest.mark.parametrize(
    "first, second, status",
    [
        ("2001:db8::1", "2001:db8::ffff:2", 429),
        ("2001:db8::1", "2001:db8:0:1::1", 401),
        ("::ffff:10.0.0.1", "10.0.0.1", 429),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", 401),
    ],
)
def test_a_network_of_ipv6_counts_as_one_address(guess, first, second, status):
    assert (guess(first), guess(second)) == (401, status)


class Slow(Authentication):
    """Takes its time, so that guesses meet; for the right word until ``judged`` is set."""

    creates_persons = True
    asked, judged, patience = Event(), Event(), 10.0

    def authenticate_by_login(self, login, password):
        """Let in whoever knows the word."""
        if password == "word":
            self.asked.set()
            self.judged.wait(self.patience)
            return Account(login)
        sleep(0.1)
        return None


@pytest.fixture
def slowly(another):
    """``slowly("word")`` is the status of alice's login by the slow plugin."""
    block = {"ENABLED": True, "AUTH_MODULE": __name__, "AUTH_CLASS": "Slow", "CONFIG": {}}
    app = another(AUTH=[{"slow": block}])
    Slow.asked.clear()
    Slow.judged.clear()

    def call(password):
        body = {"plugin": "slow", "login": "alice", "password": password}
        return app.test_client().post(f"{ROOT}/auth/login", json=body).status_code

    return call


def test_of_guesses_at_once_no_more_are_judged_than_of_those_in_a_row(slowly, failures):
    with ThreadPoolExecutor(12) as pool:
        statuses = [*pool.map(slowly, ["guess"] * 24)]
    assert sorted(statuses) == [401] * 5 + [429] * 19
    assert failures("alice") == failures("alice", "127.0.0.1") == 5


def test_the_right_guess_among_others_is_not_told_either(slowly, engine, monkeypatch):
    """It comes first, and is judged last; SQLite lets the others in after it only."""
    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        monkeypatch.setattr(Slow, "patience", 0.2)
    with ThreadPoolExecutor(1) as pool:
        right = pool.submit(slowly, "word")
        assert Slow.asked.wait(10)
        assert [slowly("guess") for _ in range(5)] == [401] * 5
        Slow.judged.set()
        assert right.result() == (201 if sqlite else 429)


def test_guesses_of_several_accounts_at_once_are_all_counted(sign_in, failures):
    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda n: sign_in(f"u{n}", password="guess"), range(40))]
    assert {answer.status_code for answer in answers} == {401}
    assert failures(address="127.0.0.1") == 40


def test_failures_whose_time_is_over_are_cleaned_up_by_others(sign_in, later, count):
    for name in ("alice", "bob", "carol"):
        sign_in(name, password="guess")
    later(LoginAttempt, time=-1)
    assert sign_in("dave", password="guess").status_code == 401
    assert count(LoginAttempt) == 3


def test_an_address_that_is_made_up_counts_too(app, failures):
    """As it may be where ``site.trusted_proxies`` is too high."""
    body = {"plugin": "dummy", "login": "alice", "password": "wrong"}
    headers = {"X-Forwarded-For": "x" * 60}
    answer = app.test_client().post(f"{ROOT}/auth/login", json=body, headers=headers)
    assert (answer.status_code, failures("alice", "x" * 45)) == (401, 1)


def test_the_right_password_starts_anew(sign_in):
    for _ in range(4):
        sign_in("alice", password="guess")
    assert sign_in("alice").status_code == 201
    for _ in range(4):
        assert sign_in("alice", password="guess").status_code == 401
    assert sign_in("alice").status_code == 201
