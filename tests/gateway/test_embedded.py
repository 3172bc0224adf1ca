"""The embedded gateway routes as Kong does, and lets nobody speak in Kong's name."""

import json
import socket
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask, jsonify, request
from werkzeug.test import Client
from werkzeug.wrappers import Response

from gateway.app import create_app
from gateway.embedded import Gateway


def echo(name):
    """A service that tells what reached it."""
    app = Flask(name, static_folder=None)
    app.url_map.merge_slashes = False

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def tell(path):
        return jsonify(
            service=name,
            path=request.path,
            query=request.query_string.decode(),
            headers=dict(request.headers),
            body=request.get_data(as_text=True),
            uri=request.environ["RAW_URI"],
            script=request.environ["SCRIPT_NAME"],
        )

    return app


@pytest.fixture
def client(kong):
    """A client of a gateway whose services tell what they got."""
    services = {service["name"]: echo(service["name"]) for service in kong["services"]}
    return Client(Gateway(kong, services, lambda: Response("home")))


SPOOFED = {
    "X-Consumer-ID": "1",
    "X-Consumer-Username": "root",
    "X-Consumer-Custom-ID": "1",
    "X-Consumer-Groups": "admins",
    "x-consumer-anything": "1",
    "X-Credential-Identifier": "k1",
    "X-Anonymous-Consumer": "false",
    "X-Authenticated-Userid": "1",
}


def test_headers_of_kong_are_removed(client):
    request = client.get("/ispyb/api/v1/proposals", headers={**SPOOFED, "X-Fields": "a"}).json
    kept = {name.lower() for name in request["headers"]}
    assert kept.isdisjoint(name.lower() for name in SPOOFED)
    assert request["headers"]["X-Fields"] == "a"


def test_the_token_body_and_query_arrive(client):
    path = "/ispyb/api/v1/ssx/x?limit=3&search=a%20b"
    request = client.post(path, data="text", headers={"Authorization": "Bearer abc"}).json
    assert request["service"] == "ssx"
    assert request["headers"]["Authorization"] == "Bearer abc"
    assert request["body"] == "text"
    assert request["query"] == "limit=3&search=a%20b"
    assert request["uri"] == path


def test_a_request_has_a_name(client):
    request = client.get("/ispyb/api/v1/proposals").json
    assert len(request["headers"]["X-Request-Id"]) == 32
    request = client.get("/ispyb/api/v1/x", headers={"X-Request-ID": "mine-1"}).json
    assert request["headers"]["X-Request-Id"] == "mine-1"
    request = client.get("/ispyb/api/v1/x", headers={"X-Request-ID": "a" * 65}).json
    assert len(request["headers"]["X-Request-Id"]) == 32


@pytest.mark.parametrize(
    ("sent", "service", "path"),
    [
        ("/ispyb/api/v1/ssxfoo", "core", "/ispyb/api/v1/ssxfoo"),
        ("/ispyb/api/v1/auth/../proposals", "core", "/ispyb/api/v1/proposals"),
        ("/ispyb/api/v1/auth/%2e%2e/proposals", "core", "/ispyb/api/v1/proposals"),
        ("/ispyb/api/v1/auth/..%2fproposals", "auth", "/ispyb/api/v1/auth/../proposals"),
        ("/ispyb/api/v1/auth/%252e%252e/x", "auth", "/ispyb/api/v1/auth/%2e%2e/x"),
        ("//ispyb//api/v1/em/x", "em", "/ispyb/api/v1/em/x"),
        ("/ispyb/api/v1/proposals/MX%2F123", "core", "/ispyb/api/v1/proposals/MX/123"),
        ("/ispyb/api/v1/proposals/caf%C3%A9", "core", "/ispyb/api/v1/proposals/café"),
        ("/ispyb/mxcube/auth/x", "auth", "/ispyb/mxcube/auth/x"),
        ("/ispyb/mxcube/authx", "core", "/ispyb/mxcube/authx"),
        ("http://elsewhere/ispyb/api/v1/em", "em", "/ispyb/api/v1/em"),
    ],
)
def test_odd_paths_reach_who_kong_would_give_them_to(client, sent, service, path):
    request = client.get("/", environ_overrides={"RAW_URI": sent, "SCRIPT_NAME": "/x"}).json
    assert (request["service"], request["path"], request["script"]) == (service, path, "")


def test_a_server_that_keeps_no_raw_path_is_served_too(client):
    request = client.get(
        "/ispyb/api/v1/em//x", environ_overrides={"RAW_URI": "", "REQUEST_URI": ""}
    ).json
    assert (request["service"], request["path"]) == ("em", "/ispyb/api/v1/em/x")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ispyb/api/v2/x", 404),
        ("/ispyb/api/v1/%00", 400),
        ("/swaggerui/..%2f..%2fetc/passwd", 404),
    ],
)
def test_no_route_is_a_problem_document(client, path, status):
    answer = client.get(path, headers={"X-Request-ID": "mine"})
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["X-Request-ID"] == "mine"
    problem = json.loads(answer.data)
    assert problem["status"] == status
    assert problem["requestId"] == "mine"
    assert problem["title"] in ("Not Found", "Bad Request")


@pytest.mark.parametrize("path", ["/metrics", "/ready"])
@pytest.mark.parametrize(
    ("address", "forwarded", "status"),
    [
        ("127.0.0.1", None, 200),
        ("::1", None, 200),
        ("192.0.2.1", None, 404),
        ("127.0.0.1", "192.0.2.1", 404),  # somebody behind a proxy on this machine
        ("127.0.0.1", "127.0.0.1", 404),
        ("192.0.2.1", "127.0.0.1", 404),
    ],
)
def test_this_machine_alone_is_told_how_it_goes(client, path, address, forwarded, status):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    origin = {"REMOTE_ADDR": address}
    assert client.get(path, headers=headers, environ_overrides=origin).status_code == status


def test_the_page_is_at_the_root_only(client):
    assert client.get("/").data == b"home"
    assert client.head("/").status_code == 200
    assert client.post("/").status_code == 404


def test_the_api_root_has_the_specification_of_all(client, kong):
    answer = client.get("/ispyb/api/v1/openapi.json")
    assert answer.mimetype == "application/json"
    assert {"/ispyb/api/v1/auth/login", "/ispyb/api/v1/proposals"} <= answer.json["paths"].keys()
    assert client.get("/ispyb/api/v1/em/openapi.json").json["service"] == "em"


# ------------------------------------------------------------------ with the services themselves


def test_every_service_answers_through_it(server):
    for path, name in (("", "core"), ("/auth", "auth"), ("/ssx", "ssx"), ("/em", "em")):
        root = f"{server}/ispyb/api/v1{path}"
        health = requests.get(f"{root}/health", timeout=5)
        assert (health.status_code, health.json()["service"]) == (200, name)
        assert 'id="swagger-ui"' in requests.get(f"{root}/docs", timeout=5).text
        assert requests.get(f"{root}/swagger.json", timeout=5).json()["swagger"] == "2.0"
        assert requests.get(f"{root}/openapi.json", timeout=5).json()["openapi"] == "3.1.0"


def test_it_tells_how_it_goes(server):
    assert requests.get(f"{server}/ispyb/api/v1/em/health", timeout=5).status_code == 200
    assert requests.get(f"{server}/ready", timeout=5).json()["status"] == "ready"
    metrics = requests.get(f"{server}/metrics", timeout=5).text
    assert 'ispyb_request_seconds_count{method="GET",route="/ispyb/api/v1/em/health"' in metrics


def test_the_specification_of_core_alone_is_reachable(server):
    both, own = (
        requests.get(f"{server}/ispyb/api/v1{path}/openapi.json", timeout=5).json()["paths"]
        for path in ("", "/core")
    )
    assert "/ispyb/api/v1/proposals" in own and "/ispyb/api/v1/auth/login" not in own
    assert own.keys() < both.keys()


@pytest.mark.parametrize("path", ["/docs", "/ispyb/api/v1", "/ispyb/api/v1/"])
def test_short_paths_lead_to_the_documentation_of_all(server, path):
    answer = requests.get(server + path, timeout=5)
    assert answer.url == f"{server}/ispyb/api/v1/docs"
    assert 'data-document="/ispyb/api/v1/openapi.json"' in answer.text


def test_consumer_headers_open_nothing(server):
    answer = requests.get(f"{server}/ispyb/api/v1/proposals", headers=SPOOFED, timeout=5)
    assert answer.status_code == 401


def raw(server, request_line):
    """The status of a request that no client library would send so."""
    url = urlsplit(server)
    with socket.create_connection((url.hostname, url.port), timeout=5) as connection:
        connection.sendall(
            f"{request_line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        )
        return int(connection.makefile("rb").readline().split()[1])


@pytest.mark.parametrize(
    "path",
    [
        "/ispyb/api/v1/auth/login/../../proposals",
        "/ispyb/api/v1/docs/../proposals",
        "//ispyb/api/v1//proposals",
        "/ispyb/api/v1/%70roposals",
    ],
)
def test_tricks_with_the_path_still_need_a_token(server, path):
    assert raw(server, f"GET {path}") == 401


@pytest.mark.parametrize(
    "path",
    [
        "/ispyb/api/v1/docs/..%2fproposals",
        "/ispyb/api/v1/docs..;/proposals",
        "/ispyb/api/v1/ssxfoo",
    ],
)
def test_tricks_that_lead_nowhere(server, path):
    assert raw(server, f"GET {path}") == 404


def test_a_service_that_is_off_is_gone_and_the_rest_works(site, engine):
    services = {**site["services"], "ssx": {"enabled": False}}
    client = Client(create_app({**site, "services": services}))
    assert client.get("/ispyb/api/v1/em/health").status_code == 200
    assert client.get("/ispyb/api/v1/health").json["service"] == "core"
    assert client.get("/ispyb/api/v1/ssx/health").status_code == 404
    assert client.get("/ispyb/api/v1/ssx/docs").status_code == 404
    paths = client.get("/ispyb/api/v1/openapi.json").json["paths"]
    assert not [path for path in paths if "/ssx" in path]
    assert [path for path in paths if "/em" in path]
    page = client.get("/").text
    assert "/ispyb/api/v1/em/docs" in page
    assert "ssx" not in page
