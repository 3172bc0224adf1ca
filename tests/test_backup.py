"""The commands of the page about backups, as written, from one MariaDB to another."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from sqlalchemy import create_engine, make_url, text

from services.cli import main
from services.em.app import create_app
from shared import dbcheck
from shared.db import Base, OwnBase, db
from tests import mariadb
from tests.database import unchecked
from tests.processes import PATIENCE

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/how-to/back-up-and-restore.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = f"#!/bin/sh\nexec {sys.executable} -c 'from services.cli import main; main()' \"$@\"\n"
PASSWORD = "a long password"  # of the page


class Machine:
    """A machine whose folders /etc and /var are below ``folder``, with a client of ``uri``."""

    def __init__(self, folder, uri):
        self.folder, url = folder, make_url(uri)
        self.address = f"127.0.0.1:{url.port}"
        (folder / "bin").mkdir(parents=True)
        (folder / ".my.cnf").write_text(
            f"[client]\nprotocol=tcp\nhost=127.0.0.1\nport={url.port}\nuser={url.username}\n"
            f"password={url.password}\n"
        )
        for name, script in (("ispyb-services", COMMAND), ("systemctl", '#!/bin/sh\necho "$@"\n')):
            (folder / "bin" / name).write_text(script)
            (folder / "bin" / name).chmod(0o755)

    def run(self, kind, block):
        """Return the output of a block of the page."""
        for path in ("/etc/ispyb", "/var/backups"):
            block = block.replace(path, f"{self.folder}{path}")
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-eu"] if kind == "sh" else ["mariadb"],
            input=block,
            env={"HOME": str(self.folder), "PATH": path, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def command(self, *arguments):
        """Return the output of a command of ours, on the site file of this machine."""
        options = ["--site", str(self.folder / "etc/ispyb/site.yml")]
        result = CliRunner().invoke(main, [*arguments, *options])
        assert result.exit_code == 0, result.output
        return result.stdout.strip()


def write_settings(site, machine):
    etc = machine.folder / "etc/ispyb"
    (etc / "secrets").mkdir(parents=True)
    (etc / "secrets/database").write_text(f"{PASSWORD}\n")
    uri = f"mysql://services@{machine.address}/ispyb"
    document = {
        **{key: site[key] for key in ("site", "AUTH", "beamlines")},
        "database": {"uri": uri, "password": {"file": "secrets/database"}},
        "tokens": {"issuer": "https://ispyb.example.org", "keys": "keys"},
        "services": {"auth": {}, "em": {}},
    }
    (etc / "site.yml").write_text(yaml.safe_dump(document))


def make_tables(uri):
    """The tables of ISPyB that the enabled services need, with a proposal and a procedure."""
    engine = create_engine(uri)
    tables = dbcheck.tables_of("auth") | dbcheck.tables_of("em")
    with unchecked(engine) as connection:
        Base.metadata.create_all(connection, tables - {*OwnBase.metadata.tables.values()})
        connection.execute(text("INSERT INTO Proposal (proposalId, personId) VALUES (7, 1)"))
        connection.execute(text("CREATE PROCEDURE one() SELECT 1"))
    engine.dispose()


def statuses(machine, tokens):
    """The status of a list for each of ``tokens``, at a service of this machine."""
    app = create_app(str(machine.folder / "etc/ispyb/site.yml"))
    client = app.test_client()
    headers = [{"Authorization": f"Bearer {token}"} for token in tokens]
    answers = [client.get("/ispyb/api/v1/em/atlases", headers=each) for each in headers]
    with app.app_context():
        db.engine.dispose()
    return [answer.status_code for answer in answers]


@pytest.mark.serial
def test_a_site_is_restored_on_another_server(site, tmp_path):
    blocks = BLOCK.findall(PAGE.read_text())
    [dump, check, user, restore, rename, start] = blocks
    with mariadb.running("ispyb") as uri, mariadb.running("scratch") as other:
        old, new = Machine(tmp_path / "old", uri), Machine(tmp_path / "new", other)
        write_settings(site, old)
        make_tables(uri)
        old.run(*user)
        for command in (["keys", "new"], ["db", "upgrade"], ["keys", "new"]):
            old.command(*command)
        issue = ["token", "issue", "--permission", "all_sessions"]
        good, revoked = old.command(*issue, "good"), old.command(*issue, "revoked")
        old.command("token", "revoke", "2")
        before = old.command("token", "list"), old.command("keys", "list")
        assert statuses(old, [good, revoked]) == [200, 401]

        old.run(*dump)
        assert "Dump completed" in old.run(*check)
        backup = tmp_path / "old/var/backups"
        assert [path.stat().st_mode & 0o077 for path in (backup / "ispyb").iterdir()] == [0, 0]
        (tmp_path / "new/var").mkdir()
        backup.rename(tmp_path / "new/var/backups")

        new.run(*user)
        assert new.run(*restore) == "stop ispyb-services\n"
        new.run(
            rename[0],
            rename[1].replace("OLD-ADDRESS", old.address).replace("NEW-ADDRESS", new.address),
        )
        output = new.run(*start)
        assert output.startswith(f"{new.folder}/etc/ispyb/site.yml is good: ")
        assert ": nothing is changed\nthe database has all that auth, em need\n" in output
        assert output.endswith(f"{before[0]}\n{before[1]}\nstart ispyb-services\n")
        assert statuses(new, [good, revoked]) == [200, 401]
        restored = create_engine(make_url(other).set(database="ispyb"))
        with restored.begin() as connection:
            assert connection.execute(text("SELECT proposalId FROM Proposal")).scalars().all() == [
                7
            ]
            connection.execute(text("CALL one()")).close()
        restored.dispose()
