"""Core as a site serves it, with its CPU and that of its MariaDB."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter, sleep

import yaml
from sqlalchemy import create_engine

from bench.facility.callers import ROOT, Answer, build_site, sign_token
from shared.db import engine_options
from tests.processes import end, free_port

SECONDS_TO_START = 300
TICKS = os.sysconf("SC_CLK_TCK")


class Connection:
    """A client's connection, which is kept; it costs this machine as little as can be."""

    def __init__(self, port: int, token: str):
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS_TO_START)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.headers = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"

    def get(self, path: str) -> Answer:
        """The answer to a GET below the root of the API."""
        return self._exchange(f"GET {ROOT}{path} HTTP/1.1\r\n{self.headers}\r\n".encode())

    def send(self, verb: str, path: str, body: bytes) -> Answer:
        """The answer to a write, which must succeed."""
        described = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        head = f"{verb} {ROOT}{path} HTTP/1.1\r\n{self.headers}{described}\r\n"
        answer = self._exchange(head.encode() + body)
        if answer.status not in (200, 201):
            raise RuntimeError(f"{verb} {path} answers {answer.status}: {answer.body.decode()}")
        return answer

    def _exchange(self, request: bytes) -> Answer:
        self.socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        (length,) = (int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        while len(body) < length:
            body += self._receive()
        return Answer(int(lines[0].split()[1]), body)

    def _receive(self) -> bytes:
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the service closed the connection")
        return data

    def close(self) -> None:
        self.socket.close()


class Site:
    """A running core."""

    def __init__(self, mariadb: int, process: subprocess.Popen, port: int, keys: Path):
        self.mariadb, self.process, self.port, self.keys = mariadb, process, port, keys

    def connect(self, caller: str) -> Connection:
        """A connection of a caller, with a token of its own."""
        return Connection(self.port, sign_token(self.keys, caller))

    def measure(self, path: str, caller: str, calls: int) -> tuple[float, float]:
        """CPU milliseconds of the service and of the database for a call."""
        connection = self.connect(caller)
        for _ in range(max(3, calls // 20)):
            connection.get(path)
        before = self.count_cpu()
        for _ in range(calls):
            connection.get(path)
        after = self.count_cpu()
        connection.close()
        service, database = ((b - a) * 1e3 / calls for a, b in zip(before, after))
        return service, database

    def list_times(self, path: str, caller: str, clients: int, calls: int) -> list[float]:
        """The seconds of each answer, sorted, to clients that call at the same time."""

        def work(connection: Connection) -> list[float]:
            times = []
            for _ in range(calls):
                begin = perf_counter()
                connection.get(path)
                times.append(perf_counter() - begin)
            connection.close()
            return times

        connections = [self.connect(caller) for _ in range(clients)]
        with ThreadPoolExecutor(clients) as pool:
            return sorted(time for times in pool.map(work, connections) for time in times)

    def count_cpu(self) -> tuple[float, float]:
        """CPU seconds of the processes of the service, and of the server of the database."""
        service = sum(map(_count_ticks, _list_family(self.process.pid)))
        return service / TICKS, _count_ticks(self.mariadb) / TICKS


def _find_server(uri: str) -> int:
    """The process of the MariaDB of ``uri``, which runs on this machine for us alone."""
    engine = create_engine(uri, **engine_options(uri, 1))
    with engine.connect() as connection:
        file = connection.exec_driver_sql("SELECT @@pid_file").scalar_one()
    engine.dispose()
    return int(Path(file).read_text())


def _list_family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from _list_family(int(child))


def _count_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])  # utime and stime


@contextmanager
def serve(uri: str) -> Iterator[Site]:
    """Core on the database ``uri``, by two workers."""
    port = free_port()
    with TemporaryDirectory(prefix="ispyb-bench-") as name:
        folder = Path(name)
        site = build_site(uri, folder / "keys")
        site["services"]["core"]["url"] = f"http://127.0.0.1:{port}"
        (folder / "site.yml").write_text(yaml.safe_dump(site))
        program = str(Path(sys.executable).parent / "ispyb-services")
        command = [program, "serve", "--site", "site.yml", "--service", "core"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--port", str(port)], cwd=folder, stdout=log, stderr=log
            )
        try:
            _await(process, port, folder / "log")
            yield Site(_find_server(uri), process, port, folder / "keys")
        finally:
            end(process)


def _await(process: subprocess.Popen, port: int, log: Path) -> None:
    deadline = monotonic() + SECONDS_TO_START
    while process.poll() is None and monotonic() < deadline:
        try:
            connection = Connection(port, "")
            connection.get("/health")
            connection.close()
            return
        except OSError:
            sleep(0.1)
    raise SystemExit(f"core does not start:\n{log.read_text()}")
