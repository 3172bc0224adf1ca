"""The processes under test: a MariaDB, a site or its instances, and a proxy."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from tests.mariadb import SAFE
from tests.processes import end, find, free_port

PASSWORD = "faults"  # of a server that listens on the loopback address and lives for minutes
SECONDS_TO_START = 60
SERVE = [sys.executable, "-c", "from services.cli import main; main()", "serve"]
CONNECTIONS = 60


def wait_for(is_so: Callable[[], Any], seconds: float, what: str) -> None:
    """Return when ``is_so()`` is true; RuntimeError after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


class Database:
    """A durable MariaDB, as a site has it, which can be started again after a kill."""

    def __init__(self, folder: Path):
        self.folder, self.port = folder, free_port()
        for name in ("data", "tmp"):
            (folder / name).mkdir(parents=True)
        self._common = [f"--datadir={folder}/data", f"--tmpdir={folder}/tmp"]
        if os.geteuid() == 0:
            self._common.append("--user=root")
        install = [find("mariadb-install-db", "mariadb-server"), "--no-defaults", "--skip-test-db"]
        subprocess.run([*install, *self._common], check=True, capture_output=True)
        (folder / "init.sql").write_text(
            f"CREATE USER IF NOT EXISTS ispyb@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
            "GRANT ALL ON *.* TO ispyb@'127.0.0.1';\n"
            f"CREATE USER IF NOT EXISTS site@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
            "GRANT ALL ON ispyb.* TO site@'127.0.0.1';\n"
            "GRANT ALL ON ispyb_services.* TO site@'127.0.0.1';\n"  # no SUPER: read_only binds it
            "CREATE DATABASE IF NOT EXISTS ispyb CHARACTER SET latin1;\n"
            "CREATE DATABASE IF NOT EXISTS ispyb_services CHARACTER SET utf8mb4;\n"
        )
        self.process: subprocess.Popen
        self.engine = create_engine(self.uri("ispyb"), pool_pre_ping=True)

    def uri(self, user: str, port: int | None = None) -> str:
        """The URI of the database for ``user``, behind the proxy at ``port`` if there is one."""
        return f"mysql://{user}:{PASSWORD}@127.0.0.1:{port or self.port}/ispyb?charset=utf8mb4"

    def start(self) -> None:
        """Start the server on its stored data, and wait until it answers."""
        command = [
            *(find("mariadbd", "mariadb-server"), "--no-defaults", "--bind-address=127.0.0.1"),
            *("--skip-name-resolve", f"--port={self.port}", f"--socket={self.folder}/socket"),
            *(f"--init-file={self.folder}/init.sql", f"--max-connections={CONNECTIONS}"),
            *(*self._common, *SAFE),
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True
            )
        wait_for(self.answers, SECONDS_TO_START, "mariadbd starts")

    def answers(self) -> bool:
        """Whether the server accepts a new connection."""
        try:
            self.execute("SELECT 1")
        except DBAPIError:
            return False
        return True

    def execute(self, statement: str) -> list:
        """Run one statement outside of any transaction; return its rows."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            result = connection.execute(text(statement))
            return list(result) if result.returns_rows else []

    def kill(self) -> None:
        """End the server as a power cut would."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End the server and remove its data."""
        self.engine.dispose()
        self.process.send_signal(signal.SIGCONT)
        end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)


class SmallDisk:
    """A disk of a few megabytes that can be filled; root alone may mount one."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
        subprocess.run(mount, check=True, capture_output=True)

    def fill(self) -> None:
        """Fill the disk to the last byte."""
        with suppress(OSError), (self.folder / "filling").open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

    def clear(self) -> None:
        """Remove the filling file."""
        (self.folder / "filling").unlink()

    def close(self) -> None:
        """Unmount it."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


class Server:
    """A running ``ispyb-services serve``: of a whole site, or of one of its services.

    ``places`` are the folders of its temporary files (``tmp``) and of its log (``log``), where
    they are not the usual ones.
    """

    def __init__(self, folder: Path, site: dict, only: str | None, places: dict[str, Path]):
        self.folder, self.only, self.port = folder, only, free_port()
        self.log = places.get("log", folder) / "log"
        self._env = {**os.environ, "TMPDIR": str(places["tmp"])} if "tmp" in places else None
        self.url = f"http://127.0.0.1:{self.port}"
        site = {**site, "gateway": {"host": "127.0.0.1", "port": self.port}}
        if only:
            site["services"] = {**site["services"], only: {"url": self.url}}
        folder.mkdir(exist_ok=True)
        (folder / "site.yml").write_text(yaml.safe_dump(site))
        self.process: subprocess.Popen

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [*SERVE, "--site", str(self.folder / "site.yml")]
        command += ["--service", self.only] if self.only else []
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, env=self._env
            )
        wait_for(self._lives, SECONDS_TO_START, "the site starts")

    def _lives(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(self.log.read_text()[-2000:])
        try:
            return requests.get(f"{self.url}/ispyb/api/v1/health", timeout=1).ok
        except requests.RequestException:
            return False

    def workers(self) -> list[int]:
        """The ids of the processes that answer."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def close(self) -> None:
        """End it."""
        end(self.process)


class Proxy:
    """A TCP proxy in front of ``port``, which can delay or drop packets, or cut connections."""

    def __init__(self, port: int):
        self.delay = 0.0  # seconds that each packet to the server takes
        self._target, self._open = port, set[socket.socket]()
        self._dead: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                if self._listener.fileno() < 0:
                    return
                client.close()
                continue
            self._open |= {client, server}
            for pair in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._forward, args=pair, daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, delayed: bool) -> None:
        try:
            while data := source.recv(65536):
                if delayed and self.delay:
                    time.sleep(self.delay)
                if source not in self._dead:
                    target.sendall(data)
        except OSError:
            pass  # one end was closed: the other one is closed too
        finally:
            if source not in self._dead:
                for side in (source, target):
                    self._open.discard(side)
                    with suppress(OSError):  # wakes the other thread, which would keep it open
                        side.shutdown(socket.SHUT_RDWR)
                    side.close()

    def swallow(self) -> None:
        """Drop from now on all packets of the connections that are open; new ones work."""
        self._dead |= self._open

    def end_swallowed(self) -> None:
        """Close both ends of those connections, as keep-alive does."""
        dead, self._dead = self._dead, set()
        for each in dead:
            with suppress(OSError):  # it is closed already
                each.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Close the connections that are open."""
        for each in list(self._open):
            with suppress(OSError):  # it is closed already
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop, and close all connections."""
        self._listener.close()
        self.cut()
