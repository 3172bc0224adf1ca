"""The figures of the house, as `make house` prints them: how much code, and how many statements.

Operations are those in the specifications of all services with all dialects. Lines are all lines
of the Python files in ``services`` and ``shared``: code, comments, docstrings and blank lines.
Statements are counted on SQLite, without BEGIN and COMMIT.
"""

import importlib
import json
import logging
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from sqlalchemy import delete, event

from shared import config, keys
from shared.db import db, transaction_scope
from shared.service_tables import SampleGroupPerson
from tests import database
from tests.calls import Caller
from tests.conftest import ROOT, SERVICES
from tests.core.dialects.mxcube.test_collections import SENT
from tests.core.processing_rows import document
from tests.operations import by_name
from tests.world import build

MEASURED = ("services", "shared")  # the folders whose lines are counted
LONGEST = 8  # files that are printed


def lines_of() -> dict[str, int]:
    """The number of lines of each file that is measured, by its path."""
    files = [path for folder in MEASURED for path in ROOT.glob(f"{folder}/**/*.py")]
    return {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}


class House:
    """The services of the demo's site file, on an empty SQLite database in ``folder``."""

    def __init__(self, folder: Path):
        site = config.load(ROOT / "config/demo.yml", keys=False, secrets=False)
        keys.new(folder / "keys")
        site["tokens"]["keys"] = str(folder / "keys")
        site["database"]["uri"] = f"sqlite:///{folder / 'house.db'}"
        self.site, self.folder = site, folder
        self._signing = keys.signing_key(folder / "keys")
        self._apps = {
            name: importlib.import_module(f"services.{name}.app").create_app(site)
            for name in SERVICES
        }
        self.operations = by_name(self.app)

    def app(self, name: str) -> Any:
        """The app of a service."""
        return self._apps[name]

    def token(self, login: str, person_id: int | None = None, *permissions: str, **claims) -> str:
        """A signed token; see the fixture ``token``."""
        kid, private = self._signing
        tokens, now = self.site["tokens"], int(time.time())
        issued = {"sub": login, "personId": person_id, "permissions": permissions}
        issued |= {"iss": tokens["issuer"], "aud": tokens["audience"], "jti": uuid4().hex}
        issued |= {"iat": now, "exp": now + 300, **claims}
        return jwt.encode(issued, private, "RS256", headers={"kid": kid})

    def add(self, *rows: Any) -> None:
        """Commit ``rows``, parents first."""
        with self.app("core").app_context(), transaction_scope():
            for row in rows:
                db.session.add(row)
                db.session.flush()

    def unshare(self) -> None:
        """Delete the shares of groups, which few facilities have: each request asks for them."""
        with self.app("core").app_context(), transaction_scope():
            db.session.execute(delete(SampleGroupPerson))

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """``with house.statements() as seen:`` collects the SQL of core."""
        with self.app("core").app_context():
            engine, seen = db.engine, []

        def note(connection, cursor, statement, *_):
            if "RevokedToken" not in statement:  # which is asked once a second
                seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)

    def close(self) -> None:
        """Close all connections."""
        for app in self._apps.values():
            with app.app_context():
                db.engine.dispose()


@contextmanager
def house() -> Iterator[House]:
    """The house with the rows of the matrix, in a folder that is removed."""
    with tempfile.TemporaryDirectory() as folder:
        services = House(Path(folder))
        with database.opened(services.site["database"]["uri"]):
            (Path(folder) / "files").mkdir()
            build(services.add, Path(folder) / "files")
            services.unshare()
            yield services
        services.close()


def calls() -> dict[str, tuple[str, str, Any]]:
    """Typical calls: the role, the operation as the matrix names it, and the body."""
    collection = deepcopy(SENT)
    collection |= {"sessionId": 1, "detectorId": 1, "sample_reference": {"blSampleId": 1}}
    result = document()
    del result["program"]["pipeline"]
    result["autoProc"]["scalings"][0]["integrations"][0]["dataCollectionId"] = 1
    files = {"imageDirectory": "/data/", "imagePrefix": "x", "dataCollectionGroupId": 1}
    return {
        "list of crystals": ("leader", "get /samples/crystals", None),
        "list of sessions": ("leader", "get /sessions", None),
        "one proposal": ("leader", "get /proposals/{proposal_id}", None),
        "edit of a proposal": ("user office", "patch /proposals/{proposal_id}", {"title": "t"}),
        "data collection": ("writing program", "post /data_collections", files),
        "processing result": ("writing program", "post /autoproc/results", result),
        "MXCuBE's data collection": (
            *("leader", "post /ispyb/mxcube/datacollections/datacollection", collection),
        ),
    }


def statements(services: House) -> dict[str, list[str]]:
    """The statements of each typical call."""
    call = Caller(services.app, services.operations, services.token)
    counted = {}
    for name, (role, operation, body) in calls().items():
        path = {"proposal_id": "mx1"} if "{proposal_id}" in operation else {}
        with services.statements() as seen:
            answer = call(role, operation, path=path, **({"body": body} if body else {}))
        assert answer.status_code < 300, (name, json.dumps(answer.json))
        counted[name] = seen
    return counted


def report(services: House, lines: Mapping[str, int]) -> Iterator[str]:
    """The lines that are printed."""
    total, operations = sum(lines.values()), len(services.operations)
    yield f"{operations:7,} operations, of all services with all dialects"
    yield f"{total:7,} lines in {' and '.join(MEASURED)}"
    yield f"{total / operations:7.1f} lines per operation"
    yield "\nLongest files"
    for name in sorted(lines, key=lines.__getitem__, reverse=True)[:LONGEST]:
        yield f"{lines[name]:7,} {name}"
    yield "\nStatements per call"
    for name, seen in statements(services).items():
        yield f"{len(seen):7,} {name}"


def main() -> None:
    """Print the figures."""
    logging.disable()
    with house() as services:
        print("\n".join(report(services, lines_of())))


if __name__ == "__main__":
    main()
