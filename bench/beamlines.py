"""MXCuBE's calls at a running site: of one beamline alone, and of eight at the same time.

Each beamline is a process that calls as fast as it is answered, in the order in which MXCuBE does
for an experiment, and like MXCuBE opens a connection for each call.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter, sleep
from typing import Any

import yaml
from sqlalchemy import create_engine, insert

from bench.rows import BEAMLINES
from shared import keys
from shared.db import engine_options
from shared.models import (
    BLSample,
    Container,
    Crystal,
    Detector,
    Dewar,
    Person,
    ProcessingPipeline,
    Proposal,
    Protein,
    Shipping,
)
from tests.processes import end, free_port

FIRST = 80_000  # first key of the rows of beamlines, a multiple of their number: one puck each
SAMPLES = 16
EXPERIMENTS = {1: 160, BEAMLINES: 60}  # of each beamline, by how many there are
WARM = 5  # experiments of each beamline before
SECONDS_TO_START = 60
SETUP = {
    "synchrotronMode": "uniform",
    "synchrotron_name": "RING",
    "undulators": [{"type": "U18"}],
    "monochromator_type": "Si(111)",
    "detector_manufacturer": "DECTRIS",
    "detector_model": "EIGER2 X 16M",
}
SEQUENCE = {
    "start": 12.0,
    "range": 0.1,
    "offset": 0.0,
    "number_of_images": 1800,
    "start_image_number": 1,
    "number_of_passes": 1,
    "exposure_time": 0.005,
    "kappaStart": -9999,
    "phiStart": -9999,
}
PUCK = {"code": "PUCK-1", "containerStatus": "processing", "sampleChangerLocation": "1"}
Answer = Any
Times = dict[str, list[float]]


def fill(uri: str) -> None:
    """Add a detector to a database of sessions, and a user with a puck for each beamline."""
    engine = create_engine(uri, **engine_options(uri, 1))
    rows_by_table: dict[Any, list[dict]] = {}
    model = {"detectorManufacturer": "DECTRIS", "detectorModel": "EIGER2 X 16M"}
    rows_by_table[Detector] = [{"detectorId": FIRST, **model}]
    pipeline = {"name": "xia2", "discipline": "MX"}
    rows_by_table[ProcessingPipeline] = [{"processingPipelineId": 6, **pipeline}]  # a default
    for key in range(FIRST, FIRST + BEAMLINES):
        for table, row in (
            (Person, {"personId": key, "login": _login(key - FIRST)}),
            (Proposal, {"personId": key, "proposalCode": "MX", "proposalNumber": str(key)}),
            (Protein, {"proposalId": key, "acronym": "LYS"}),
            (Crystal, {"proteinId": key, "spaceGroup": "P43212", "cell_a": 78.1}),
            (Shipping, {"proposalId": key}),
            (Dewar, {"shippingId": key}),
            (Container, {"dewarId": key, "beamlineLocation": _beamline(key), **PUCK}),
        ):
            row = {f"{table.__name__[0].lower()}{table.__name__[1:]}Id": key, **row}
            rows_by_table.setdefault(table, []).append(row)
        held = {"crystalId": key, "containerId": key, "blSampleStatus": "processing"}
        places = range(1, SAMPLES + 1)
        samples = [{**held, "name": f"lys-x{n}", "location": str(n)} for n in places]
        rows_by_table.setdefault(BLSample, []).extend(samples)
    with engine.begin() as connection:
        for table, rows in rows_by_table.items():
            connection.execute(insert(table.__table__), rows)
    engine.dispose()


def _login(number: int) -> str:
    return f"user{number}"


def _beamline(number: int) -> str:
    return f"i{number % BEAMLINES:02}"


@contextmanager
def site(uri: str) -> Iterator[int]:
    """A whole site on the database ``uri``, as ``make run`` starts it; yields its port."""
    users = [
        {"login": _login(n), "token": _login(n), "password": _login(n)} for n in range(BEAMLINES)
    ]
    plugin = {
        "AUTH_MODULE": "services.auth.plugins.dummy",
        "AUTH_CLASS": "DummyAuthentication",
        "CONFIG": {"users": users},
    }
    port = free_port()
    with TemporaryDirectory(prefix="ispyb-bench-") as folder:
        keys.new(Path(folder, "keys"))
        Path(folder, "site.yml").write_text(
            yaml.safe_dump(
                {
                    "site": {"name": "Bench", "mode": "demo"},
                    "database": {"uri": uri},
                    "tokens": {"issuer": f"http://127.0.0.1:{port}", "keys": "keys"},
                    "services": {"auth": {}, "core": {"dialects": ["mxcube"]}},
                    "AUTH": [{"keycloak": plugin}],
                    "beamlines": [_beamline(n) for n in range(BEAMLINES)],
                    "file_roots": [folder],
                    "limits": {"requests_per_minute": 1_000_000},
                    "gateway": {"host": "127.0.0.1", "port": port},
                }
            )
        )
        command = [Path(sys.executable).parent / "ispyb-services", "serve", "--site", "site.yml"]
        process = subprocess.Popen(
            command, cwd=folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            _await(process, port)
            yield port
        finally:
            end(process)


def _await(process: subprocess.Popen, port: int) -> None:
    deadline = monotonic() + SECONDS_TO_START
    while process.poll() is None and monotonic() < deadline:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS_TO_START)
            connection.request(
                "GET", "/ispyb/api/v1/health"
            )  # the port is open long before the site answers
            connection.getresponse().read()
            return
        except OSError:
            sleep(0.1)
    raise SystemExit("the site does not start")


class Beamline:
    """A user at a beamline, with the times of all calls."""

    def __init__(self, port: int, number: int):
        self.port, self.number, self.times = port, number, Times()
        self.headers = {"Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None, of: str = "") -> Answer:
        """The answer of a call, which must succeed; its time is kept by its path, or by ``of``."""
        data = None if body is None else json.dumps(body)
        begin = perf_counter()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, f"/ispyb/mxcube/{path}", data, self.headers)
        response = connection.getresponse()
        answer = response.read()
        self.times.setdefault(f"{method} {of or path}", []).append(perf_counter() - begin)
        connection.close()
        if response.status not in (200, 201):
            raise RuntimeError(f"{method} {path} answers {response.status}: {answer.decode()}")
        result = json.loads(answer)
        return result.get("results", result) if isinstance(result, dict) else result

    def sign_in(self) -> int:
        """The session that is made at the first login of a day."""
        credentials = {
            "plugin": "keycloak",
            "login": _login(self.number),
            "token": _login(self.number),
        }
        token = self.call("POST", "auth/login", credentials)["token"]
        self.headers["Authorization"] = f"Bearer {token}"
        name, today = _beamline(self.number), datetime(2026, 11, 20)
        (proposal,) = self.call("GET", "proposals")
        query = f"proposal=MX{proposal['proposalNumber']}&beamLineName={name}"
        query += f"&year={today.year}&month={today.month}&day={today.day}"
        if sessions := self.call("GET", f"sessions?{query}", of="sessions"):
            return sessions[0]["sessionId"]
        session = {
            "proposalId": str(proposal["proposalId"]),
            "startDate": f"{today.isoformat()}.000000Z",
            "endDate": f"{(today + timedelta(days=2)).isoformat()}.000000Z",
            "beamLineName": name,
            "comments": "Session created by the BCM",
            "scheduled": False,
        }
        return self.call("POST", "sessions", session)["sessionId"]

    def experiment(self, session: int, number: int) -> None:
        """A sample loaded, an energy scan, and a data collection from begin to end."""
        place = f"proposal=MX{FIRST + self.number}&beamLineName={_beamline(self.number)}"
        samples = self.call("GET", f"samples?{place}", of="samples")
        sample = {"blSampleId": samples[number % len(samples)]["blSampleId"]}
        when = datetime(2026, 11, 20, 8) + timedelta(minutes=number)
        event = {"sessionId": session, **sample, "startTime": str(when), "endTime": str(when)}
        loaded = {"startTimestamp": str(when), "endTimestamp": str(when), "status": "SUCCESS"}
        loaded |= {"actionType": "LOAD", "sessionId": session, **sample}
        self.call("POST", "events/robot-action", loaded)
        self.call("POST", "events/energyscan", {**event, "element": "Se", "edgeEnergy": "K"})
        self.call("GET", f"sessions/{session}", of="sessions/{id}")
        self.call("POST", "beamline-setups/beamline-setup", SETUP)
        named = "manufacturer=DECTRIS&model=EIGER2%20X%2016M"
        detector = self.call("GET", f"detectors?{named}", of="detectors")["detectorId"]
        collection = {
            "sessionId": session,
            "experiment_type": "OSC",
            "sample_reference": sample,
            "group_id": None,
            "oscillation_sequence": [SEQUENCE],
            "fileinfo": {
                "directory": f"/data/{session}/{number}",
                "prefix": "lys",
                "suffix": "h5",
                "template": "lys_1_%06d.h5",
                "run_number": 1,
            },
            "status": "Running",
            "wavelength": 0.9763,
            "resolution": {"upper": 1.6},
            "collection_start_time": str(when),
            "detectorId": detector,
        }
        path = "datacollections/datacollection"
        key = self.call("POST", path, collection)["dataCollectionId"]
        for image in (1, 1800):
            named = f"lys_1_{image:06}.h5"
            shot = {"dataCollectionId": key, "fileName": named, "imageNumber": image}
            self.call("POST", "images/image", shot)
        collection |= {"collection_id": key, "status": "Data collection successful"}
        group = self.call("POST", "datacollections/group", collection)["dataCollectionGroupId"]
        self.call("POST", path, {**collection, "group_id": group})
        centred = {**sample, "lastKnownCentringPosition": "phi=12.0 kappa=0.0"}
        self.call("PATCH", f"samples/{sample['blSampleId']}", centred, of="samples/{id}")


def work(port: int, number: int, first: int, experiments: int) -> Times:
    """The seconds of each call of a beamline."""
    beamline = Beamline(port, number)
    session = beamline.sign_in()
    for place in range(first, first + WARM):
        beamline.experiment(session, place)
    beamline.times.clear()
    beamline.sign_in()
    for place in range(first + WARM, first + WARM + experiments):
        beamline.experiment(session, place)
    return beamline.times


def rates(uri: str) -> Iterator[str]:
    """The median and the 99th percentile of each call, alone and among eight beamlines."""
    times: dict[int, Times] = {}
    with site(uri) as port:
        for number, experiments in EXPERIMENTS.items():
            first = 1_000 * number
            with ProcessPoolExecutor(number, mp_context=get_context("spawn")) as pool:
                futures = [pool.submit(work, port, n, first, experiments) for n in range(number)]
                times[number] = _merged([each.result() for each in futures])
    alone, together = times.values()
    yield "| call | alone: median, ms | 99 %, ms | eight: median, ms | 99 %, ms | ratio of 99 % |"
    yield "|---|---|---|---|---|---|"
    every = {"all of them": [s for each in alone.values() for s in each]}
    both = {"all of them": [s for each in together.values() for s in each]}
    for name, seconds in (every | alone).items():
        figures = [_figures(seconds), _figures((both | together)[name])]
        cells = [f"{each:.1f}" for pair in figures for each in pair]
        yield f"| {name} | {' | '.join(cells)} | {figures[1][1] / figures[0][1]:.1f} |"


def _merged(parts: list[Times]) -> Times:
    return {name: [s for each in parts for s in each[name]] for name in parts[0]}


def _figures(seconds: list[float]) -> tuple[float, float]:
    """Median and 99th percentile in milliseconds."""
    return median(seconds) * 1e3, sorted(seconds)[int(len(seconds) * 0.99)] * 1e3
