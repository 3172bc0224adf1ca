"""A private MariaDB for the tests, with a data folder, a free port and a password of its own."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url

from tests.processes import PATIENCE, end, find, free_port

DATABASE = "ispyb_test"
PACKAGE = "mariadb-server"
SAFE = [  # what is committed is on the disk, as MariaDB has it by default
    "--innodb-buffer-pool-size=256M",
    "--innodb-lock-wait-timeout=5",
    "--loose-innodb-snapshot-isolation=ON",  # as is the default from 11.6 on
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--open-files-limit=4096",
]
FAST = [  # a crash may lose everything: it is lost at the end anyway
    *SAFE,
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-doublewrite=0",
    "--debug-no-sync",  # of Aria, whose log of DDL waited 12 times for the disk per table
]


@contextmanager
def running(database: str = DATABASE, options: Iterable[str] = FAST) -> Iterator[str]:
    """Yield the URI of an empty ``database`` on a new server, which ends with the block."""
    folder = Path(tempfile.mkdtemp(prefix="ispyb-mariadb-"))
    try:
        process, uri = _start(folder, database, options)
        try:
            _await(process, uri, folder / "log")
            yield uri
        finally:
            end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, database: str, options: Iterable[str]) -> tuple[subprocess.Popen, str]:
    for name in ("data", "tmp"):
        (folder / name).mkdir()
    password, port = secrets.token_hex(16), free_port()
    (folder / "init.sql").write_text(
        f"CREATE USER ispyb@'127.0.0.1' IDENTIFIED BY '{password}';\n"
        f"GRANT ALL ON *.* TO ispyb@'127.0.0.1' WITH GRANT OPTION;\n"
        f"CREATE DATABASE {database} CHARACTER SET latin1;\n"
    )
    common = [f"--datadir={folder}/data", f"--tmpdir={folder}/tmp"]
    if os.geteuid() == 0:
        common.append("--user=root")
    install = [find("mariadb-install-db", PACKAGE), "--no-defaults", "--skip-test-db", *common]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"mariadb-install-db failed:\n{done.stdout}{done.stderr}")
    command = [
        *(find("setpriv", "util-linux"), "--pdeathsig", "TERM"),  # ends with a killed worker too
        find("mariadbd", PACKAGE),
        "--no-defaults",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        f"--port={port}",
        f"--socket={folder}/socket",
        f"--init-file={folder}/init.sql",
        f"--log-error={folder}/log",
        *common,
        *options,
    ]
    # In a session of its own: Ctrl-C reaches the tests first, the server ends after them.
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    return process, f"mysql://ispyb:{password}@127.0.0.1:{port}/{database}?charset=utf8mb4"


def _await(process: subprocess.Popen, uri: str, log: Path) -> None:
    engine = create_engine(uri)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            engine.connect().close()
            break
        except Exception as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"mariadbd does not start: {error}\n{log.read_text()}") from None
            time.sleep(0.1)
    engine.dispose()


def empty_database(uri: str, name: str, charset: str = "latin1") -> str:
    """Make the database ``name`` anew on the server of ``uri``, and return its URI."""
    assert "test" in name, "only a database of tests is dropped"
    engine = create_engine(make_url(uri).set(database=None))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET {charset}")
    engine.dispose()
    return make_url(uri).set(database=name).render_as_string(hide_password=False)
