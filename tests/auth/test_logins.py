"""Signing in, staying in, and out."""

import pytest


@pytest.fixture
def sign_in(app):
    """``sign_in("alice")`` is the answer to a login with alice's password."""

    def call(login, **changes):
        body = {"plugin": "dummy", "login": login, "password": f"{login}-word", **changes}
        return app.test_client().post("/ispyb/api/v1/auth/login", json=body)

    return call


def test_login(sign_in, app):
    answer = sign_in("alice")
    assert answer.status_code == 201, answer.json
    client = app.test_client()
    headers = {"Authorization": f"Bearer {answer.json['token']}"}
    me = client.get("/ispyb/api/v1/user/current", headers=headers)
    assert me.status_code == 200, me.json
    refreshed = client.post(
        "/ispyb/api/v1/auth/refresh", json={"refreshToken": answer.json["refreshToken"]}
    )
    assert refreshed.status_code == 200, refreshed.json
    assert client.get("/ispyb/api/v1/auth/jwks").status_code == 200
    body = {"plugin": "keycloak", "login": "bob", "token": "bob-token", "more": 1}
    other = client.post(
        "/ispyb/mxcube/auth/login", json=body, headers={"Authorization": "Bearer x"}
    )
    assert other.status_code == 201, other.json
    headers = {"Authorization": f"Bearer {other.json['token']}"}
    print(client.get("/ispyb/mxcube/user/current", headers=headers).json)
    print(client.post("/ispyb/api/v1/auth/logout", headers=headers).json)
    assert client.get("/ispyb/mxcube/user/current", headers=headers).status_code == 401
