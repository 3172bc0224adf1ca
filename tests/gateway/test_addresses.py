"""Whose address a request comes from: what a client says of itself does not count."""

import pytest
import requests
from sqlalchemy import select

from shared.service_tables import LoginAttempt

LOGIN = "/ispyb/api/v1/auth/login"
ADDRESSES = select(LoginAttempt.address).where(LoginAttempt.login == "")
WRONG = {"plugin": "dummy", "login": "alice", "password": "not hers"}


@pytest.mark.parametrize("claimed", [None, "10.9.8.7", "10.9.8.7, 10.6.5.4", "127.0.0.2,"])
def test_the_gateway_says_where_a_request_comes_from(server, engine, claimed):
    headers = {"X-Forwarded-For": claimed} if claimed else {}
    assert requests.post(server + LOGIN, json=WRONG, headers=headers).status_code == 401
    with engine.connect() as connection:
        assert connection.scalars(ADDRESSES).all() == ["127.0.0.1"]


def test_a_service_behind_a_gateway_believes_the_last_address_only(built, engine, clean):
    headers = {"X-Forwarded-For": "10.1.1.1, 10.2.2.2"}
    built("auth").test_client().post(LOGIN, json=WRONG, headers=headers)
    with engine.connect() as connection:
        assert connection.scalars(ADDRESSES).all() == ["10.2.2.2"]
