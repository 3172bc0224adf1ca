"""The command line, on a site file of its own."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from services.cli import main
from shared import keys as keyring


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


def test_without_a_site_file_the_three_ways_to_name_one_are_told(run):
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
    for told in ("databse", "did you mean database", "limits.batch_rows", "tokens.keys", "AUTH.0"):
        assert told in result.stderr
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
