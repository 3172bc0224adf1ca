"""A worker that is killed in the middle of a request leaves nothing half-written.

The worker is a real process of a real server. Somebody else holds a row that the request comes
to last (or, with SQLite, reads, so that nothing can be committed): it has written all the rest
and waits, and is killed there.
"""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import yaml
from sqlalchemy import select, text

from services.core.models import AutoProc, AutoProcScaling
from shared.db import Base, OwnBase
from shared.models import AutoProcProgram, DataCollection, Detector, ImageQualityIndicators
from tests.core.processing_rows import URL, document
from tests.processes import PATIENCE, end, free_port

pytestmark = pytest.mark.serial(mariadb=True)
SERVE = [sys.executable, "-c", "from services.cli import main; main()"]
SERVE += ["serve", "--service", "core", "--site"]
HELD = 9  # the key of each row that is held, but of the two in KEYS
COLLECTIONS, FILES, IMAGES, MESSAGES = 40, 300, 5_000, 40
KEYS = {ImageQualityIndicators: (111, IMAGES), DataCollection: (111,)}
WAITING = text(
    "SELECT trx_rows_modified FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
)
RUNNING = text("SELECT 1 FROM information_schema.innodb_trx WHERE trx_rows_modified")
# another process: of its own connections SQLite knows who holds what without asking
READ = "import sqlite3, sys; sqlite3.connect(sys.argv[1], 0).execute('SELECT 1 FROM Person')"


def group():
    """A group of data collections, the last of which names the detector."""
    whole = {"Position": {"posX": 0.5}, "GridInfo": [{"steps_x": 2}]}
    runs = [{"dataCollectionNumber": run, **whole} for run in range(COLLECTIONS)]
    return {"sessionId": 11, "DataCollection": [*runs, {"detectorId": HELD}]}


def result(space_group="P 43 21 2"):
    """A result with many files, and a run on a scaling of another program."""
    files = [{"fileType": "Log", "fileName": f"{n}", "filePath": "/p"} for n in range(FILES)]
    body = document(attachments=files, mxmrRuns=[{"autoProcScalingId": HELD, "blobs": [{}]}])
    body["autoProc"]["spaceGroup"] = space_group
    return body


def messages():
    """Commands with many fields of a program, and then a file of a data collection."""
    said = {"ispyb_command": "add_program_message", "program_id": 50, "severity": "INFO"}
    file = {"dcid": 111, "file_path": "/p", "file_name": "index.log"}
    many = [{**said, "message": f"{number}"} for number in range(MESSAGES)]
    last = {"ispyb_command": "add_datacollection_attachment", **file}
    return {"ispyb_command_list": [*many, last]}


def qualities():
    """Images of which the last one is stored already."""
    return {"imageNumber": [*range(1, IMAGES + 1)], "spotTotal": [7] * IMAGES}


@pytest.fixture(scope="module")
def server(site, engine, tmp_path_factory):
    """The URL of core, served by one worker, and the id of the process that minds it."""
    file, port = tmp_path_factory.mktemp("served") / "site.yml", free_port()
    url = f"http://127.0.0.1:{port}"
    services = {**site["services"], "core": {**site["services"]["core"], "url": url}}
    gateway = {"workers": 1}
    file.write_text(yaml.safe_dump({**site, "services": services, "gateway": gateway}))
    with file.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen([*SERVE, str(file)], stdout=log, stderr=log)
    try:
        _until(lambda: process.poll() is not None or _answers(url))
        assert process.poll() is None, file.with_suffix(".log").read_text()
        yield url, process.pid
    finally:
        end(process)


def _answers(url):
    try:
        return requests.get(f"{url}/health", timeout=5).ok
    except requests.RequestException:
        return False


def _until(is_so):
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)  # MariaDB looks anew only when not asked for 0.1 s


@pytest.fixture
def stored(processed, add, engine):
    """The rows of the requests are stored; ``stored()`` is all that is."""
    add(
        Detector(detectorId=HELD, detectorModel="old"),
        AutoProcProgram(autoProcProgramId=HELD, processingJobId=5, processingPrograms="old"),
        AutoProc(autoProcId=HELD, autoProcProgramId=HELD),
        AutoProcScaling(autoProcScalingId=HELD, autoProcId=HELD),
        ImageQualityIndicators(dataCollectionId=111, imageNumber=IMAGES, spotTotal=1),
    )
    tables = [*Base.metadata.sorted_tables, *OwnBase.metadata.sorted_tables]

    def ask():
        with engine.connect() as connection:
            return {table.name: connection.execute(select(table)).all() for table in tables}

    return ask


@pytest.fixture
def held(engine, database_uri):
    """``with held(model) as written:`` nobody else gets on; ``written()`` rows are then waiting.

    With SQLite nobody knows how many they are.
    """
    sqlite = engine.dialect.name == "sqlite"

    @contextmanager
    def hold(model):
        keys = KEYS.get(model, [HELD])
        found = (column == key for column, key in zip(model.__mapper__.primary_key, keys))
        with engine.connect() as one, engine.connect() as other:
            one.execute(select(model.__table__).where(*found).with_for_update()).one()

            def written():
                if not sqlite:
                    other.rollback()
                    return other.scalar(WAITING) or 0
                path = engine.url.database
                return subprocess.run([sys.executable, "-c", READ, path], stderr=-3).returncode

            yield written

    return hold


@pytest.mark.parametrize(
    "verb, path, body, model, least",
    [
        ("post", "data_collections/groups", group(), Detector, 2 * COLLECTIONS),
        ("post", "autoproc/results", result(), AutoProcScaling, FILES),
        ("post", "commands", messages(), DataCollection, MESSAGES),
        ("put", "autoproc/results/{}", result("P 2"), AutoProcScaling, FILES),
        ("put", "data_collections/111/image_quality", qualities(), ImageQualityIndicators, 1_000),
    ],
)
def test_a_killed_worker_leaves_nothing(
    server, token, stored, held, engine, verb, path, body, model, least
):
    url, master = server
    writer = token("zocalo", None, "mx_write", "processing_write", "all_sessions", service=True)
    headers = {"Authorization": f"Bearer {writer}", "Idempotency-Key": "once"}

    def send():
        ask = getattr(requests, verb)
        return ask(f"{url}{URL}/{path}", json=body, headers=headers, timeout=PATIENCE)

    if "{}" in path:  # what is there is replaced
        first = requests.post(f"{url}{URL}/autoproc/results", json=document(), headers=headers)
        path = path.format(first.json()["program"]["autoProcProgramId"])
    before = stored()
    (worker,) = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    with ThreadPoolExecutor() as pool:
        with held(model) as written:
            assert not written()
            sent = pool.submit(send)
            _until(lambda: sent.done() or written())
            assert not sent.done(), sent.result().text
            assert engine.dialect.name == "sqlite" or written() >= least
            os.kill(int(worker), signal.SIGKILL)
            with pytest.raises(requests.ConnectionError):
                sent.result()
    if engine.dialect.name != "sqlite":
        with engine.connect() as connection:  # the server is told late that its client is gone
            _until(lambda: connection.rollback() or not connection.execute(RUNNING).all())
    assert stored() == before
    done = send()
    assert done.status_code in (200, 201), done.text
    assert "Idempotent-Replayed" not in done.headers
    after = stored()
    assert after != before
    if verb == "post":
        again = send()
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json() == done.json()
        assert stored() == after
