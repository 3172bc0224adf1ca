"""docker-compose.yml is valid, and as closed as it says."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shared.settings import known_services

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
OURS = ["auth", "core", "em", "ssx"]
ONCE = ["keys", "render", "upgrade"]


@pytest.fixture(scope="module")
def compose():
    """The file, parsed."""
    return yaml.safe_load(FILE.read_text())


def mounts(service):
    return {each["target"]: each for each in service.get("volumes", [])}


def test_it_meets_the_compose_specification():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    done = subprocess.run([*command, "vendor.compose-spec", FILE], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_runs_every_service_from_its_own_image(compose):
    services = compose["services"]
    assert sorted(services) == sorted([*OURS, *ONCE, "kong", "mariadb"])
    assert OURS == known_services()
    for name in OURS:
        assert services[name]["build"] == {"context": ".", "args": {"SERVICE": name}}
        assert services[name]["image"] == f"ispyb-{name}"
    assert services["kong"]["image"] == "${KONG_IMAGE:-kong:3.9.3}"


def test_only_kong_can_be_reached_from_outside(compose):
    services = compose["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["kong"]
    assert services["kong"]["networks"] == ["gateway", "outside"]
    assert compose["networks"]["gateway"]["internal"]
    assert compose["networks"]["database"]["internal"]
    assert "kong" not in [n for n, s in services.items() if "database" in s["networks"]]


def test_nobody_is_root(compose):
    for name, service in compose["services"].items():
        assert service["user"].partition(":")[0] in ("10001", "999", "kong"), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    for name in [*OURS, *ONCE]:
        assert compose["services"][name]["read_only"] is True
        assert compose["services"][name]["cap_drop"] == ["ALL"]


def test_secrets_are_files(compose):
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if "PASSWORD" in variable or "SECRET" in variable:
                assert variable.endswith("_FILE"), (name, variable)
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert {secret["file"] for secret in compose["secrets"].values()} == {
        "./secrets/database_password",
        "./secrets/database_root_password",
    }
    roots = [n for n, s in compose["services"].items() if "database_root_password" in str(s)]
    assert roots == ["mariadb"]


def test_private_keys_are_for_auth_only(compose):
    services = compose["services"]
    for name in OURS:
        mounted = mounts(services[name])
        assert mounted["/etc/ispyb/keys/public"]["source"] == "public-keys"
        assert all(each["read_only"] for each in mounted.values())
        assert ("/etc/ispyb/keys" in mounted) == (name == "auth")
    assert "/etc/ispyb/keys" not in mounts(services["render"])
    assert "keys" not in {each["source"] for each in mounts(services["kong"]).values()}


def test_every_service_is_asked_for_its_health(compose):
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()
    for name in OURS:
        assert "healthcheck" not in compose["services"][name], "the image has it"
    for name in ("kong", "mariadb"):
        assert compose["services"][name]["healthcheck"]["test"][0] == "CMD"


def test_each_waits_for_what_it_needs(compose):
    def needs(name):
        return {k: v["condition"] for k, v in compose["services"][name]["depends_on"].items()}

    for name in OURS:
        assert needs(name) == {"upgrade": "service_completed_successfully"}
    assert needs("upgrade") == {
        "keys": "service_completed_successfully",
        "mariadb": "service_healthy",
    }
    assert needs("render") == {"keys": "service_completed_successfully"}
    assert needs("kong") == {"render": "service_completed_successfully"}


def test_kong_shows_nobody_its_configuration(compose):
    kong = compose["services"]["kong"]
    assert kong["environment"]["KONG_DATABASE"] == "off"
    assert kong["environment"]["KONG_ADMIN_LISTEN"] == "off"
    assert kong["environment"]["KONG_ADMIN_GUI_LISTEN"] == "off"
    assert kong["environment"]["KONG_ANONYMOUS_REPORTS"] == "off"
    written = compose["services"]["render"]["command"][-1]
    assert kong["environment"]["KONG_DECLARATIVE_CONFIG"] in written
    assert mounts(kong)["/run/kong"]["source"] == "kong"
    assert mounts(compose["services"]["render"])["/run/kong"]["source"] == "kong"
