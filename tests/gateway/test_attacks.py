"""A whole site answers /health promptly while clients try to occupy it."""

import gzip
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import yaml

from tests.gateway.test_server import serving
from tests.processes import free_port
from tests.rows import fill

pytestmark = pytest.mark.serial
API = "/ispyb/api/v1"
BOMBS, HALF_OPEN, CALLERS, CALLS = 100, 64, 8, 15
PROMPT = 2  # seconds
DEAR = ["/events?limit=500", "/autoproc/table?limit=500", "/data_collections?limit=500"]
DEAR += [
    "/autoproc/best?sessionId=1",
    "/samples?limit=500",
    "/beamline/statistics/histogram?parameter=energy",
]


@pytest.fixture
def url(site, engine, clean, tmp_path):
    """The address of a whole site on full tables, with the number of workers of a new site."""
    fill(engine)
    file, port = tmp_path / "site.yml", free_port()
    file.write_text(yaml.safe_dump({**site, "gateway": {"port": port}}))
    with serving(file):
        yield f"http://127.0.0.1:{port}"


def send_bombs(url):
    """The statuses of logins of 15 kB that unpack to five million lists."""
    body = gzip.compress(b"[" + b"[]," * 5_000_000 + b"[]]")
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    login = f"{url}{API}/auth/login"
    return {requests.post(login, body, headers=headers).status_code for _ in range(BOMBS)}


def call(url, token, number):
    """The statuses of the dearest lists, asked one after the other."""
    headers = {"Authorization": f"Bearer {token}"}
    paths = [DEAR[(number + turn) % len(DEAR)] for turn in range(CALLS)]
    return {requests.get(url + API + path, headers=headers).status_code for path in paths}


def test_health_is_prompt_whatever_clients_do(url, token):
    host, port = url.removeprefix("http://").split(":")
    half_open = [socket.create_connection((host, int(port))) for _ in range(HALF_OPEN)]
    for number, sock in enumerate(half_open):
        length = "" if number % 2 else "Content-Length: 100\r\n\r\n{"
        sock.sendall(f"POST {API}/auth/login HTTP/1.1\r\nHost: x\r\n{length}".encode())
    reader, over, seconds = token("reader", None, "all_proposals", service=True), False, []
    with ThreadPoolExecutor(CALLERS + 1) as pool:
        bombs = pool.submit(send_bombs, url)
        callers = [pool.submit(call, url, reader, number) for number in range(CALLERS)]
        while not over:
            over = bombs.done() and all(each.done() for each in callers)
            begin = time.monotonic()
            assert requests.get(f"{url}{API}/health", timeout=30).status_code == 200
            seconds.append(time.monotonic() - begin)
            time.sleep(0.05)
    [sock.close() for sock in half_open]
    assert bombs.result() == {415}
    assert set().union(*(each.result() for each in callers)) == {200}
    assert max(seconds) < PROMPT
