"""Applications from a site file run under any WSGI server: here that of Python's library."""

import http.client
import importlib
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import pytest
import yaml

from tests.conftest import SERVICES

ROOT = "/ispyb/api/v1"
PATHS = {"core": "/proposals", "auth": "/user/current", "ssx": "/ssx/data_collections"}
PATHS |= {"em": "/em/atlases"}


class Quiet(WSGIRequestHandler):
    """The handler of requests, without lines on standard error."""

    def log_message(self, *_):
        pass


@pytest.fixture
def serve(site, tmp_path, clean):
    """``serve(module)`` is the address of ``create_app(site file)`` of that module."""
    path, servers = tmp_path / "site.yml", []
    path.write_text(yaml.safe_dump(site))

    def start(module):
        application = validator(importlib.import_module(module).create_app(str(path)))
        server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return server.server_address

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def get(address, path, token):
    connection = http.client.HTTPConnection(*address, timeout=60)
    connection.request("GET", ROOT + path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_alone(serve, token, service):
    address = serve(f"services.{service}.app")
    assert get(address, PATHS[service], token("alice", 1)) == 200
    assert get(address, PATHS[service], "none") == 401


def test_all_services_run_behind_the_embedded_gateway(serve, token):
    address = serve("gateway.app")
    for path in PATHS.values():
        assert get(address, path, token("alice", 1)) == 200
