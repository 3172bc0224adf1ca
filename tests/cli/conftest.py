"""Fixtures of the command line: a folder, a site file in it, and commands."""

import pytest
import yaml
from click.testing import CliRunner

from services.cli import main


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
