"""Commands about the site file and the keys, and the options of all commands."""

import json
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.cli import main
from shared import __version__
from shared import keys as keyring
from shared.service_tables import utc_now


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


def test_mistakes_of_all_kinds_are_listed_together(run, write, home):
    plugin = {"AUTH_MODULE": "nowhere.at.all", "AUTH_CLASS": "X"}
    realm = {"KEYCLOAK_REALM_NANE": "x", "KEYCLOAK_SERVER_URL": {"env": "NOT_SET"}}
    keycloak = {"AUTH_MODULE": "services.auth.plugins.keycloak", "CONFIG": realm}
    path = write(
        site={"name": "", "mode": "production"},
        tokens={"issuer": "https://x", "keys": "nowhere"},
        AUTH=[
            {"first": plugin},
            {"second": {**keycloak, "AUTH_CLASS": "KeycloakAuthentication"}},
        ],
        beamlines=["i03"],
    )
    result = run("check-config", "--site", path)
    assert (result.exit_code, result.stdout) == (1, "")
    for line in (
        f"Error: 8 mistakes in {path}:",
        "site.name: must not be empty",
        "AUTH.1.second.CONFIG.KEYCLOAK_SERVER_URL: the environment variable NOT_SET is not set",
        "AUTH.0.first.AUTH_MODULE: nowhere.at.all cannot be imported: No module named 'nowhere'",
        "AUTH.1.second.CONFIG.KEYCLOAK_REALM_NANE: unknown key, did you mean KEYCLOAK_REALM_NAME?",
        "AUTH.1.second.CONFIG.KEYCLOAK_REALM_NAME: is missing",
        "AUTH.1.second.CONFIG.KEYCLOAK_CLIENT_ID: is missing",
        f"tokens.keys: {home}/nowhere/public: No such file or directory",
        "beamline_groups.1.beamlines.0: unknown beamline m02, known are: i03",
    ):
        assert f"{line}\n" in f"{result.stderr}\n", line


def test_a_plugin_is_checked_by_serve_too_and_the_file_is_named(run, write):
    plugin = {"AUTH_MODULE": "nowhere.at.all", "AUTH_CLASS": "X"}
    path = write(AUTH=[{"first": plugin}])
    for command in ("check-config", "serve"):
        result = run(command, "--site", path)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == (
            f"Error: mistake in {path}: AUTH.0.first.AUTH_MODULE: nowhere.at.all cannot be"
            " imported: No module named 'nowhere'\n"
        )


def test_warnings_are_sentences_and_no_mistakes(run, write, monkeypatch):
    monkeypatch.setenv("TZ", "Mars/Phobos")
    path = write(file_roots=["/no/such/place"])
    result = run("check-config", "--site", path)
    assert result.exit_code == 0
    assert result.stdout == f"{path} is good: demo mode, with auth, core, em, ssx\n"
    assert result.stderr.splitlines() == [
        "Warning: file_roots.0: there is no folder /no/such/place: none of its files is shown",
        "Warning: TZ: there is no time zone Mars/Phobos, and UTC is taken: write one such as"
        " Europe/Paris",
    ]


def test_the_version_and_help_have_their_usual_options(run):
    assert run("--version").stdout == f"ispyb-services {__version__}\n"
    for command in ([], ["token"], ["keys", "new"]):
        assert run(*command, "-h").stdout == run(*command, "--help").stdout != ""


def commands(group, path=()):
    """The path of each group and command."""
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


def test_no_line_of_the_help_is_cut(run):
    paths = [*commands(main)]
    assert len(paths) > 15
    assert not [path for path in paths if "..." in run(*path, "-h").stdout.partition("\n")[2]]


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


def test_keys_are_listed_with_the_one_that_signs(run, write, home):
    path = write(tokens={"issuer": "x", "keys": "mine"})
    nothing = run("keys", "list", "--site", path)
    assert (nothing.exit_code, nothing.stdout) == (1, "") and "mine/public" in nothing.stderr
    first, second = (keyring.new(home / "mine") for _ in range(2))
    (home / "mine" / "private" / f"{second}.pem").unlink()
    listed = run("keys", "list", "--site", path)
    head, one, two = listed.stdout.splitlines()
    assert one.split() == [first, one.split()[1], *"signs and checks yes".split()]
    assert two.split() == [second, two.split()[1], "checks", "no"]
    assert head.index("USE") == one.index("signs") == two.index("checks")
    assert head.index("PRIVATE") == one.index("yes") == two.index("no")
    rows = json.loads(run("keys", "list", "--json", "--site", path).stdout)
    assert [(row["kid"], row["signs"], row["private"]) for row in rows] == [
        (first, True, True),
        (second, False, False),
    ]
    created = datetime.fromisoformat(rows[0]["created"])
    assert abs(created - utc_now()) < timedelta(minutes=5)


def test_public_keys_alone_are_listed(run, write, home):
    path = write(tokens={"issuer": "x", "keys": "mine"})
    keyring.new(home / "mine")
    (home / "mine" / "public" / "by-hand.pem").write_bytes(
        next((home / "mine" / "public").iterdir()).read_bytes()
    )
    shutil.rmtree(home / "mine" / "private")
    rows = json.loads(run("keys", "list", "--json", "--site", path).stdout)
    assert [(row["signs"], row["private"]) for row in rows] == [(False, False)] * 2
    assert rows[1] == {"kid": "by-hand", "created": None, "signs": False, "private": False}
    assert "by-hand" in run("keys", "list", "--site", path).stdout


def test_a_database_that_is_away_is_one_sentence(run, write):
    path = write(database={"uri": "mysql://ispyb@127.0.0.1:9/ispyb", "password": "hush"})
    result = run("check-db", "--site", path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        "Error: the database does not answer: see database.uri, and its server: Can't connect"
    )
    assert "hush" not in result.stderr
