"""One command serves the site; it says what is wrong, and leaves nothing behind."""

import gzip
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path

import pytest
import requests
import yaml

from gateway.server import PortError, address, bind
from tests.processes import PATIENCE, end, free_port

pytestmark = pytest.mark.serial
SERVE = [sys.executable, "-c", "from services.cli import main; main()", "serve"]


@pytest.fixture
def file(site, engine, tmp_path):
    """The site as a file, on a free port."""
    path = tmp_path / "site.yml"
    gateway = {"port": free_port(), "workers": 2}
    path.write_text(yaml.safe_dump({**site, "gateway": gateway, "file_roots": ["/no/such"]}))
    return path


@contextmanager
def serving(file, *options, **variables):
    """Run the command in a session of its own until the block ends; yield its log."""
    log = file.with_suffix(".log")
    env = {**os.environ, "TMPDIR": str(file.parent), **variables}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*SERVE, "--site", str(file), *options],
            stdout=output,
            stderr=output,
            env=env,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not re.search("is open at|answers at", log.read_text()):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield process, log
    finally:
        end(process, signal.SIGINT)


def have_matplotlib(server):
    """Whether the processes of ``server`` have the library of plots before the first plot."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    for pid in (server.pid, *children):
        yield "ft2font" in Path(f"/proc/{pid}/maps").read_text()


def test_it_serves_the_site_and_ctrl_c_ends_everything(file):
    port = yaml.safe_load(file.read_text())["gateway"]["port"]
    root = f"http://127.0.0.1:{port}"
    with serving(file) as (process, log):
        for path in ("", "/auth", "/ssx", "/em"):
            assert requests.get(f"{root}/ispyb/api/v1{path}/health", timeout=5).ok
        assert {*have_matplotlib(process)} == {True}
        page = requests.get(root, timeout=5)
        assert "Test Light Source" in page.text
        answer = requests.get(
            f"{root}/ispyb/api/v1/x", headers={"SCRIPT_NAME": "/ispyb"}, timeout=5
        )
        assert answer.status_code == 404
        text = log.read_text()
        assert f"is open at {root}\n" in text
        assert "Warning: file_roots.0: there is no folder /no" in text.partition("is open")[0]
        assert "alice" in text
        assert f"{root}/ispyb/api/v1/auth/login" in text
    assert process.returncode == 0
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert "Traceback" not in log.read_text()


def test_one_service_alone_counts_the_requests_of_all_its_processes(file):
    port = free_port()
    site = yaml.safe_load(file.read_text())
    site["services"]["em"]["url"] = f"http://127.0.0.1:{port}"
    file.write_text(yaml.safe_dump(site))
    root = f"http://127.0.0.1:{port}"
    with serving(file, "--service", "em") as (process, log):
        assert {*have_matplotlib(process)} == {False}
        assert f"em answers at 127.0.0.1:{port}" in log.read_text()
        for _ in range(30):
            assert requests.get(f"{root}/health", timeout=5).json()["service"] == "em"
        assert requests.get(f"{root}/ispyb/api/v1/proposals", timeout=5).status_code == 404
        figures = requests.get(f"{root}/metrics", timeout=5).text
    count = re.search(r'ispyb_request_seconds_count\{[^}]*route="/health"[^}]*\} (\S+)', figures)
    assert float(count[1]) == 30


def raw(port, head, body=b""):
    """The first bytes of the answer to a POST of a login."""
    lines = ["POST /ispyb/api/v1/auth/login HTTP/1.1", "Host: x", "Content-Type: application/json"]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, head, "", ""]).encode() + body)
        answer = HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers["Content-Type"], answer.read()


@pytest.mark.serial
def test_a_body_is_refused_before_it_is_parsed(file):
    port, problem = yaml.safe_load(file.read_text())["gateway"]["port"], "application/problem+json"
    with serving(file) as (_, log):
        for size in (b"zz\r\n", b"0x2\r\n", b"2\n{}\n0\n\n", b"-2\r\n", b"\r\n"):
            answer = raw(port, "Transfer-Encoding: chunked", size + b"{}\r\n0\r\n\r\n")
            assert answer[:2] == (400, problem), (size, answer)
        assert raw(port, f"Content-Length: {2**24 + 1}")[:2] == (413, problem)  # none is sent
        large = b" " * (2**18 + 1)  # the operation takes less than the site
        assert raw(port, f"Content-Length: {len(large)}", large)[:2] == (413, problem)
        chunks = (b"10000\r\n" + b" " * 2**16 + b"\r\n") * 5 + b"0\r\n\r\n"
        assert raw(port, "Transfer-Encoding: chunked", chunks)[:2] == (413, problem)
        packed = gzip.compress(b"[" + b"[]," * 5_000_000 + b"[]]")
        started = time.monotonic()
        for _ in range(20):
            head = f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}"
            assert raw(port, head, packed)[:2] == (415, problem)
        assert time.monotonic() - started < 20  # it took 5 s of CPU for each
        assert requests.get(f"http://127.0.0.1:{port}/ispyb/api/v1/health", timeout=2).ok
    assert "Traceback" not in log.read_text()


def test_a_busy_port_is_one_clear_sentence(file):
    port = yaml.safe_load(file.read_text())["gateway"]["port"]
    with socket.create_server(("127.0.0.1", port)):
        done = subprocess.run([*SERVE, "--site", str(file)], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"Error: port {port} of 127.0.0.1 is in use by another program; choose another one\n"
    )


def test_a_site_that_cannot_start_is_told_and_leaves_nothing(file):
    site = yaml.safe_load(file.read_text())
    site["AUTH"][0]["dummy"]["AUTH_CLASS"] = "NoSuchClass"
    file.write_text(yaml.safe_dump(site))
    env = {**os.environ, "TMPDIR": str(file.parent)}
    command = [*SERVE, "--site", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 1
    assert "AUTH.0.dummy.AUTH_CLASS" in done.stderr
    assert "Traceback" not in done.stderr
    assert os.listdir(file.parent) == ["site.yml"]


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(PortError, match="is not free"):
        bind("192.0.2.1", free_port())
    with pytest.raises(PortError, match="there is no address"):
        bind("nowhere.invalid", 8000)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("http://em:8000", ("0.0.0.0", 8000)),
        ("http://em", ("0.0.0.0", 80)),
        ("http://localhost:8003", ("localhost", 8003)),
        (["http://127.0.0.1:8003", "http://127.0.0.1:8004"], ("127.0.0.1", 8003)),
    ],
)
def test_a_service_listens_where_the_gateway_looks_for_it(url, where):
    site = {"gateway": {"host": "127.0.0.1", "port": 8000}, "services": {"em": {"url": url}}}
    assert address(site, "em") == where
    assert address(site) == ("127.0.0.1", 8000)
