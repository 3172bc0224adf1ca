"""``python -m bench.faults [NAME ...]``: cause the faults, and write docs/reference/faults.md."""

import importlib
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine, insert

from bench.faults import ledger
from bench.faults.environment import Database, Proxy, Server, SmallDisk
from bench.faults.load import CLIENTS, COUNTERS, PATIENCE, Load
from bench.faults.scenarios import FAULTS, Fault, Stage
from shared import keys, models
from shared.db import Base, OwnBase, engine_options

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "faults.md"
ISSUER = "http://faults.example"
BEFORE, AFTER = 3, 6  # seconds of load around a fault
HEAD = [
    *("fault", "requests", "failed", "hang", "recovery, s", "health", "ready"),
    *("lost", "doubled", "torn", "refused, yet stored"),
]


def fill(database: Database) -> None:
    """Create the tables, and the rows to which clients refer."""
    importlib.import_module("services.core.models")  # registers their tables
    importlib.import_module("shared.service_tables")
    uri = database.uri("ispyb")
    engine = create_engine(uri, **engine_options(uri, 1))
    Base.metadata.create_all(engine)
    OwnBase.metadata.create_all(engine)
    rows = [
        (models.Person, {"personId": 1, "login": "alice"}),
        (models.Proposal, {"proposalId": 1, "personId": 1, "proposalCode": "mx"}),
        *(
            (models.BLSession, {"sessionId": n, "proposalId": 1, "visit_number": n})
            for n in range(1, CLIENTS + 1)
        ),
        (models.DataCollectionGroup, {"dataCollectionGroupId": 1, "sessionId": 1}),
        *(
            (
                models.DataCollection,
                {"dataCollectionId": key, "dataCollectionGroupId": 1, "numberOfImages": 0},
            )
            for key in COUNTERS
        ),
        (
            models.ProcessingPipeline,
            {"processingPipelineId": 6, "name": "xia2/DIALS", "discipline": "MX"},
        ),
        (models.ProcessingJob, {"processingJobId": 1, "dataCollectionId": 1}),
        (models.AutoProcProgram, {"autoProcProgramId": 1, "processingJobId": 1}),
    ]
    with engine.begin() as connection:
        for model, row in rows:
            connection.execute(insert(model.__table__), row)
    engine.dispose()


def site(folder: Path, uri: str) -> dict:
    """The content of the site file."""
    users = [{"login": "alice", "password": "alice", "name": "alice"}]
    dummy = {
        "AUTH_MODULE": "services.auth.plugins.dummy",
        "AUTH_CLASS": "DummyAuthentication",
        "CONFIG": {"users": users},
    }
    return {
        "site": {"name": "Faults", "mode": "demo"},
        "database": {"uri": uri},
        "tokens": {"issuer": ISSUER, "keys": str(folder / "keys")},
        "services": {"auth": {}, "core": {}},
        "AUTH": [{"dummy": dummy}],
        "beamlines": ["i03"],
        "limits": {"requests_per_minute": 1_000_000},
    }


def play(fault: Fault, number: int, database: Database, folder: Path) -> list[str]:
    """Cause ``fault`` on a new site under load; return its line of the table."""
    proxy = Proxy(database.port)
    disk = SmallDisk(folder / f"{number}-disk") if fault.small else None
    places = {fault.small: disk.folder} if fault.small and disk else {}
    uri = database.uri("site", proxy.port if fault.proxied else None)
    names = ["core", "core"] if fault.instances else [None]
    servers = [
        Server(folder / f"{number}-{at}", site(folder, uri), only, places)
        for at, only in enumerate(names)
    ]
    load = Load(f"f{number}", [server.url for server in servers], folder / "keys", ISSUER)
    try:
        for server in servers:
            server.start()
        before = ledger.counters(database)
        with load.running():
            time.sleep(BEFORE)
            begin = time.monotonic()
            fault.act(Stage(database, proxy, servers, folder / "keys", disk))
            over = time.monotonic()
            time.sleep(AFTER)
        load.repeat()
        verdict = ledger.compare(database, f"f{number}", load.tries, before, fault.audited)
    finally:
        for server in servers:
            server.close()
        proxy.close()
        if disk:
            disk.close()
    for wrong in verdict:
        for marker in wrong:
            print("  wrong:", marker, [t for t in load.tries if t.marker == marker])
    return [fault.title, *figures(load, begin, over), *(str(len(wrong)) for wrong in verdict)]


def figures(load: Load, begin: float, over: float) -> list[str]:
    """The number of requests, their failures, and the time until the first success."""
    failed = Counter(
        str(each.status) if each.status else each.reason
        for each in load.tries
        if not each.done and each.status not in (409, 412) and each.reason != "hang"
    )
    hang = sum(each.reason == "hang" for each in load.tries)
    good = [t.begin + t.seconds for t in load.tries if t.done and t.begin + t.seconds >= over]
    probes = [
        [fine for at, fine in load.probes[path] if begin <= at <= over] for path in load.probes
    ]
    return [
        f"{len(load.tries):,}",
        ", ".join(f"{count} × {kind}" for kind, count in failed.most_common()) or "0",
        str(hang),
        f"{min(good) - over:.2f}" if good else "never",
        *(f"{sum(each)}/{len(each)}" for each in probes),
    ]


def main(names: list[str]) -> int:
    """Cause the faults of ``names``, or all; only all of them write the page."""
    chosen = {name: FAULTS[name] for name in names or FAULTS}
    lines = []
    with TemporaryDirectory(prefix="ispyb-faults-") as place:
        folder = Path(place)
        keys.new(folder / "keys")
        database = Database(folder / "database")
        try:
            database.start()
            fill(database)
            [(version,)] = database.execute("SELECT VERSION()")
            for number, (name, fault) in enumerate(chosen.items(), 1):
                print(f"{number}/{len(chosen)} {name}", flush=True)
                lines.append(play(fault, number, database, folder))
                print("  " + " | ".join(lines[-1]), flush=True)
        finally:
            database.close()
    table = "\n".join(f"| {' | '.join(line)} |" for line in (HEAD, ["---"] * len(HEAD), *lines))
    if not names:
        text = Path(__file__).with_name("report.md").read_text()
        PAGE.write_text(text.format(table=table, version=version, patience=PATIENCE))
    return 1 if any(line[-4:] != ["0"] * 4 for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
