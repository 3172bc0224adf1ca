"""The edges of every service: one shape of errors, ETags, and edits that do not overtake."""

import gzip
import threading

import pytest
from sqlalchemy import select

from shared.api import Namespace, ProblemSchema
from shared.db import db
from shared.models import Person, Proposal
from shared.service_tables import Activity

ROOT = "/ispyb/api/v1"
URL = f"{ROOT}/proposals"
OFFICE = ("office", None, "uportal_sync", "all_proposals")
BODY = {"personId": 1, "proposalCode": "mx", "proposalNumber": "1"}
JSON = {"content_type": "application/json"}
GZIP = {"Content-Encoding": "gzip"}


@pytest.fixture
def leader(add):
    add(Person(personId=1, login="leader", familyName="Müller"))


@pytest.fixture
def proposal(leader, add):
    add(Proposal(proposalId=7, **BODY))


@pytest.fixture
def office(as_):
    return as_(*OFFICE)


@pytest.mark.parametrize(
    "method, url, kwargs, status",
    [
        ("get", "/nowhere", {}, 404),
        ("get", f"{URL}/7/nowhere", {}, 404),
        ("get", f"{URL}/2abc", {}, 404),
        ("get", f"{URL}/{2**70}", {}, 404),
        ("get", f"{ROOT}/contacts/persons/{2**32}", {}, 404),
        ("get", f"{ROOT}/contacts/persons/-1", {}, 404),
        ("get", f"{ROOT}/contacts/persons/{2**70}", {}, 404),
        ("get", f"{URL}/%E2%82%AC1", {}, 404),
        ("delete", URL, {}, 405),
        ("get", f"{URL}?limit=0", {}, 422),
        ("get", f"{URL}?limit={2**70}", {}, 422),
        ("get", f"{URL}?propsalCode=mx", {}, 422),
        ("get", f"{URL}?title=%00", {}, 422),
        ("post", URL, {"data": "{", **JSON}, 400),
        ("post", URL, {"data": "", **JSON}, 400),
        ("post", URL, {"data": "[1,", **JSON}, 400),
        ("post", URL, {"data": b"\xff\xfe", **JSON}, 400),
        ("post", URL, {"data": '{"title": NaN}', **JSON}, 400),
        ("post", URL, {"data": '{"title": Infinity}', **JSON}, 400),
        ("post", URL, {"data": '{"title": "\\ud800"}', **JSON}, 400),
        ("post", URL, {"data": "[" * 5000 + "]" * 5000, **JSON}, 400),
        ("post", URL, {"data": '{"a":' * 900, **JSON}, 400),
        ("post", URL, {"data": '{"a":' * 1001, **JSON}, 413),
        ("post", URL, {"data": "[" + "[]," * 10_000, **JSON}, 413),
        ("post", URL, {"data": b" " * 2**18 + b"{}", **JSON}, 413),
        ("post", URL, {"data": gzip.compress(b"{}"), **JSON, "headers": GZIP}, 415),
        ("post", URL, {"data": "a=1"}, 415),
        ("post", URL, {"data": "{}", "content_type": "text/plain"}, 415),
        ("post", URL, {"data": "{}", **JSON, "headers": {"Content-Encoding": "br"}}, 415),
        ("post", URL, {"json": []}, 422),
        ("post", URL, {"json": "text"}, 422),
        ("post", URL, {"data": "null", **JSON}, 422),
        ("post", URL, {"json": {**BODY, "nope": 1}}, 422),
        ("post", URL, {"json": {**BODY, "proposal": 3}}, 422),
        ("post", URL, {"json": {**BODY, "title": "x" * 201}}, 422),
        ("post", URL, {"json": {**BODY, "title": "日本"}}, 422),
        ("post", URL, {"json": {**BODY, "title": 5}}, 422),
        ("post", URL, {"json": {**BODY, "title": {"a": 1}}}, 422),
        ("post", URL, {"json": {**BODY, "title": "a\0b"}}, 422),
        ("post", URL, {"json": {**BODY, "state": "Nearly"}}, 422),
        ("post", URL, {"json": {**BODY, "personId": -1}}, 422),
        ("post", URL, {"json": {**BODY, "personId": 2**32}}, 422),
        ("post", URL, {"data": '{"personId": 1e400}', **JSON}, 400),
        ("post", URL, {"data": '{"personId": ' + "9" * 5000 + "}", **JSON}, 400),
        ("post", URL, {"json": {**BODY, "personId": True}}, 422),
        ("post", URL, {"json": {**BODY, "startDate": "yesterday"}}, 422),
        ("post", URL, {"json": {**BODY, "startDate": "2024-05-01T10:00:00Z"}}, 422),
        ("post", URL, {"json": {**BODY, "externalId": "xyz"}}, 422),
        ("post", URL, {"json": BODY, "headers": {"Idempotency-Key": "a b"}}, 400),
        ("get", URL, {"headers": {"X-Fields": "{"}}, 422),
        ("get", URL, {"headers": {"X-Fields": "{a" * 3000 + "}" * 3000}}, 422),
    ],
)
def test_every_error_is_a_problem(office, leader, method, url, kwargs, status):
    response = getattr(office, method)(url, **kwargs)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    assert response.json["status"] == status
    assert response.json.keys() - {"errors"} == {"type", "title", "status", "detail", "requestId"}
    assert response.headers["X-Request-ID"] == response.json["requestId"]
    assert ("errors" in response.json) is (status == 422)
    assert office.get(URL).json["total"] == 0


def test_a_problem_keeps_the_headers_of_its_error(app):
    assert "POST" in app.test_client().delete(URL).headers["Allow"]


def test_a_bug_leaves_without_its_trace(app, as_, monkeypatch):
    app.testing = False
    monkeypatch.setattr("services.core.modules.people.proposals.proposals.list_", lambda *_: 1 / 0)
    response = as_("alice", 1).get(URL)
    assert (response.status_code, response.mimetype) == (500, "application/problem+json")
    assert "division" not in response.text


@pytest.mark.parametrize("given, kept", [("a-1.b", True), ("x" * 65, False), ("a b", False)])
def test_the_gateway_names_the_request(app, given, kept):
    answer = app.test_client().get("/health", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) is kept


@pytest.mark.parametrize("origin, allowed", [("https://ispyb.example.org", True), ("x", False)])
def test_known_pages_may_call(app, origin, allowed):
    answer = app.test_client().get(f"{ROOT}/health", headers={"Origin": origin})
    assert (answer.headers.get("Access-Control-Allow-Origin") == origin) is allowed
    assert ("ETag" in answer.headers.get("Access-Control-Expose-Headers", "")) is allowed
    assert answer.headers.getlist("Vary") == ["Origin"]


def test_a_cache_keeps_answers_apart_by_origin(app):
    """One that is stored for a request without an origin is not given to a page of another."""
    for path in (f"{ROOT}/health", URL):
        answer = app.test_client().get(path)
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers.getlist("Vary") == ["Origin"]


@pytest.mark.parametrize(
    "proto, scheme", [("https", "https"), ("http", "http"), ("https,http", "http"), (None, "http")]
)
def test_a_redirect_keeps_the_scheme_of_the_proxy(app, proto, scheme):
    headers = {"Host": "ispyb.example.org"} | ({"X-Forwarded-Proto": proto} if proto else {})
    answer = app.test_client().get("/ispyb//api/v1/health", headers=headers)
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"{scheme}://ispyb.example.org/ispyb/api/v1/health"


@pytest.mark.parametrize(
    "order", ["require returns takes", "takes require returns", "takes streams require"]
)
def test_decorators_in_another_order_are_refused(order):
    ns = Namespace("orders")
    decorators = {
        "require": ns.require(),
        "takes": ns.takes(ProblemSchema),
        "returns": ns.returns(ProblemSchema),
        "streams": ns.streams("image/png"),
    }

    def post(resource, identity, data):
        return data

    decorated = decorators["require"](decorators["takes"](decorators["returns"](post)))
    assert decorated.__name__ == "post"
    with pytest.raises(TypeError, match="post: from top to bottom"):
        for name in reversed(order.split()):
            post = decorators[name](post)


# ------------------------------------------------------------------------------ ETag


@pytest.mark.parametrize("url", [URL, f"{URL}/7"])
def test_an_unchanged_answer_is_not_sent_again(office, proposal, url):
    tag = office.get(url).headers["ETag"]
    again = office.get(url, headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    office.patch(f"{URL}/7", json={"title": "new"})
    changed = office.get(url, headers={"If-None-Match": tag})
    assert changed.status_code == 200 and changed.headers["ETag"] != tag


def test_a_patch_keeps_absent_fields_and_clears_null_ones(office, proposal):
    before = office.patch(f"{URL}/7", json={"title": "one", "proposalType": "MX"}).json
    after = office.patch(f"{URL}/7", json={"title": None}).json
    assert after == {**before, "title": None}


def test_an_edit_of_a_changed_row_is_refused(office, proposal):
    tag = office.get(f"{URL}/7").headers["ETag"]
    match = {"If-Match": tag}
    first = office.patch(f"{URL}/7", json={"title": "first"}, headers=match)
    second = office.patch(f"{URL}/7", json={"title": "second"}, headers=match)
    assert (first.status_code, second.status_code) == (200, 412)
    assert office.get(f"{URL}/7").json["title"] == "first"
    assert office.get(f"{URL}/7").headers["ETag"] == first.headers["ETag"]
    any_ = office.patch(f"{URL}/7", json={"title": "third"}, headers={"If-Match": "*"})
    assert any_.json["title"] == "third"


def test_one_of_simultaneous_edits_wins(as_, proposal):
    clients = [as_(f"office{number}", None, *OFFICE[2:]) for number in range(4)]
    tag = clients[0].get(f"{URL}/7").headers["ETag"]
    start, statuses = threading.Barrier(len(clients)), {}

    def edit(number):
        start.wait()
        given = {"json": {"title": f"edit {number}"}, "headers": {"If-Match": tag}}
        statuses[number] = clients[number].patch(f"{URL}/7", **given).status_code

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(len(clients))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(statuses.values()) == [200, 412, 412, 412]
    winner = next(number for number, status in statuses.items() if status == 200)
    assert clients[0].get(f"{URL}/7").json["title"] == f"edit {winner}"


# ------------------------------------------------------------------------------ the record


def test_every_change_is_in_the_audit_trail(app, office, leader):
    made = office.post(URL, json={**BODY, "title": "secret"}, headers={"X-Request-ID": "r1"})
    office.post(URL, json={**BODY, "nope": 1})
    office.get(URL)
    with app.app_context():
        (line,) = db.session.scalars(select(Activity)).all()
        assert made.status_code == line.status == 201
        assert (line.login, line.action, line.path) == ("office", "POST", URL)
        assert (line.service, line.requestId) == ("core", "r1")
        assert line.fields == "personId,proposalCode,proposalNumber,title"


@pytest.mark.parametrize("levels, status", [(20, 422), (60, 400), (900, 400), (9000, 400)])
@pytest.mark.parametrize("begin, end", ["[]", ('{"a":[', "]}")])
def test_no_body_is_too_deep_to_walk_through(as_, begin, end, levels, status):
    command = '{"ispyb_command": "add_program_message", "program_id": %s}'
    body = command % (begin * levels + end * levels)
    zocalo = as_("zocalo", None, "processing_write")
    answer = zocalo.post(f"{ROOT}/commands", data=body, content_type="application/json")
    assert answer.status_code == status
