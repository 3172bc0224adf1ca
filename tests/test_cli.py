"""The command line, on a site file of its own."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
import yaml
from click.testing import CliRunner
from sqlalchemy import create_engine, insert, select

from services.auth.modules import activities
from services.cli import main
from shared import keys as keyring
from shared.service_tables import utc_now
from shared.service_tables import Activity, ServiceToken
from tests import mariadb


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The folder that commands are called in; it holds no site file."""
    monkeypatch.delenv("ISPYB_SITE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(site, home):
    """``write(database=...)`` writes the site file, sections replaced, and returns its path."""

    def dump(name="site.yml", **sections):
        path = home / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump({**site, **sections}))
        return str(path)

    return dump


@pytest.fixture
def run(home):
    """``run("keys", "new", ...)`` is the result of a command."""

    def call(*arguments):
        result = CliRunner().invoke(main, arguments, prog_name="ispyb-services")
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return call


def test_the_program_is_installed_by_its_name():
    program = Path(sys.executable).with_name("ispyb-services")
    done = subprocess.run([program, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    for command in ("serve", "demo", "check-config", "check-db", "gateway", "token", "db", "keys"):
        assert f"\n  {command} " in done.stdout


def test_without_a_site_file_three_ways_to_name_one_are_shown(run):
    result = run("check-config")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--site PATH or ISPYB_SITE=PATH, or write config/site.yml" in result.stderr


def test_a_site_file_that_is_not_there(run):
    result = run("check-config", "--site", "nowhere.yml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nowhere.yml" in result.stderr


@pytest.mark.parametrize("way", ["option", "variable", "place"])
def test_the_site_file_is_found(run, write, monkeypatch, way):
    path = write("config/site.yml" if way == "place" else "mine.yml", tokens={"issuer": "x"})
    if way == "variable":
        monkeypatch.setenv("ISPYB_SITE", path)
    result = run("keys", "new", *(["--site", path] if way == "option" else []))
    assert result.exit_code == 0, result.stderr
    assert keyring.public_keys(Path(path).parent / "keys")


def test_mistakes_are_listed_with_their_place_and_no_trace(run, write):
    path = write(
        databse={"uri": "sqlite://"},
        limits={"batch_rows": "many"},
        tokens={"issuer": "x", "keys": "nowhere"},
        site={"name": "X", "mode": "production"},
    )
    result = run("check-config", "--site", path)
    assert (result.exit_code, result.stdout) == (1, "")
    for text in ("databse", "did you mean database", "limits.batch_rows", "tokens.keys", "AUTH.0"):
        assert text in result.stderr
    assert "Traceback" not in result.stderr


def test_keys_are_made_and_rotated(run, write, home):
    path = write(tokens={"issuer": "x", "keys": "mine"})
    assert run("keys", "rotate", "--site", path).exit_code == 1
    assert run("keys", "new", "--site", path).exit_code == 0
    first, _ = keyring.signing_key(home / "mine")
    assert run("keys", "new", "--site", path).exit_code == 0
    assert keyring.signing_key(home / "mine")[0] == first
    rotated = run("keys", "rotate", "--site", path)
    second, _ = keyring.signing_key(home / "mine")
    assert second != first and second in rotated.stdout
    assert keyring.public_keys(home / "mine").keys() == {first, second}
    for path in (home / "mine" / "private").iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_a_database_that_is_away_is_one_sentence(run, write):
    path = write(database={"uri": "mysql://ispyb@127.0.0.1:9/ispyb", "password": "hush"})
    result = run("check-db", "--site", path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the database" in result.stderr and "hush" not in result.stderr


# ------------------------------------------------------------------------ demo and databases


@pytest.fixture
def fresh(write, engine, tmp_path):
    """A site file with a database server of its own, of the kind that the tests run on."""
    if engine.dialect.name == "sqlite":
        yield write(database={"uri": f"sqlite:///{tmp_path / 'fresh.db'}"})
    else:
        with mariadb.running() as uri:
            yield write(database={"uri": uri})


def rows(path, query):
    """The rows of ``query`` in the database of the site file ``path``."""
    engine = create_engine(yaml.safe_load(Path(path).read_text())["database"]["uri"])
    with engine.connect() as connection:
        result = connection.exec_driver_sql(query).all()
    engine.dispose()
    return result


def test_the_demo_is_made_complete_and_once(run, fresh):
    made = run("demo", "--site", fresh)
    assert made.exit_code == 0, made.stderr
    assert "20 Proposal" in made.stdout
    assert rows(fresh, "SELECT count(*) FROM Proposal") == [(20,)]
    assert rows(fresh, "SELECT count(*) FROM ispyb_services.ServiceToken") == [(0,)]
    for command in (["check-config"], ["check-db"], ["db", "upgrade"]):
        result = run(*command, "--site", fresh)
        assert result.exit_code == 0, result.stderr
    again = run("demo", "--site", fresh)
    assert again.exit_code == 1
    assert "is not empty" in again.stderr and "Traceback" not in again.stderr
    assert rows(fresh, "SELECT count(*) FROM Proposal") == [(20,)]


def test_the_demo_makes_the_first_keys(run, write, tmp_path):
    path = write(
        tokens={"issuer": "x", "keys": "mine"}, database={"uri": f"sqlite:///{tmp_path}/mine.db"}
    )
    assert run("demo", "--site", path).exit_code == 0
    kid, _ = keyring.signing_key(tmp_path / "mine")
    assert run("demo", "--reset", "--scale", "2", "--site", path).exit_code == 0
    assert keyring.signing_key(tmp_path / "mine")[0] == kid
    assert rows(path, "SELECT count(*) FROM Proposal") == [(40,)]


def test_no_demo_in_production(run, write, tmp_path):
    path = write(
        site={"name": "X", "mode": "production"},
        database={"uri": f"sqlite:///{tmp_path}/mine.db"},
        AUTH=[],
        services={"core": {}},
    )
    result = run("demo", "--site", path)
    assert result.exit_code == 2 and "site.mode: demo" in result.stderr
    assert not (tmp_path / "mine.db").exists()


def test_check_db_names_gaps_and_the_services_that_need_them(run, fresh):
    assert run("demo", "--site", fresh).exit_code == 0
    for lost in ("Proposal.title", "BLSession.comments", "Laboratory.city"):
        table, column = lost.split(".")
        change(fresh, f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in ("GridSquare", "Atlas"):
        change(fresh, f"DROP TABLE {table}")
    result = run("check-db", "--site", fresh)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert any("Atlas is missing" in line and "(needed by em)" in line for line in lines)
    assert "table Proposal lacks column title (needed by auth, core, em, ssx)" in lines
    assert any("BLSession lacks column comments" in line for line in lines)
    assert any("Laboratory lacks column city" in line for line in lines)
    assert len(lines) == 5


def test_check_db_shows_the_index_that_helps(run, fresh):
    assert run("demo", "--site", fresh).exit_code == 0
    result = run("check-db", "--site", fresh)
    assert result.exit_code == 0
    good, advice = result.stdout.splitlines()
    assert good == "the database has all that auth, core, em, ssx need"
    change(fresh, advice.partition(": ")[2])
    assert run("check-db", "--site", fresh).stdout.splitlines() == [good]


def change(path, statement):
    engine = create_engine(yaml.safe_load(Path(path).read_text())["database"]["uri"])
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


# ------------------------------------------------------------------------ gateway and tokens


def test_a_file_of_kong_is_rendered_and_checked(run, write, home):
    path = write()
    rendered = run("gateway", "render", "--site", path, "--output", "kong.yml")
    assert (rendered.exit_code, rendered.stdout) == (0, "")
    assert run("gateway", "render", "--site", path).stdout == (home / "kong.yml").read_text()
    assert run("gateway", "check", "kong.yml", "--site", path).exit_code == 0
    text = (home / "kong.yml").read_text()
    assert "PRIVATE" not in text
    (home / "kong.yml").write_text(text.replace("strip_path: false", "strip_path: true"))
    broken = run("gateway", "check", "kong.yml", "--site", path)
    assert broken.exit_code == 1 and "strip_path" in broken.stdout


@pytest.fixture
def issue(run, write, clean):
    """``issue("mx_write", ...)`` issues a token to zocalo; the options come last."""
    path = write()

    def call(*permissions, options=()):
        arguments = [part for name in permissions for part in ("--permission", name)]
        return run("token", "issue", "zocalo", *arguments, *options, "--site", path)

    call.path = path
    return call


def test_a_service_token_works_until_it_is_revoked(run, issue, app):
    issued = issue("mx_write", "all_sessions", options=["--beamline", "i03", "--days", "7"])
    assert (issued.exit_code, issued.stderr) == (0, "")
    text = issued.stdout.strip()
    assert text.count(".") == 2 and "\n" not in text
    claims = jwt.decode(text, options={"verify_signature": False})
    assert claims["sub"] == "zocalo" and claims["beamlines"] == ["i03"]
    assert claims["permissions"] == ["all_sessions", "mx_write"]
    assert claims["exp"] - claims["iat"] == 7 * 86_400

    listed = run("token", "list", "--site", issue.path).stdout
    number = listed.split()[0]
    assert "zocalo: all_sessions, mx_write on i03, until" in listed and listed.endswith(": good\n")
    assert text not in listed

    client = app.test_client()
    ask = ["/ispyb/api/v1/sessions", {"headers": {"Authorization": f"Bearer {text}"}}]
    assert client.get(ask[0], **ask[1]).status_code == 200
    assert run("token", "revoke", number, "--site", issue.path).exit_code == 0
    assert client.get(ask[0], **ask[1]).status_code == 401
    assert run("token", "list", "--site", issue.path).stdout.endswith(": revoked\n")
    assert run("token", "revoke", number, "--site", issue.path).exit_code == 1


@pytest.mark.parametrize(
    "permissions, options, message",
    [
        (["mx_wite"], [], "mx_wite"),
        (["mx_write"], ["--beamline", "i99"], "i99"),
        (["mx_write"], ["--days", "9999"], "days"),
        (["manage_tokens"], [], "people only"),
        ([], [], "--permission"),
    ],
)
def test_a_token_that_would_not_work_is_not_issued(run, issue, permissions, options, message):
    result = issue(*permissions, options=options)
    assert result.exit_code != 0 and result.stdout == ""
    assert message in result.stderr and "Traceback" not in result.stderr
    assert run("token", "list", "--site", issue.path).stdout == ""


def test_tokens_leave_a_line_in_the_audit_trail_and_no_secret(run, issue, engine):
    text = issue("mx_write").stdout.strip()
    number = run("token", "list", "--site", issue.path).stdout.split()[0]
    run("token", "revoke", number, "--site", issue.path)
    with engine.connect() as connection:
        lines = connection.execute(select(Activity).order_by(Activity.activityId)).all()
        kept = connection.execute(select(ServiceToken)).all()
    assert [line.action for line in lines] == ["issue", "revoke"]
    assert lines[0].path == "ispyb-services token issue"
    assert text.rpartition(".")[2] not in f"{lines} {kept}"


def test_old_lines_of_the_audit_trail_are_deleted_by_command(run, issue, engine, monkeypatch):
    monkeypatch.setattr(activities, "AT_ONCE", 2)
    line = {"login": "alice", "service": "core", "action": "POST", "path": "/x", "status": 201}
    days = [400, 370, 366, 364, 1]
    with engine.begin() as connection:
        rows = [
            {**line, "time": utc_now() - timedelta(days=ago), "requestId": str(ago)}
            for ago in days
        ]
        connection.execute(insert(Activity), rows)
    output = run("db", "trim", "--days", "365", "--site", issue.path).stdout
    assert output == "3 lines of the audit trail deleted\n"
    with engine.connect() as connection:
        order = select(Activity.requestId, Activity.path).order_by(Activity.activityId)
        kept = connection.execute(order).all()
    assert [line.requestId for line in kept[:-1]] == ["364", "1"]
    assert kept[-1].path == "ispyb-services db trim"
    assert run("db", "trim", "--site", issue.path).exit_code == 2
