"""The site file: what it means, and that whoever writes it wrongly is told all of it at once."""

import pytest
from sqlalchemy import make_url

from shared import config, keys, settings

LDAP = {"AUTH_MODULE": "site.ldap", "AUTH_CLASS": "Ldap"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of keys."""
    folder = tmp_path_factory.mktemp("site") / "keys"
    keys.new(folder)
    return folder


@pytest.fixture
def least(folder):
    """The least that a site with the service core says."""
    return {
        "site": {"name": "Example"},
        "database": {"uri": "mysql://ispyb@db/ispyb"},
        "tokens": {"issuer": "https://ispyb.example.org", "keys": str(folder)},
        "services": {"core": {}},
    }


@pytest.fixture
def write(tmp_path):
    """``write(text)`` is the path of a site file."""

    def site_file(text):
        path = tmp_path / "site.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return site_file


def faults(*args, **kwargs) -> list[str]:
    with pytest.raises(config.ConfigError) as caught:
        config.load(*args, **kwargs)
    assert all(fault in str(caught.value) for fault in caught.value.faults)
    return caught.value.faults


# ---------------------------------------------------------------------------- what is read


def test_absent_settings_have_their_defaults(least, folder):
    site = config.load(least)
    assert site["site"] == {"name": "Example", "mode": "production", "trusted_proxies": 1}
    assert site["database"] == {
        "uri": "mysql://ispyb@db/ispyb",
        "pool_size": 4,
        "connect_seconds": 5,
        "network_seconds": 15,
        "lock_seconds": 5,
        "statement_seconds": 10,
    }
    assert site["tokens"] == {
        "issuer": "https://ispyb.example.org",
        "audience": "ispyb",
        "keys": str(folder),
        "access_minutes": 30,
        "refresh_hours": 24,
        "service_days": 365,
        "onetime_seconds": 10,
    }
    assert site["limits"]["batch_rows"] == 10_000
    assert site["gateway"] == {"host": "127.0.0.1", "port": 8000, "workers": 2, "threads": 4}
    assert site["cors"] == {"origins": []}
    assert (site["AUTH"], site["beamlines"], site["beamline_groups"]) == ([], [], [])


def test_services_are_on_when_listed_and_off_when_not(least):
    least["services"] = {
        "core": None,
        "em": {"enabled": False},
        "ssx": {"url": "https://ssx.example.org:8443"},
    }
    site = config.load(least)
    assert config.enabled(site) == ["core", "ssx"]
    assert site["services"]["core"]["url"] == "http://core:8000"
    assert site["services"]["ssx"]["url"] == "https://ssx.example.org:8443"
    assert site["services"]["auth"]["enabled"] is False


def test_a_service_may_run_several_times(least):
    urls = ["http://core-1:8000", "http://core-2:8000"]
    least["services"]["core"] = {"url": urls}
    assert config.load(least)["services"]["core"]["url"] == urls
    least["services"]["core"] = {"url": [*urls, "core-3"]}
    assert faults(least) == ["services.core.url: must be http://host:port, without path"]
    least["services"]["core"] = {"url": []}
    assert faults(least) == ["services.core.url: must be text"]


def test_dialects_of_services_that_are_on_are_on(least):
    least["services"]["core"] = {"dialects": ["mxcube"]}
    assert config.dialects(config.load(least)) == {"mxcube"}
    least["services"] = {"core": {"dialects": ["mxcube"], "enabled": False}, "em": None}
    assert config.dialects(config.load(least)) == set()
    least["services"]["em"] = {"dialects": ["mxcube", "mxcubes"]}
    near = "services.em.dialects.1: unknown dialect mxcubes, did you mean mxcube?"
    assert faults(least) == [near]


def test_loaded_settings_can_be_loaded_again(least, folder, monkeypatch):
    monkeypatch.setenv("PASSWORD", "p@ss")
    least["database"] = {"uri": "mysql://ispyb@db/ispyb", "password": {"env": "PASSWORD"}}
    least["services"] = {"auth": {}, "core": {"enabled": False}}
    least["AUTH"] = [{"ldap": {**LDAP, "CONFIG": {"LDAP_PASSWORD": {"env": "PASSWORD"}}}}]
    before = repr(least)
    site = config.load(least)
    monkeypatch.delenv("PASSWORD")
    assert config.load(site) == site == config.load(site, "auth")
    assert repr(least) == before


def test_paths_start_from_the_folder_of_the_file(write, tmp_path, monkeypatch):
    keys.new(tmp_path / "ring")
    path = write("""
        site: {name: Example}
        database: {uri: "sqlite:///data/ispyb.db"}
        tokens: {issuer: ispyb, keys: ring}
        services: {core: }
        file_roots: [/data, ../files]
        """)
    monkeypatch.chdir("/")
    monkeypatch.setenv(config.VARIABLE, str(path))
    for site in (config.load(), config.load(path), config.load(str(path))):
        assert site["tokens"]["keys"] == f"{tmp_path}/ring"
        assert site["file_roots"] == ["/data", f"{tmp_path.parent}/files"]
        assert config.database_uri(site) == f"sqlite:///{tmp_path}/data/ispyb.db"


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///:memory:", "sqlite:////data/a.db"])
def test_a_database_that_needs_no_folder_is_left_alone(least, uri):
    least["database"]["uri"] = uri
    assert make_url(config.database_uri(config.load(least))) == make_url(uri)


@pytest.mark.parametrize("driver", settings.DRIVERS[:-1])
def test_the_database_is_reached_by_one_driver_with_any_password(least, driver):
    least["database"] = {"uri": f"{driver}://ispyb@db:3307/ispyb?ssl=1", "password": "p:@/%#é"}
    url = make_url(config.database_uri(config.load(least)))
    assert url.drivername == "mysql+mysqldb"
    assert (url.username, url.password, url.host, url.port) == ("ispyb", "p:@/%#é", "db", 3307)
    assert (url.database, url.query) == ("ispyb", {"ssl": "1"})


def test_a_password_may_stand_in_the_uri_alone(least):
    least["database"] = {"uri": "mysql://ispyb:secret@db/ispyb"}
    assert make_url(config.database_uri(config.load(least))).password == "secret"
    least["database"]["password"] = "other"
    assert faults(least) == ["database.password: the uri holds a password too"]


def test_plugins_keep_their_order_and_their_own_settings(least):
    own = {"LDAP_URI": "ldaps://ldap", "anything": [1, {"at": "all"}]}
    least["AUTH"] = [
        {"zeta": {**LDAP, "CONFIG": own}},
        {"off": {**LDAP, "ENABLED": False}},
        {"alpha": LDAP},
    ]
    plugins = config.plugins(config.load(least))
    assert list(plugins) == ["zeta", "alpha"]
    assert plugins["zeta"] == {"ENABLED": True, **LDAP, "CONFIG": own}
    assert plugins["alpha"]["CONFIG"] == {}


# ---------------------------------------------------------------------------- secrets


def test_secrets_come_from_variables_and_files(least, tmp_path, monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", " from env ")
    (tmp_path / "bind").write_text(" from file \r\n")
    least["database"]["password"] = {"env": "DB_PASSWORD"}
    least["AUTH"] = [{"ldap": {**LDAP, "CONFIG": {"users": [{"file": f"{tmp_path}/bind"}]}}}]
    site = config.load(least)
    assert site["database"]["password"] == " from env "
    assert config.plugins(site)["ldap"]["CONFIG"] == {"users": [" from file "]}


def test_secret_files_are_sought_beside_the_site_file(write, folder, tmp_path):
    (tmp_path / "password").write_text("secret\n")
    path = write(f"""
        site: {{name: Example}}
        database: {{uri: "mysql://ispyb@db/ispyb", password: {{file: password}}}}
        tokens: {{issuer: ispyb, keys: {folder}}}
        services: {{core: }}
        """)
    assert config.load(path)["database"]["password"] == "secret"


@pytest.mark.parametrize(
    "secret, reason",
    [
        ({"env": "ISPYB_NO_SUCH"}, "the environment variable ISPYB_NO_SUCH is not set"),
        ({"env": "ISPYB_EMPTY"}, "the environment variable ISPYB_EMPTY is empty"),
        ({"file": "/no/such"}, "the file /no/such: No such file or directory"),
        ({"file": "/"}, "the file /: Is a directory"),
        ({"file": "/dev/null"}, "the file /dev/null is empty"),
        ({"env": "HOME", "file": "/dev/null"}, "give env or file, not both"),
        ({"evn": "HOME"}, "must be text, {env: NAME} or {file: PATH}"),
        (123, "must be text, {env: NAME} or {file: PATH}"),
        ("", "must not be empty"),
        (None, "is missing"),
    ],
)
def test_a_secret_that_is_not_there_is_a_mistake(least, monkeypatch, secret, reason):
    monkeypatch.setenv("ISPYB_EMPTY", "")
    least["database"]["password"] = secret
    assert faults(least) == [f"database.password: {reason}"]


def test_only_auth_needs_the_secrets_of_the_plugins(least, monkeypatch):
    least["services"] = {"auth": {}, "core": {}}
    least["AUTH"] = [{"ldap": {**LDAP, "CONFIG": {"PASSWORD": {"env": "ISPYB_NO_SUCH"}}}}]
    assert config.load(least, "core")["AUTH"] == []
    missing = "AUTH.0.ldap.CONFIG.PASSWORD: the environment variable ISPYB_NO_SUCH is not set"
    assert faults(least, "auth") == faults(least) == [missing]


def test_a_caller_without_need_of_secrets_gets_settings(least):
    least["database"]["password"] = {"env": "ISPYB_NO_SUCH"}
    least["limits"] = {"batch_rows": {"env": "ISPYB_NO_SUCH"}}
    site = config.load({**least, "limits": {}}, secrets=False)
    assert site["services"]["core"]["url"] == "http://core:8000"
    assert len(faults(least)) == 2
    assert faults({**least, "site": {}}, secrets=False) == ["site.name: is missing"]


# ---------------------------------------------------------------------------- mistakes


def test_every_mistake_is_listed_at_once_with_its_path(write):
    path = write("""
        site: {name: Example, mode: prod}
        databse: {}
        database: {uri: "oracle://ispyb@db/ispyb", pasword: x, pool_size: 0, network_seconds: 10}
        tokens: {access_minutes: 90, refresh_hours: 1, key: here}
        services:
          core: {enable: true, url: core}
          sxs: {}
          em: 3
          ssx: {url: "http://ssx:8000/x"}
        AUTH:
          - ldap: {ENABLED: maybe, AUTH_MODULE: x, CONFIG: {anything: goes}}
          - {ldap: {}, more: {}}
          - ldap: {AUTH_MODULE: x, AUTH_CLASS: X, CONFIG: 3}
        beamlines: [i03, 4, i03]
        beamline_groups:
          - {name: MX, permission: permission_is_long, beamlines: [5, i3]}
          - {permission: em_admin}
          - 3
        industrial_codes: [in, in1]
        file_roots: /data
        limits: {batch_rows: "many", body_megabytes: 1.5}
        cors: {origins: ["*", "https://a.example/", "https://a.example"]}
        gateway: {workers: }
        """)
    assert sorted(faults(path, keys=False)) == [
        "AUTH.0.ldap.AUTH_CLASS: is missing",
        "AUTH.0.ldap.ENABLED: must be true or false",
        "AUTH.1: must be one name with its settings below it",
        "AUTH.2.ldap: stands twice",
        "beamline_groups.0.beamlines.0: must be text",
        "beamline_groups.0.beamlines.1: unknown beamline i3, did you mean i03?",
        "beamline_groups.0.permission: must have 1 to 15 characters",
        "beamline_groups.1.beamlines: is missing",
        "beamline_groups.1.name: is missing",
        "beamline_groups.2: must hold keys and values",
        "beamlines.1: must be text",
        "beamlines.2: i03 stands twice",
        "cors.origins.0: must be scheme://host or scheme://host:port in lower case, "
        "without path or *",
        "cors.origins.1: must be scheme://host or scheme://host:port in lower case, "
        "without path or *",
        "database.pasword: unknown key, did you mean password?",
        "database.pool_size: must be from 1 to 100",
        "database.statement_seconds: must be less than database.network_seconds",
        "database.uri: must start with mysql, mariadb or sqlite, not oracle",
        "databse: unknown key, did you mean database?",
        "file_roots: must be a list",
        "gateway.workers: is missing",
        "industrial_codes.1: must be letters, as in Proposal.proposalCode",
        "limits.batch_rows: must be a whole number",
        "limits.body_megabytes: must be a whole number",
        "services.core.enable: unknown key, did you mean enabled?",
        "services.core.url: must be http://host:port, without path",
        "services.em: must hold keys and values",
        "services.ssx.url: must be http://host:port, without path",
        "services.sxs: unknown service, did you mean ssx?",
        "site.mode: must be one of: production, demo",
        "tokens.issuer: is missing",
        "tokens.key: unknown key, did you mean keys?",
        "tokens.refresh_hours: is shorter than tokens.access_minutes",
    ]


def test_one_mistake_is_one_sentence(write):
    path = write("services: {core: }\ndatabase: {uri: 'sqlite://'}\ntokens: {issuer: x}")
    with pytest.raises(RuntimeError) as caught:
        config.load(path, keys=False)
    assert str(caught.value) == f"mistake in {path}: site.name: is missing"


@pytest.mark.parametrize("key, near", [("auth", "AUTH"), ("Services", "services")])
def test_the_nearest_name_is_found_in_any_case(least, key, near):
    assert faults({**least, key: {}}) == [f"{key}: unknown key, did you mean {near}?"]


def test_a_name_near_to_nothing_is_answered_by_all(least):
    assert faults({**least, "cors": {"xyz": 1}}) == ["cors.xyz: unknown key, known are: origins"]


def test_empty_sections_miss_what_they_must_have():
    assert faults({"database": None, "limits": None}, keys=False) == [
        "site.name: is missing",
        "database.uri: is missing",
        "tokens.issuer: is missing",
        "services: none is enabled",
    ]


@pytest.mark.parametrize(
    "uri, reason",
    [
        ("ispyb", "is not a database URI such as mysql://user@host/ispyb"),
        ("mysql://ispyb@db:port/ispyb", "is not a database URI such as mysql://user@host/ispyb"),
        ("mysql://ispyb@db", "names no database: write mysql://user@host/ispyb"),
        ("mysql+pymysql://db/i", "must start with mysql, mariadb or sqlite, not mysql+pymysql"),
    ],
)
def test_a_database_is_one_that_is_served(least, uri, reason):
    least["database"]["uri"] = uri
    assert faults(least) == [f"database.uri: {reason}"]


def test_a_key_that_stands_twice_is_not_silently_the_last(write):
    path = write("""\
site: {name: A}
services:
  core: {enabled: true}
  core: {enabled: false}
AUTH:
  - ldap: {AUTH_MODULE: a, AUTH_CLASS: A,
      AUTH_MODULE: b}
site: {name: B}
""")
    messages = faults(path, keys=False)
    assert "services.core: stands in line 3 and in line 4" in messages
    assert "AUTH.0.ldap.AUTH_MODULE: stands in line 6 and in line 7" in messages
    assert "site: stands in line 1 and in line 8" in messages
    assert "database.uri: is missing" in messages


@pytest.mark.parametrize(
    "text, reason",
    [
        ("site: x\n database: {}\n", "is not YAML in line 2: mapping values are not allowed"),
        ("site: {name: [}\n", "is not YAML in line 1"),
        ("site: !!python/name:os.system\n", "is not YAML in line 1"),
        ("site: \x00\n", "is not YAML"),
        (
            "AUTH:\n  ldap:\n    ENABLED: true\n  - other: {}\n",
            "is not YAML in line 4: it does not fit the block that begins in line 2: it needs the"
            " same indentation, and a block is either keys or a list, whose items begin with -",
        ),
        ("site: &a [*a]\n", "an alias leads back to itself"),
        ("", "holds no settings"),
        ("- site\n", "holds no settings"),
    ],
)
def test_a_file_that_is_no_settings_is_one_sentence(write, text, reason):
    path = write(text)
    with pytest.raises(config.ConfigError) as caught:
        config.load(path)
    [fault] = caught.value.faults
    assert fault.startswith(f"site file: {reason}")
    assert str(caught.value) == f"mistake in {path}: {fault}"


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    assert faults(tmp_path / "no.yml") == ["site file: No such file or directory"]
    assert faults(tmp_path) == ["site file: Is a directory"]
    (tmp_path / "latin1.yml").write_bytes("name: é".encode("latin1"))
    assert faults(tmp_path / "latin1.yml") == ["site file: is not UTF-8 text"]
    for value in ("", None):
        monkeypatch.delenv(config.VARIABLE, raising=False)
        if value is not None:
            monkeypatch.setenv(config.VARIABLE, value)
        assert faults() == ["ISPYB_SITE: is not set, and no site file was named"]


# ---------------------------------------------------------------------------- services and modes


@pytest.mark.parametrize("plugins", [{"ldap": LDAP}, "ldap", 5])
def test_plugins_that_are_no_list_are_one_sentence(least, plugins):
    least |= {"services": {"auth": {}}, "AUTH": plugins}
    assert faults(least) == [
        "AUTH: must be a list of plugins: each begins with `- ` and its name, its settings below"
    ]


def test_auth_needs_a_plugin_and_the_others_do_not(least):
    least["services"] = {"auth": {}, "core": {}}
    least["AUTH"] = [{"ldap": {**LDAP, "ENABLED": False}}]
    reason = ["AUTH: the service auth needs a plugin that is enabled"]
    assert faults(least) == faults(least, "auth") == reason
    assert config.enabled(config.load(least, "core")) == ["auth", "core"]


def test_a_service_that_is_switched_off_does_not_start(least):
    site = config.load(least)
    with pytest.raises(config.ConfigError) as caught:
        config.load(site, "ssx")
    assert caught.value.faults == ["services.ssx: is not enabled at this site"]
    assert faults(least, "xrf") == ["services.xrf: is not enabled at this site"]


def test_each_service_starts_with_its_own_settings_only(least, tmp_path):
    for name in ("core", "ssx", "em"):
        alone = {**least, "services": {name: None}}
        assert config.enabled(config.load(alone, name)) == [name]
    auth = {**least, "services": {"auth": None}, "AUTH": [{"ldap": LDAP}]}
    assert config.enabled(config.load(auth, "auth")) == ["auth"]


def test_public_keys_suffice_for_all_but_auth(least, folder, tmp_path):
    public = tmp_path / "keys" / "public"
    public.mkdir(parents=True)
    for path in (folder / "public").iterdir():
        (public / path.name).write_bytes(path.read_bytes())
    least["tokens"]["keys"] = str(tmp_path / "keys")
    least["services"]["auth"] = {}
    least["AUTH"] = [{"ldap": LDAP}]
    assert config.load(least, "core")
    current = tmp_path / "keys" / "current"
    assert faults(least, "auth") == [f"tokens.keys: {current} does not name the key that signs"]


def test_without_keys_production_does_not_start_and_a_demo_makes_them_first(least, tmp_path):
    least["tokens"]["keys"] = str(tmp_path)
    missing = [f"tokens.keys: {tmp_path}/public: No such file or directory"]
    assert faults(least) == faults(least, "core") == missing
    assert config.load(least, keys=False)
    (tmp_path / "public").mkdir()
    none = f"tokens.keys: no public key in {tmp_path}/public: run `ispyb-services keys new`"
    assert faults(least) == [none]
    demo = {**least, "site": {"name": "Demo", "mode": "demo"}}
    assert config.load(demo)
    assert faults(demo, "core") == [none]


def test_a_private_key_is_never_published(least, tmp_path):
    kid = keys.new(tmp_path)
    path = tmp_path / "public" / f"{kid}.pem"
    path.write_bytes((tmp_path / "private" / f"{kid}.pem").read_bytes())
    least["tokens"]["keys"] = str(tmp_path)
    reason = f"{path} holds a PRIVATE key: remove it, and use that key no more"
    assert faults(least) == faults(least, "core") == [f"tokens.keys: {reason}"]
