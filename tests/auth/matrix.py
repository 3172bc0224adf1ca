"""The routes of auth: what each role is answered, and what is sent."""

from tests.matrix import Route, everybody, inside, managers, persons, signed_in
from tests.operations import ROOT

LOGIN = {"plugin": "dummy", "login": "alice", "password": "alice-word"}


def refresh_body(login_path):
    """Return a function of a client: the body of a refresh, after a login at ``login_path``."""

    def make(client):
        answer = client.post(login_path, json=LOGIN).json
        return {"refreshToken": answer["refreshToken"]}

    return make


ROUTES = [
    Route("get /auth/activity", managers()),
    Route("get /auth/config", everybody()),
    # Holders of manage_groups are told of hidden rows too.
    Route(
        "get /auth/explain",
        inside() | {"program elsewhere": 200},
        query={"object": "/proposals/1"},
    ),
    Route("get /auth/groups", managers()),
    Route("post /auth/groups", managers(201), body={"name": "new"}),
    Route("get /auth/groups/{user_group_id}", managers()),
    Route("patch /auth/groups/{user_group_id}", managers()),
    Route(
        "post /auth/groups/{user_group_id}/permissions/{permission_id}",
        managers(201),
        path={"permission_id": 2},
    ),
    Route("delete /auth/groups/{user_group_id}/permissions/{permission_id}", managers()),
    Route("post /auth/groups/{user_group_id}/persons/{person_id}", managers(201)),
    Route(
        "delete /auth/groups/{user_group_id}/persons/{person_id}",
        managers(),
        path={"person_id": 4},
    ),
    Route("get /auth/health", everybody()),
    Route("get /auth/jwks", everybody()),
    Route("post /auth/login", everybody(201), body=LOGIN, sent_as_is=True, secret=True),
    Route("post /auth/logout", signed_in()),
    Route("get /auth/permissions", managers()),
    Route("post /auth/permissions", managers(201), body={"type": "new"}),
    Route("get /auth/permissions/{permission_id}", managers()),
    Route("patch /auth/permissions/{permission_id}", managers()),
    Route(
        "post /auth/refresh",
        everybody(),
        body=refresh_body(f"{ROOT}/auth/login"),
        sent_as_is=True,
        secret=True,
    ),
    Route("get /auth/tokens", managers()),
    Route(
        "post /auth/tokens",
        managers(201),
        body={"name": "new", "permissions": ["mx_write"], "beamlines": None},
        sent_as_is=True,
        secret=True,
    ),
    Route("get /auth/tokens/{service_token_id}", managers()),
    Route("delete /auth/tokens/{service_token_id}", managers()),
    Route("get /user/current", signed_in()),
    Route("get /user/profile", persons()),
    Route("patch /user/profile", persons()),
    Route(
        "post /user/sign",
        signed_in(201),
        body={"url": f"{ROOT}/proposals"},
        sent_as_is=True,
        secret=True,
    ),
    Route(
        "post /ispyb/mxcube/auth/login", everybody(201), body=LOGIN, sent_as_is=True, secret=True
    ),
    Route(
        "post /ispyb/mxcube/auth/refresh",
        everybody(),
        body=refresh_body("/ispyb/mxcube/auth/login"),
        sent_as_is=True,
        secret=True,
    ),
    Route("get /ispyb/mxcube/user/current", signed_in()),
]
