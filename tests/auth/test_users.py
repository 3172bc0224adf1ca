"""The caller's own affairs."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from services.auth.schemas.users import CurrentUserSchema
from shared.api import Namespace, Resource
from shared.app import ApiMount, build_app
from shared.db import db
from shared.models import Laboratory, Person
from shared.service_tables import OnceToken, RefreshToken
from tests.auth.conftest import ROOT

CURRENT, PROFILE, SIGN = f"{ROOT}/user/current", f"{ROOT}/user/profile", f"{ROOT}/user/sign"
THINGS = f"{ROOT}/things"


def alice():
    return Person(
        personId=7,
        login="alice",
        givenName="Alice",
        familyName="Moreau",
        emailAddress="alice@lab.example",
        laboratory=Laboratory(laboratoryId=3, name="Biology", country="Sweden"),
    )


# ---------------------------------------------------------------------------------- current


def test_the_caller_is_described(as_, add):
    add(alice())
    me = as_("alice", 7, "mx_admin", "all_sessions").get(CURRENT)
    assert me.status_code == 200
    assert me.json == {
        "login": "alice",
        "personId": 7,
        "givenName": "Alice",
        "familyName": "Moreau",
        "permissions": ["all_sessions", "mx_admin"],
        "beamLineGroups": ["MX"],
        "beamLines": ["i03"],
    }


def test_a_program_is_nobody(as_):
    me = as_("zocalo", None, "mx_write", "mx_admin", service=True, beamlines=["i04"]).get(CURRENT)
    assert (me.json["personId"], me.json["familyName"]) == (None, "zocalo")
    assert me.json["beamLines"] == ["i04"]


# ---------------------------------------------------------------------------------- profile


def test_own_contact_data_can_be_read_and_changed(as_, add):
    add(alice(), Person(personId=8, login="bob", emailAddress="bob@lab.example"))
    me = as_("alice", 7)
    before = me.get(PROFILE)
    assert before.json["emailAddress"] == "alice@lab.example"
    assert before.json["Laboratory"]["name"] == "Biology"
    sent = {"phoneNumber": "+46 1", "emailAddress": None}
    after = me.patch(PROFILE, json=sent, headers={"If-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.json == {**before.json, **sent} == me.get(PROFILE).json
    assert as_("bob", 8).get(PROFILE).json["emailAddress"] == "bob@lab.example"
    lost = me.patch(PROFILE, json=sent, headers={"If-Match": before.headers["ETag"]})
    assert lost.status_code == 412


@pytest.mark.parametrize(
    "sent",
    [
        {"login": "root"},
        {"personId": 8},
        {"familyName": "Other"},
        {"laboratoryId": 3},
        {"phoneNumber": "1" * 46},
        {"title": "Łady"},
        {"shoeSize": 38},
    ],
    ids=str,
)
def test_other_fields_of_the_profile_cannot_be_changed(as_, add, sent):
    add(alice())
    answer = as_("alice", 7).patch(PROFILE, json=sent)
    assert (answer.status_code, [*answer.json["errors"]]) == (422, [*sent])


def test_a_program_has_no_profile(as_):
    client = as_("zocalo", None, service=True)
    assert client.get(PROFILE).status_code == 404
    assert client.patch(PROFILE, json={"title": "Dr"}).status_code == 404


# ------------------------------------------------------------------------------------- sign


@pytest.fixture
def things(site, clean):
    """A client without token of a service whose GET and POST /things are open to links."""
    ns = Namespace("things")

    @ns.route("", "/<int:thing>")
    class Things(Resource):
        @ns.require(link=True)
        @ns.returns(CurrentUserSchema)
        def get(self, identity, thing=0):
            """Tell who asks."""
            return {"login": identity.login, "beamLines": sorted(identity.beamline_limit or ())}

        @ns.require("mx_write", link=True)
        @ns.returns(CurrentUserSchema)
        def post(self, identity, thing=0):
            """Tell who writes."""
            return {"login": identity.login}

    app = build_app("core", [ApiMount([ns])], site)
    yield app.test_client
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def signed(as_):
    """``signed("/path", method="POST")`` is a link of alice's."""

    def sign(url, *permissions, **more):
        answer = as_("alice", 7, *permissions).post(SIGN, json={"url": url, **more})
        assert answer.status_code == 201, answer.json
        return answer.json

    return sign


def test_a_link_works_once(signed, things, rows):
    link = signed(THINGS)
    assert link["url"] == f"{THINGS}?onetime={link['onetime']}"
    assert 9 <= link["expiresIn"] <= 10
    assert link["onetime"] not in rows(OnceToken)
    first, second = things().get(link["url"]), things().get(link["url"])
    assert (first.status_code, first.json["login"]) == (200, "alice")
    assert (second.status_code, second.mimetype) == (401, "application/problem+json")


def test_a_link_with_a_query(signed, things):
    link = signed(f"{THINGS}?b=2&a=1%2F3", query={"c": "x y", "e": ""})
    assert link["url"].startswith(f"{THINGS}?a=1%2F3&b=2&c=x+y&e=&onetime=")
    assert (
        things().get(f"{THINGS}?e=&c=x%20y&onetime={link['onetime']}&b=2&a=1/3").status_code == 200
    )


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", f"{THINGS}/5"),
        ("GET", f"{THINGS}?a=1"),
        ("GET", f"{THINGS}?a=1&b=2&c=3"),
        ("GET", f"{THINGS}?a=1&b=3"),
        ("GET", f"{THINGS}?a=1&b=2&b=2"),
        ("POST", f"{THINGS}?a=1&b=2"),
        ("HEAD", f"{THINGS}?a=1&b=2"),
    ],
)
def test_a_link_is_for_one_method_path_and_query(signed, things, method, path):
    link = signed(f"{THINGS}?a=1&b=2", "mx_write")
    other = f"{path}{'&' if '?' in path else '?'}onetime={link['onetime']}"
    assert things().open(other, method=method).status_code == 401
    assert things().get(link["url"]).status_code == 200


def test_a_link_may_do_what_its_maker_may(signed, things):
    assert things().post(signed(THINGS, method="POST")["url"]).status_code == 403
    allowed = things().post(signed(THINGS, "mx_write", method="POST")["url"])
    assert (allowed.status_code, allowed.json["login"]) == (200, "alice")


def test_a_link_of_a_program_keeps_its_limits(as_, things):
    program = as_("zocalo", None, service=True, beamlines=["i04"])
    link = program.post(SIGN, json={"url": THINGS}).json
    assert things().get(link["url"]).json["beamLines"] == ["i04"]


def test_of_two_who_use_a_link_at_once_one_gets_in(signed, things):
    for _ in range(5):
        url = signed(THINGS)["url"]
        with ThreadPoolExecutor(4) as pool:
            answers = [*pool.map(lambda client: client.get(url), [things() for _ in range(4)])]
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


def test_a_link_does_not_outlive_its_time(signed, things, engine):
    url = signed(THINGS)["url"]
    with engine.begin() as connection:
        over = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=2)
        connection.execute(update(OnceToken).values(expires=over))
    assert things().get(url).status_code == 401


def test_a_link_does_not_outlive_the_token_of_its_maker(as_):
    client = as_("alice", 7, exp=int(time.time()) + 4)
    assert client.post(SIGN, json={"url": THINGS}).json["expiresIn"] <= 4


def test_a_link_ends_with_the_login_of_its_maker(sign_in, bearer, things, app, later):
    """By logout, and by a refresh token that is used again."""
    first, second = sign_in("alice").json, sign_in("alice").json
    refresh = {"refreshToken": second["refreshToken"]}
    refreshed = [app.test_client().post(f"{ROOT}/auth/refresh", json=refresh) for _ in range(2)]
    pairs = [first, second, *(answer.json for answer in refreshed)]
    urls = [bearer(p["token"]).post(SIGN, json={"url": THINGS}).json["url"] for p in pairs]
    assert bearer(first["token"]).post(f"{ROOT}/auth/logout").status_code == 200
    later(RefreshToken, used=-1)
    assert app.test_client().post(f"{ROOT}/auth/refresh", json=refresh).status_code == 401
    assert [things().get(url).status_code for url in urls] == [401] * 4


def test_a_link_ends_with_the_token_of_its_program(as_, bearer, things):
    office = as_("admin", 1, "manage_tokens")
    issued = office.post(f"{ROOT}/auth/tokens", json={"name": "x", "permissions": ["mx_write"]})
    urls = [
        bearer(issued.json["token"]).post(SIGN, json={"url": THINGS}).json["url"] for _ in range(2)
    ]
    assert things().get(urls[0]).status_code == 200
    number = issued.json["ServiceToken"]["serviceTokenId"]
    assert office.delete(f"{ROOT}/auth/tokens/{number}").status_code == 200
    assert things().get(urls[1]).status_code == 401


@pytest.mark.parametrize(
    "sent, named",
    [
        ({}, "url"),
        ({"url": "/etc/passwd"}, "url"),
        ({"url": f"{THINGS}/{'x' * 2000}"}, "url"),
        ({"url": THINGS, "query": {"a": "x" * 2000}}, "url"),
        ({"url": THINGS, "method": "get"}, "method"),
        ({"url": THINGS, "query": {"a": {}}}, "query"),
        ({"url": "http://["}, "url"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_invalid_links_are_not_signed(as_, sent, named):
    answer = as_("alice", 7).post(SIGN, json=sent)
    assert (answer.status_code, [*answer.json["errors"]]) == (422, [named])


def test_a_link_needs_a_token_of_its_maker(app):
    assert app.test_client().post(SIGN, json={"url": THINGS}).status_code == 401
    assert app.test_client().get(f"{CURRENT}?onetime=x").status_code == 401


def test_mxcube_gets_the_permissions_by_the_name_in_its_model(as_):
    caller = as_("alice", 1, "mx_admin").get("/ispyb/mxcube/user/current").json
    assert (caller["Permissions"], "permissions" in caller) == (["mx_admin"], False)
