"""The compose files are valid, as closed as they say, and fit the site; faults are named."""

import json
import re
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from gateway.compose import check
from gateway.server import KEEPALIVE_SECONDS
from services.cli import main
from shared import config
from shared.settings import known_services

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
SITE, TLS = ROOT / "compose.site.yml", ROOT / "compose.tls.yml"
OURS = ["auth", "core", "em", "ssx"]
ONCE = ["keys", "render", "upgrade"]


REPLACED = ("command", "entrypoint", "test")  # lists that compose does not append


@pytest.fixture(scope="module")
def compose():
    """The file, parsed."""
    return yaml.safe_load(FILE.read_text())


def dump(compose):
    return yaml.safe_dump(compose, sort_keys=False)


def merge(before, after):
    """Two values of compose files as one, by the rules of the compose specification."""
    if isinstance(before, dict) and isinstance(after, dict):
        both = {key: merge(before[key], after[key]) for key in before.keys() & after.keys()}
        replaced = {key: after[key] for key in both.keys() & set(REPLACED)}
        return {**before, **after, **both, **replaced}
    if isinstance(before, list) and isinstance(after, list):
        return [*before, *after]
    return after


def merged(*paths, **variables):
    """What `docker compose -f ... config` writes, as far as it matters here."""
    whole = {}
    for path in paths:
        text = path.read_text()
        text = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda m: variables.get(m[1], m[2]), text)
        whole = merge(whole, yaml.safe_load(text))
    services = whole["services"].items()
    whole["services"] = {name: each for name, each in services if "profiles" not in each}
    return json.loads(json.dumps(whole))  # without aliases


@pytest.fixture(scope="module")
def example():
    """``example(uri, trusted_proxies)``: the site of the example file, with these."""

    def load(uri="mysql://ispyb@mariadb/ispyb", trusted_proxies=1):
        text = (ROOT / "config/site.example.yml").read_text()
        site = yaml.safe_load(text)
        site["database"]["uri"] = uri
        site["site"]["trusted_proxies"] = trusted_proxies
        return config.load(site, keys=False, secrets=False)

    return load


def mounts(service):
    return {each["target"]: each for each in service.get("volumes", [])}


def test_they_meet_the_compose_specification():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, FILE, SITE, TLS], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_runs_every_service_from_its_own_image(compose):
    services = compose["services"]
    assert sorted(services) == sorted([*OURS, *ONCE, "kong", "mariadb", "notices"])
    assert OURS == known_services()
    for name in OURS:
        assert services[name]["build"] == {"context": ".", "args": {"SERVICE": name}}
        assert services[name]["image"] == f"ispyb-{name}"
    assert services["kong"]["image"] == "${KONG_IMAGE:-kong:3.9.3}"


def test_only_kong_can_be_reached_from_outside(compose):
    services = compose["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["kong"]
    assert services["kong"]["networks"] == ["gateway", "outside"]
    assert compose["networks"]["gateway"]["internal"] is True
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
    healthy = dict.fromkeys(OURS, "service_healthy")
    assert needs("kong") == {"render": "service_completed_successfully", **healthy}
    kong = compose["services"]["kong"]["depends_on"]
    assert [name for name, each in kong.items() if each.get("required", True)] == ["render"]


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


def test_kong_finds_each_service_at_an_address_that_stays(compose):
    for prefix in ("172.30.240", "10.9.8"):
        whole = merged(FILE, ISPYB_GATEWAY_NET=prefix)
        (pool,) = whole["networks"]["gateway"]["ipam"]["config"]
        subnet, others = ip_network(pool["subnet"]), ip_network(pool["ip_range"])
        services = [whole["services"][name] for name in OURS]
        addresses = [each["networks"]["gateway"]["ipv4_address"] for each in services]
        addresses.append(pool["gateway"])
        assert len({*addresses}) == len(OURS) + 1
        assert others.subnet_of(subnet)
        assert all(ip_address(each) in subnet for each in addresses)
        assert not any(ip_address(each) in others for each in addresses)


def test_the_user_of_the_services_has_four_rights(compose):
    rights = compose["configs"]["rights"]["content"].splitlines()
    assert "GRANT SELECT, INSERT, UPDATE, DELETE ON ispyb.* TO ispyb@'%';" in rights
    assert [line for line in rights if "GRANT ALL" in line] == [
        "GRANT ALL ON ispyb_services.* TO ispyb@'%';"
    ]
    assert "MARIADB_DATABASE" not in compose["services"]["mariadb"]["environment"]


def test_a_database_elsewhere_needs_no_mariadb():
    whole = merged(FILE, SITE)
    assert "mariadb" not in whole["services"]
    mentions = [n for n, each in whole["services"].items() if "root_password" in str(each)]
    assert mentions == []
    for name, each in whole["services"].items():
        needed = [k for k, v in each["depends_on"].items() if v.get("required", True)]
        assert whole["services"].keys() >= {*needed}, name
    assert whole["networks"]["gateway"]["internal"] is True


VARIANTS = {
    "docker-compose.yml": ([FILE], "mysql://ispyb@mariadb/ispyb", 1),
    "with compose.site.yml": ([FILE, SITE], "mysql://services@db.example.org/ispyb", 1),
    "with compose.tls.yml": ([FILE, TLS], "mysql://ispyb@mariadb/ispyb", 2),
    "with both": ([FILE, SITE, TLS], "mysql://services@db.example.org/ispyb", 2),
}


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("variables", [{}, {"ISPYB_OUTSIDE_NET": "10.9.7"}], ids=["", "subnet"])
def test_each_variant_fits_its_site(example, name, variables):
    paths, uri, proxies = VARIANTS[name]
    text = dump(merged(*paths, **variables))
    assert check(text, example(uri, proxies)) == []


def environment(compose, name):
    return compose["services"][name]["environment"]


def core(compose):
    return compose["services"]["core"]


def needs(compose, name="core"):
    return compose["services"]["kong"]["depends_on"][name]


def remove_address(compose):
    core(compose)["networks"]["gateway"] = {}


BREAKS = {
    "kong: KONG_UPSTREAM_KEEPALIVE_IDLE_TIMEOUT is 75": lambda c: environment(c, "kong").update(
        KONG_UPSTREAM_KEEPALIVE_IDLE_TIMEOUT="75"
    ),
    "kong: KONG_UPSTREAM_KEEPALIVE_IDLE_TIMEOUT is 0": lambda c: environment(c, "kong").update(
        KONG_UPSTREAM_KEEPALIVE_IDLE_TIMEOUT=0
    ),
    "kong: KONG_STATUS_LISTEN is 127.0.0.1:8100": lambda c: environment(c, "kong").update(
        KONG_STATUS_LISTEN="127.0.0.1:8100"
    ),
    "kong: KONG_STATUS_LISTEN is off": lambda c: environment(c, "kong").update(
        KONG_STATUS_LISTEN="off"
    ),
    "kong does not wait until core is healthy": lambda c: needs(c).update(
        condition="service_started"
    ),
    "kong does not wait until ssx is healthy": lambda c: c["services"]["kong"]["depends_on"].pop(
        "ssx"
    ),
    "core has no ipv4_address": remove_address,
    "kong and core have no network": lambda c: core(c).update(networks=["database"]),
    "core and mariadb have no network": lambda c: core(c)["networks"].pop("database"),
    "mariadb: MARIADB_DATABASE gives": lambda c: environment(c, "mariadb").update(
        MARIADB_DATABASE="ispyb"
    ),
    "site.trusted_proxies is 2, but kong has no": lambda c: environment(c, "kong").pop(
        "KONG_TRUSTED_IPS"
    ),
    "kong: KONG_REAL_IP_RECURSIVE is not on": lambda c: environment(c, "kong").pop(
        "KONG_REAL_IP_RECURSIVE"
    ),
    "kong: KONG_TRUSTED_IPS does not hold 172.30.241.1": lambda c: environment(c, "kong").update(
        KONG_TRUSTED_IPS="192.0.2.10"
    ),
    "network outside has no fixed subnet": lambda c: c["networks"].update(outside={}),
    "kong: KONG_TRUSTED_IPS trusts everybody": lambda c: environment(c, "kong").update(
        KONG_TRUSTED_IPS="0.0.0.0/0,::/0"
    ),
    "kong: KONG_TRUSTED_IPS: proxy is not an address": lambda c: environment(c, "kong").update(
        KONG_TRUSTED_IPS="172.30.241.1, proxy"
    ),
}


@pytest.mark.parametrize("fault", BREAKS)
def test_each_arrangement_that_fails_is_named(example, fault):
    broken = merged(FILE, TLS)
    BREAKS[fault](broken)
    faults = check(dump(broken), example(trusted_proxies=2))
    assert [each for each in faults if each.startswith(fault)] == faults != []


@pytest.mark.parametrize(
    "paths, uri, proxies, faults",
    [
        (
            [FILE],
            "mysql://services@db.example.org/ispyb",
            1,
            ["mariadb is started, but database.uri names db.example.org: add compose.site.yml"]
            + [
                f"{name} cannot reach db.example.org: its networks (gateway, database) are"
                " internal; add compose.site.yml"
                for name in ("core", "em", "ssx", "upgrade")
            ],
        ),
        (
            [FILE, SITE],
            "mysql://ispyb@localhost/ispyb",
            1,
            ["database.uri: localhost is the container itself"],
        ),
        (
            [FILE, TLS],
            "mysql://ispyb@mariadb/ispyb",
            1,
            [
                "kong has KONG_TRUSTED_IPS, but site.trusted_proxies is 1: the services count"
                " failed logins by the address of the proxy; write 2"
            ],
        ),
    ],
    ids=["elsewhere", "localhost", "one proxy"],
)
def test_a_variant_for_another_site_is_refused(example, paths, uri, proxies, faults):
    assert check(dump(merged(*paths)), example(uri, proxies)) == faults


def test_an_address_may_change_if_kong_is_restarted(example):
    changed = merged(FILE)
    remove_address(changed)
    needs(changed).update(restart=True)
    assert check(dump(changed), example()) == []


def test_kong_closes_idle_connections_before_the_services(example):
    idle = int(environment(merged(FILE), "kong")["KONG_UPSTREAM_KEEPALIVE_IDLE_TIMEOUT"])
    assert idle < 60 < KEEPALIVE_SECONDS, "60 s is the default of a Kong without compose"
    without = merged(FILE)
    environment(without, "kong").pop("KONG_UPSTREAM_KEEPALIVE_IDLE_TIMEOUT")
    assert check(dump(without), example()) == []


def test_a_proxy_on_another_machine_is_trusted_by_its_address(example):
    far = merged(FILE, TLS, ISPYB_LISTEN="0.0.0.0:8000")
    environment(far, "kong")["KONG_TRUSTED_IPS"] = "192.0.2.10"
    assert check(dump(far), example(trusted_proxies=2)) == []


@pytest.mark.parametrize(
    "text, fault",
    [
        ("a: [", "the compose file is not YAML"),
        ("- kong", "the compose file has no service kong"),
        (FILE.read_text(), "the compose file is not the output of `docker compose config`"),
    ],
    ids=["no yaml", "a list", "not the output"],
)
def test_another_file_is_refused(example, text, fault):
    (message,) = check(text, example())
    assert fault in message


def test_the_command_line_takes_it_from_standard_input():
    arguments = ["gateway", "check", str(ROOT / "gateway/kong.yml"), "--template"]
    arguments += ["--site", str(ROOT / "config/site.example.yml"), "--compose", "-"]
    good, bad = merged(FILE), merged(FILE, TLS)
    good["services"]["kong"]["environment"]["X"] = "$${literal}"
    # The database of the example, db, is none of these services, and is on an internal network.
    for whole, words in ((good, ["database.uri names db"]), (bad, ["site.trusted_proxies is 1"])):
        result = CliRunner().invoke(main, arguments, input=dump(whole))
        assert result.exit_code == 1
        assert all(word in result.output for word in words)
