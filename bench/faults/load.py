"""Eight clients that read and write without a pause, and record each answer."""

import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import jwt
import requests

from shared import keys

CLIENTS = 8
PER_SECOND = 12  # of each client, if the site is as fast
PATIENCE = 10  # seconds that a client waits for an answer
API = "/ispyb/api/v1"
COLLECTIONS = 2  # of each new group, each with its position
COUNTERS = (1, 2)  # keys of the data collections whose numberOfImages clients increment
SHELLS = ("overall", "innerShell", "outerShell")
MIX = ["read"] * 5 + ["group"] * 2 + ["robot", "result", "message", "counter"]
KEYED = {"robot": "/beamline/robot_actions", "result": "/autoproc/results", "message": "/commands"}
READS = ["/sessions?limit=10", "/events?sessionId=1", "/data_collections?limit=10", "/samples"]
PERMISSIONS = ["mx_write", "processing_write", "all_proposals"]
Instances = list[tuple[str, requests.Session]]


@dataclass
class Try:
    """One request and its answer; ``status`` is None without an answer."""

    work: str
    marker: str
    """The text in the row of the request; tries with one marker are repeats."""
    request_id: str
    begin: float
    status: int | None = None
    reason: str = ""
    seconds: float = 0.0
    body: Any = field(default=None, repr=False)

    @property
    def done(self) -> bool:
        """Whether the site answered success."""
        return self.status is not None and self.status < 300


class Load:
    """Clients of the instances at ``urls``; ``prefix`` begins the markers of this run."""

    def __init__(self, prefix: str, urls: list[str], folder: Any, issuer: str):
        self.prefix, self.urls = prefix, urls
        self.tries: list[Try] = []
        self.probes: dict[str, list[tuple[float, bool]]] = {f"{API}/health": [], "/ready": []}
        self._numbers, self._over = count(1), threading.Event()
        kid, private = keys.signing_key(folder)
        now = int(time.time())
        claims = {"sub": "faults", "personId": None, "permissions": PERMISSIONS, "service": True}
        claims |= {"iss": issuer, "aud": "ispyb", "iat": now, "exp": now + 86_400}
        token = jwt.encode(claims | {"jti": uuid4().hex}, private, "RS256", headers={"kid": kid})
        self._bearer = {"Authorization": f"Bearer {token}"}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run clients and probes until the block ends."""
        threads = [
            *(threading.Thread(target=self._client, args=(n,)) for n in range(CLIENTS)),
            *(threading.Thread(target=self._probe, args=(path,)) for path in self.probes),
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def repeat(self) -> None:
        """Repeat each keyed request without a success, until the site answers it."""
        done = {each.marker for each in self.tries if each.done}
        open_ = {t.marker: t for t in self.tries if t.work in KEYED and t.marker not in done}
        instances = [(self.urls[0], requests.Session())]
        for each in open_.values():
            for _ in range(20):
                if self._write(instances, each.work, each.marker, each.body).done:
                    break
                time.sleep(0.2)

    # -------------------------------------------------------------------------------- clients

    def _client(self, number: int) -> None:
        """Ask the instances in turn."""
        chance = random.Random(f"{self.prefix}{number}")
        instances = [(url, requests.Session()) for url in self.urls]
        while not self._over.is_set():
            begin = time.monotonic()
            instances.append(instances.pop(0))
            work = chance.choice(MIX)
            if work == "read":
                self._send(instances, "GET", chance.choice(READS))
            elif work == "counter":
                self._count(instances, chance.choice(COUNTERS))
            else:
                marker = f"{self.prefix}-{next(self._numbers)}"
                self._write(instances, work, marker, self._body(work, marker, number))
            spent = time.monotonic() - begin
            self._over.wait(max(0.0, 1 / PER_SECOND - spent))

    def _body(self, work: str, marker: str, number: int) -> Any:
        session_id = number + 1
        if work == "group":
            members = [
                {"imagePrefix": f"{marker}-{n}", "Position": {"posX": n}}
                for n in range(COLLECTIONS)
            ]
            return {"sessionId": session_id, "comments": marker, "DataCollection": members}
        if work == "robot":
            return {"sessionId": session_id, "actionType": "LOAD", "message": marker}
        if work == "message":
            message = {"ispyb_command": "add_program_message", "program_id": 1, "severity": "INFO"}
            return {"ispyb_command_list": [{**message, "message": marker}]}
        statistics = [{"scalingStatisticsType": shell, "rMerge": 0.1} for shell in SHELLS]
        scaling = {"statistics": statistics, "integrations": [{"dataCollectionId": 1}]}
        program = {"processingPrograms": "faults", "processingCommandLine": marker}
        return {
            "program": {**program, "processingStatus": "success"},
            "autoProc": {"spaceGroup": "P 1", "scalings": [scaling]},
        }

    def _write(self, instances: Instances, work: str, marker: str, body: Any) -> Try:
        path = KEYED.get(work, "/data_collections/groups")
        headers = {"Idempotency-Key": marker} if work in KEYED else {}
        return self._send(instances, "POST", path, work, marker, headers, body)

    def _count(self, instances: Instances, key: int) -> None:
        """Increment a number of all clients with If-Match, which fails if it changed meanwhile."""
        path = f"/data_collections/{key}"
        seen = self._send(instances, "GET", path)
        if seen.done:
            tag = {"If-Match": seen.reason}
            body = {"numberOfImages": seen.body["numberOfImages"] + 1}
            self._send(instances, "PATCH", path, "counter", f"{key}", tag, body)

    def _send(
        self,
        instances: Instances,
        method: str,
        path: str,
        work: str = "read",
        marker: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
        body: Any = None,
    ) -> Try:
        """Ask the first instance that accepts a connection, as a gateway does; keep the answer."""
        made = Try(work, marker, uuid4().hex, time.monotonic(), body=body)
        headers = {**headers, **self._bearer, "X-Request-ID": made.request_id}
        for url, session in instances:
            try:
                answer = session.request(
                    method, url + API + path, headers=headers, json=body, timeout=PATIENCE
                )
            except requests.Timeout:
                made.reason = "hang"
            except requests.RequestException as error:
                made.reason = "no connection" if "refused" in str(error) else "cut off"
                if made.reason == "no connection":
                    continue
            else:
                made.status, made.reason = answer.status_code, answer.headers.get("ETag", "")
                if made.done and work == "read":
                    made.body = answer.json()
                elif not made.done:
                    made.reason = answer.text[:300]
            break
        made.seconds = time.monotonic() - made.begin
        self.tries.append(made)
        return made

    def _probe(self, path: str) -> None:
        while not self._over.is_set():
            begin = time.monotonic()
            good = False
            with suppress(requests.RequestException):
                good = requests.get(self.urls[0] + path, timeout=3).ok
            self.probes[path].append((begin, good))
            self._over.wait(0.2)
