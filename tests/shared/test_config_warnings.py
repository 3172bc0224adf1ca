"""Settings with which a site starts, and of which a warning is given."""

import pytest

from shared import config
from shared.config_warnings import SIGNED_OUT, list_warnings

LDAP = {"AUTH_MODULE": "site.ldap", "AUTH_CLASS": "Ldap"}


@pytest.fixture
def good(tmp_path, monkeypatch):
    """The settings of a site without a mistake."""
    monkeypatch.delenv("TZ", raising=False)
    return {
        "site": {"name": "Example"},
        "database": {"uri": "mysql://ispyb@127.0.0.1:3307/ispyb"},
        "tokens": {"issuer": "https://ispyb.example.org"},
        "services": {"auth": {}, "core": {}},
        "AUTH": [{"ldap": LDAP}],
        "file_roots": [str(tmp_path), f"{tmp_path}/{{proposal}}/*"],
    }


def warnings(document):
    return list_warnings(config.load(document, keys=False), document)


def test_a_good_site_gives_no_warning(good):
    assert warnings(good) == []


@pytest.mark.parametrize(
    "uri",
    ["mysql://ispyb@localhost/ispyb", "mysql://ispyb@db.example.org:3307/ispyb", "sqlite://"],
)
def test_a_database_without_a_port_of_localhost_gives_no_warning(good, uri):
    good["database"]["uri"] = uri
    assert warnings(good) == []


def test_localhost_with_a_port(good):
    good["database"]["uri"] = "mysql://ispyb@localhost:3307/ispyb"
    assert warnings(good) == [
        "database.uri: with localhost the client of MariaDB takes the socket, and ignores port "
        "3307: write 127.0.0.1"
    ]


@pytest.mark.parametrize("issuer", ["ispyb.example.org", "https://", "http://[::1", "ftp://x"])
def test_an_issuer_that_is_no_url(good, issuer):
    good["tokens"]["issuer"] = issuer
    assert warnings(good) == [
        f"tokens.issuer: {issuer} is no URL such as https://ispyb.example.org"
    ]


def test_authentication_that_is_switched_off(good):
    good["services"]["auth"] = {"enabled": False}
    assert warnings(good) == [SIGNED_OUT]
    del good["services"]["auth"]
    assert warnings(good) == [SIGNED_OUT]


def test_a_root_that_is_not_there(good, tmp_path):
    good["file_roots"] = ["/no/such/place", f"{tmp_path}/none/{{session}}/x", str(tmp_path)]
    (tmp_path / "file").touch()
    good["file_roots"].append(f"{tmp_path}/file")
    assert warnings(good) == [
        "file_roots.0: there is no folder /no/such/place: none of its files is shown",
        f"file_roots.1: there is no folder {tmp_path}/none: none of its files is shown",
        f"file_roots.3: there is no folder {tmp_path}/file: none of its files is shown",
    ]


def test_a_root_that_cannot_be_read(good, tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)  # root, who may run the tests, reads all
    good["file_roots"] = [str(tmp_path)]
    assert warnings(good) == [
        f"file_roots.0: this user may not read {tmp_path}: give it a group that may"
    ]


def test_a_relative_root_in_production(good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    good["file_roots"] = ["data/{proposal}", "/"]
    assert warnings(good) == [
        "file_roots.0: data/{proposal} is relative, and starts from the folder of the site file: "
        f"write {tmp_path}/data/{{proposal}}, or the folder that is meant"
    ]
    good["site"]["mode"] = "demo"  # the demo has its files beside its site file
    assert warnings(good) == []


def test_a_folder_of_templates_that_is_not_there(good, tmp_path):
    good["notices"] = {"enabled": True, "templates": str(tmp_path)}
    assert warnings(good) == []
    good["notices"]["templates"] = f"{tmp_path}/x"
    [warning] = warnings(good)
    assert warning.startswith(f"notices.templates: {tmp_path}/x cannot be read")


@pytest.mark.parametrize(
    "zone", ["Mars/Phobos", "Europe", "Europe/Pariss", ":Mars/Phobos", "/no/such/file"]
)
def test_a_time_zone_that_is_not_there(good, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    assert warnings(good) == [
        f"TZ: there is no time zone {zone.removeprefix(':')}, and UTC is taken: write one such as "
        "Europe/Paris"
    ]


@pytest.mark.parametrize(
    "zone", ["Europe/Paris", "UTC", ":Asia/Tokyo", "CET-1CEST,M3.5.0,M10.5.0/3", "<+03>-3", ""]
)
def test_a_time_zone_that_is_there(good, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    assert warnings(good) == []
