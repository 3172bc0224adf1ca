"""A worker of the server holds no thread for slow clients, answers health, and ends cleanly."""

import http.client
import os
import re
import select
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
import yaml

from gateway.bulkheads import SPARE, SPARE_FOR_WRITES, Bulkheads, kind_of
from gateway.worker import CLIENT_SECONDS
from shared.models import Laboratory
from tests.gateway.test_server import serving
from tests.processes import free_port

API = "/ispyb/api/v1"
LABORATORIES = f"{API}/contacts/labs"
POST = f"POST {LABORATORIES} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
THREADS = 4
PROMPT = 2  # seconds

pytestmark = pytest.mark.serial


class Alone(NamedTuple):
    """One service of a site, with one worker and a port of its own."""

    name: str
    port: int
    file: Path

    @contextmanager
    def serving(self):
        """Serve it; yield the process when the worker answers."""
        with serving(self.file, "--service", self.name) as (process, log):
            assert requests.get(f"http://127.0.0.1:{self.port}/health", timeout=30).ok
            yield process
            assert "Exception in worker process" not in log.read_text()


@pytest.fixture(scope="module")
def alone(site, engine, tmp_path_factory):
    """``alone("em")`` is that service."""

    def make(name):
        port = free_port()
        service = {**site["services"][name], "url": f"http://127.0.0.1:{port}"}
        gateway = {"workers": 1, "threads": THREADS}
        services = {**site["services"], name: service}
        file = tmp_path_factory.mktemp("served") / "site.yml"
        file.write_text(yaml.safe_dump({**site, "services": services, "gateway": gateway}))
        return Alone(name, port, file)

    return make


@pytest.fixture(scope="module")
def shared_port(alone):
    """The port of a core for the tests that do not end it."""
    core = alone("core")
    with core.serving():
        yield core.port


@pytest.fixture
def port(shared_port, clean):
    return shared_port


@pytest.fixture
def headers(token):
    """Those of a service token that reads everything and writes laboratories."""
    office = token("office", None, "uportal_sync", "all_proposals", service=True)
    return {"Authorization": f"Bearer {office}"}


def get(port, path, headers=None, timeout=PROMPT):
    return requests.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=timeout)


def post(port, headers, name="laboratory"):
    url = f"http://127.0.0.1:{port}{LABORATORIES}"
    return requests.post(url, json={"name": name}, headers=headers, timeout=30)


def check_prompt(port, headers):
    """Health, a request without the database and one with it are answered promptly."""
    for path in ("/health", f"{API}/health", f"{API}/swagger.json", f"{API}/proposals"):
        answer = get(port, path, headers)
        assert answer.ok, answer.text


def connect(port, text=""):
    sock = socket.create_connection(("127.0.0.1", port), timeout=10)
    sock.sendall(text.encode())
    return sock


def read_all(sock):
    """The bytes that come until the server closes."""
    pieces = []
    while piece := sock.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def statuses(answers):
    return [int(status) for status in re.findall(rb"HTTP/1\.\d (\d{3}) ", answers)]


def workers(process):
    """The ids of the processes that ``process`` has started."""
    return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()


def until(is_so, seconds=20):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# ---------------------------------------------------------------- slow clients


def test_slow_requests_hold_no_thread_and_are_closed(port, headers):
    """A connection between two requests stays: Kong keeps it, and may send a POST on it."""
    idle = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    idle.request("GET", "/health")
    idle.getresponse().read()
    slow = [
        "GET / HTTP/1.1\r\nHost: x\r\nX-A: ",
        "GET",
        f"{POST}Content-Length: 1000\r\n\r\n",
        f"{POST}Transfer-Encoding: chunked\r\n\r\n",
    ]
    held = [connect(port, text) for text in slow * 16]
    begun = time.monotonic()
    while time.monotonic() < begun + 12:
        check_prompt(port, headers)
        for sock in held:
            sock.sendall(b"1")
        time.sleep(1)
    ends = [statuses(read_all(sock)) for sock in held]
    assert time.monotonic() < begun + 20
    assert ends == [[408]] * len(held)
    assert time.monotonic() > begun + CLIENT_SECONDS
    idle.request("POST", LABORATORIES, "{}", headers)
    assert idle.getresponse().status == 415
    idle.close()


def test_clients_that_do_not_read_hold_no_thread_that_others_need(port, headers):
    """Each asks for more than the buffers of its socket take."""
    page = f"GET {API}/swagger.json HTTP/1.1\r\nHost: x\r\n\r\n" * 200
    health = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n" * 20_000
    deaf = [connect(port, page) for _ in range(3 * THREADS)]
    loud = connect(port)
    loud.setblocking(False)
    loud.send(health.encode())
    time.sleep(1.5)
    for path in ("/health", f"{API}/proposals"):
        assert get(port, path, headers).ok
    for sock in [*deaf, loud]:
        sock.close()


def test_bodies_that_arrive_have_a_bound_together(port, headers):
    """Eight of the largest size: of nine, one is refused."""
    held = [connect(port, f"{POST}Content-Length: {16 * 2**20}\r\n\r\n") for _ in range(9)]
    for sock in held:
        sock.sendall(b" " * (15 * 2**20))
    until(lambda: select.select(held, [], [], 0)[0])
    check_prompt(port, headers)
    (refused,) = select.select(held, [], [], 0)[0]
    assert statuses(read_all(refused)) == [503]
    for sock in held:
        sock.close()


# ---------------------------------------------------------------- forms of requests


def test_requests_may_come_in_any_form(port, headers):
    authorized = f"Authorization: {headers['Authorization']}\r\n"
    ready = "GET /ready HTTP/1.1\r\nHost: x\r\n"
    last = "Connection: close\r\n\r\n"
    chunks = "2;a=b\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n"
    write = POST + authorized
    chunked = f"{write}Transfer-Encoding: chunked\r\n\r\n{chunks}"
    measured = f"{write}Content-Length: 2\r\n\r\n{{}}"
    unread = f"{POST}Content-Length: 2\r\n\r\n{{}}"
    forms = {
        ready + last: [200],
        f"{ready}\r\n{measured}{chunked}{unread}{ready}{last}": [200, 422, 422, 401, 200],
        f"\r\n{ready}{last}": [200],
        "GET /ready HTTP/1.0\r\n\r\n": [200],
        "GET /health HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + ready + last: [200] * 4,
        f"HEAD /health HTTP/1.1\r\nHost: x\r\n{last}": [200],
        "nonsense\r\n\r\n": [400],
        "GET / HTTP/1.1\nHost: x\n\n": [400],
        f"{ready}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n": [400],
        f"{ready}X-A: {'a' * 9000}\r\n\r\n": [431],
        ready + "X-A: a\r\n" * 20_000: [431],
        f"{write}Content-Length: 99999999999\r\n\r\n": [413],
    }
    for text, codes in forms.items():
        assert statuses(read_all(connect(port, text))) == codes, text[:200]
    slow = connect(port)
    for byte in f"{measured}{chunked}{ready}{last}".encode():
        slow.send(bytes([byte]))
    assert statuses(read_all(slow)) == [422, 422, 200]
    with connect(port, f"{write}Content-Length: 2\r\nExpect: 100-continue\r\n{last}") as sock:
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"{}")
        assert statuses(read_all(sock)) == [422]


@pytest.mark.parametrize("size_line", ["zz", "-1", "0x2", "2\n{}\r\n0", "1" * 9000])
def test_a_chunk_of_no_size_ends_the_connection(port, headers, size_line):
    """The bytes behind it could be taken for another request."""
    authorized = f"Authorization: {headers['Authorization']}\r\n"
    smuggled = "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n"
    text = f"{POST}{authorized}Transfer-Encoding: chunked\r\n\r\n{size_line}\r\n{smuggled}"
    answers = read_all(connect(port, text))
    assert len(statuses(answers)) == 1 and b"Connection: close" in answers


def test_a_large_body_arrives_whole(port, headers):
    answer = post(port, headers, "a" * 200_000)
    assert (answer.status_code, [*answer.json()["errors"]]) == (422, ["name"])


# ---------------------------------------------------------------- bulkheads


@contextmanager
def locked(engine):
    """Let no laboratory be stored."""
    statement = "BEGIN IMMEDIATE"
    if engine.dialect.name != "sqlite":
        statement = "LOCK TABLES Laboratory WRITE"
    with engine.connect() as connection:
        raw = connection.connection.driver_connection.cursor()
        raw.execute(statement)
        try:
            yield
        finally:
            raw.execute("ROLLBACK" if engine.dialect.name == "sqlite" else "UNLOCK TABLES")


def test_reads_go_on_while_writes_wait_for_a_lock(port, headers, engine):
    with ThreadPoolExecutor(3 * THREADS) as pool, locked(engine):
        sent = [pool.submit(post, port, headers, f"{n}") for n in range(3 * THREADS)]
        time.sleep(1.5)
        begun = time.monotonic()
        while time.monotonic() < begun + 6:
            check_prompt(port, headers)
            time.sleep(0.2)
    answers = [future.result() for future in sent]
    assert {answer.status_code for answer in answers} <= {201, 503}
    refused = [a for a in answers if a.status_code == 503 and "of this kind" in a.json()["detail"]]
    assert refused
    for answer in refused:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json()["requestId"] == answer.headers["X-Request-ID"]
    with engine.connect() as connection:
        stored = connection.execute(Laboratory.__table__.select()).all()
    assert len(stored) == sum(answer.status_code == 201 for answer in answers)


def test_many_clients_of_one_route_are_all_answered(port, headers):
    def read(_):
        with requests.Session() as session:
            session.headers = headers
            url = f"http://127.0.0.1:{port}{API}/proposals"
            return [session.get(url, timeout=60).status_code for _ in "123456"]

    with ThreadPoolExecutor(16) as pool:
        assert [*pool.map(read, range(16))] == [[200] * 6] * 16


def test_no_kind_of_request_holds_all_threads():
    bulkheads = Bulkheads(THREADS)
    kinds = [kind_of("POST", f"{API}/kinds/{letter}") for letter in "abcdef"]
    read = kind_of("GET", f"{API}/kinds/a")
    for kind in kinds:
        while bulkheads.admits(kind):
            bulkheads.start(object(), kind)
    assert len(bulkheads) == THREADS
    assert not bulkheads.is_held(kinds[0]), "it works, and does not wait"
    time.sleep(1.1)
    assert bulkheads.is_held(kinds[0]) and not bulkheads.is_held(kinds[1])
    assert not bulkheads.admits(kinds[0]) and bulkheads.admits(read)
    for kind in kinds[1:]:
        while bulkheads.admits(kind):
            bulkheads.start(object(), kind)
        time.sleep(1.1)
    assert len(bulkheads) == THREADS + SPARE_FOR_WRITES
    assert bulkheads.is_held(kinds[-1]) and not bulkheads.is_held(read)
    for letter in "abc":
        key, kind = object(), kind_of("GET", f"{API}/kinds/{letter}")
        assert bulkheads.admits(kind)
        bulkheads.start(key, kind)
        bulkheads.finish(key)
    assert bulkheads.size == THREADS + SPARE


def test_a_kind_is_a_route_without_its_keys():
    assert kind_of("GET", "/a/12/b") == kind_of("GET", "/a/mx2-1/b") == (False, "GET /a/*/b")
    assert kind_of("PATCH", "/a/12") == kind_of("PATCH", "/a/%20") == (True, "PATCH /a/*")
    assert not kind_of("HEAD", "/a").writes


# ---------------------------------------------------------------- the end of a worker


def test_an_end_waits_for_requests_and_not_for_idle_connections(alone, clean, headers, engine):
    core = alone("core")
    port = core.port
    with core.serving() as process:
        idle = [requests.Session() for _ in range(20)]
        for session in idle:
            assert session.get(f"http://127.0.0.1:{port}/ready", timeout=30).ok
        silent = [connect(port) for _ in range(5)]
        kept = connect(port, "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"keep-alive" in kept.recv(65536)
        with ThreadPoolExecutor() as pool:
            with locked(engine):
                sent = pool.submit(post, port, headers)
                time.sleep(1)
                process.send_signal(signal.SIGTERM)
                time.sleep(0.2)
                kept.sendall(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n")
                answer = read_all(kept)
                assert statuses(answer) == [200] and b"Connection: close" in answer
                until(lambda: not is_open(port), PROMPT)
                assert [sock.recv(1) for sock in silent] == [b""] * 5
                time.sleep(0.5)
            assert sent.result().status_code == 201
        freed = time.monotonic()
        assert process.wait(10) == 0
        assert time.monotonic() < freed + PROMPT


class Balancer:
    """A client that keeps connections to several instances, as proxies do.

    It leaves out an instance that refuses connections, and never repeats what it sent.
    """

    def __init__(self, ports):
        self._ports = ports
        self._kept = {}
        self._turn = 0

    def get(self, path):
        for _ in self._ports:
            self._turn += 1
            port = self._ports[self._turn % len(self._ports)]
            try:
                connection = self._connection(port)
            except ConnectionRefusedError:
                continue
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            if answer.will_close:
                del self._kept[port]
            return answer.status
        raise AssertionError("no instance lets anybody in")

    def _connection(self, port):
        kept = self._kept.pop(port, None)
        if kept is None or select.select([kept.sock], [], [], 0)[0]:
            kept = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            kept.connect()
        self._kept[port] = kept
        return kept


def test_a_rolling_restart_fails_no_request(alone):
    one, other = alone("em"), alone("em")
    ended = threading.Event()

    def load():
        balancer, answers = Balancer([one.port, other.port]), []
        while not ended.is_set():
            answers.append(balancer.get("/ready"))
            time.sleep(0.002)
        return answers

    with one.serving() as first, other.serving() as second:
        with ThreadPoolExecutor(6) as pool:
            try:
                clients = [pool.submit(load) for _ in range(6)]
                time.sleep(0.5)
                first.send_signal(signal.SIGTERM)
                assert first.wait(20) == 0
                with one.serving() as again:
                    again.send_signal(signal.SIGHUP)
                    time.sleep(2)
                    second.send_signal(signal.SIGTERM)
                    assert second.wait(20) == 0
                    time.sleep(0.5)
                    ended.set()
                    answers = [status for client in clients for status in client.result()]
            finally:
                ended.set()
    assert len(answers) > 100
    assert {*answers} == {200}


def test_workers_end_with_their_master(alone):
    service = alone("em")
    port = service.port
    with service.serving() as process, requests.Session() as session:
        (worker,) = workers(process)
        assert session.get(f"http://127.0.0.1:{port}/ready", timeout=30).ok
        process.kill()
        process.wait(10)
        until(lambda: not is_open(port), PROMPT)
        until(lambda: has_ended(worker), 2 * PROMPT)


def has_ended(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


def is_open(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


# ---------------------------------------------------------------- figures


def count(port):
    """How often health was asked; that is not logged, and asks no database."""
    figures = get(port, "/metrics", timeout=30).text
    (number,) = re.findall(r'_count\{[^}]*route="/health"[^}]*\} (\S+)', figures)
    return float(number)


def test_figures_outlive_workers_and_need_no_file(alone):
    service = alone("em")
    port = service.port
    with service.serving() as process:
        maps = Path(f"/proc/{workers(process)[0]}/maps").read_text()
        assert {*re.findall(r"rw-s .* (/.*)", maps)} == {"/dev/zero (deleted)"}  # no file
        assert count(port) == 1
        for number, ending in enumerate((signal.SIGTERM, signal.SIGKILL), 2):
            (old,) = workers(process)
            os.kill(int(old), ending)
            until(lambda: workers(process) not in ([], [old]))
            assert get(port, "/health", timeout=30).ok
            assert count(port) == number
