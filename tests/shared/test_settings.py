"""Every setting is explained, in the example and in the documentation, as the schema has it.

``python -m tests.shared.test_settings > docs/reference/settings.md`` refreshes the latter.
"""

from pathlib import Path

import yaml
from marshmallow import fields, missing, validate

from shared import config, keys, settings
from shared.models.people import Permission
from shared.models.proposals import BLSession

ROOT = Path(__file__).parents[2]


def test_the_example_is_a_site_in_production(tmp_path, monkeypatch):
    example = (ROOT / "config" / "site.example.yml").read_text()
    (tmp_path / "site.yml").write_text(example)
    keys.new(tmp_path / "keys")
    monkeypatch.setenv("ISPYB_DATABASE_PASSWORD", "secret")
    monkeypatch.setenv("KEYCLOAK_CLIENT_SECRET_KEY", "secret")
    site = config.load(tmp_path / "site.yml")
    assert config.database_uri(site) == "mysql+mysqldb://ispyb:secret@db/ispyb"
    assert config.enabled(site) == config.enabled(config.load(site, "auth"))
    assert list(config.plugins(site)) == ["keycloak"]


def test_the_demo_has_everything_on():
    site = config.load(ROOT / "config" / "demo.yml")
    assert site["site"]["mode"] == "demo"
    assert config.database_uri(site) == f"sqlite:///{ROOT}/.run/ispyb.db"
    assert site["tokens"]["keys"] == f"{ROOT}/.run/keys"
    assert config.enabled(site) == ["auth", "core", "em", "ssx"]
    assert (site["gateway"]["host"], site["gateway"]["port"]) == ("127.0.0.1", 8000)
    users = config.plugins(site)["dummy"]["CONFIG"]["users"]
    logins = ["admin", "alice", "bob", "carol", "staff-mx"]
    assert [user["login"] for user in users] == [user["password"] for user in users] == logins
    assert len({user["token"] for user in users}) == len(users)
    groups = {group["permission"]: group["beamlines"] for group in site["beamline_groups"]}
    assert groups == {
        "mx_admin": ["i03", "i04", "i24"],
        "ssx_admin": ["i24"],
        "em_admin": ["m02", "m03"],
    }


def test_names_fit_their_columns():
    assert settings.PERMISSION_LENGTH == Permission.__table__.c.type.type.length
    assert settings.BEAMLINE_LENGTH == BLSession.__table__.c.beamLineName.type.length


def sections(schema, path=()):
    """Every section of the site file below ``path``, with its schema."""
    yield path, schema
    for name, field in schema.fields.items():
        if isinstance(field, fields.Nested):
            yield from sections(field.schema, (*path, name))
        elif isinstance(field, fields.List) and isinstance(field.inner, fields.Nested):
            yield from sections(field.inner.schema, (*path, name, "<n>"))
        elif isinstance(field, settings.Services):
            yield from sections(field.section(), (*path, name, "<name>"))
        elif isinstance(field, settings.Plugins):
            yield from sections(field.section(), (*path, name, "<n>", "<name>"))


def rows(schema):
    """The settings that stand directly in ``schema``, not in a section below it."""
    below = (fields.Nested, settings.Services, settings.Plugins)
    for name, field in schema.fields.items():
        if not isinstance(getattr(field, "inner", field), below):
            yield name, field


def default(field):
    """The default of a field; None if there is none."""
    value = field.metadata.get("default", field.load_default)
    return value() if callable(value) else None if value is missing else value


def kind(field) -> str:
    """The kind of value, in words."""
    if isinstance(field, settings.Whole):
        bounds = field.validate
        return f"{bounds.min} to {bounds.max}"
    if isinstance(field, fields.List):
        return "list of texts"
    for rule in field.validators:
        if isinstance(rule, validate.OneOf):
            return rule.choices_text
    kinds = {settings.Secret: "secret", settings.Switch: "true, false", fields.Dict: "mapping"}
    return kinds.get(type(field), "text")


def written(value) -> str:
    """A default as the site file would write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"


def reference() -> str:
    """The text of docs/reference/settings.md."""
    lines = [
        "# Settings",
        "",
        "A site is one YAML file. The environment variable `ISPYB_SITE` names it; "
        "`config/site.example.yml` is one to start from; `ispyb-services check-config` lists all "
        "its mistakes at once. A service does not start with any. Paths start from the folder of "
        "the file. Any text may be `{env: NAME}`, to be taken from an environment variable, or "
        "`{file: PATH}`, from a file: so secrets need not stand in it.",
    ]
    for path, schema in sections(settings.Site()):
        lines += ["", f"## `{'.'.join(path)}`" if path else "## At the top", ""]
        lines += [schema.__doc__ if path else "What stands in no section.", ""]
        lines += ["| key | value | default | meaning |", "|---|---|---|---|"]
        for name, field in rows(schema):
            value = "**required**" if field.required else written(default(field))
            about = field.metadata["description"]
            lines.append(f"| `{name}` | {kind(field)} | {value} | {about} |")
    return "\n".join(lines) + "\n"


def test_the_documentation_is_that_of_the_schema():
    assert (ROOT / "docs" / "reference" / "settings.md").read_text() == reference()


def test_every_setting_says_what_it_is():
    for path, schema in sections(settings.Site()):
        for name, field in rows(schema):
            assert field.metadata["description"].endswith("."), (path, name)


def settings_of(document, path):
    """The values that stand in ``document`` at ``path``, whose <n> and <name> match any."""
    if not path:
        yield document
    elif path[0] == "<n>":
        for item in document:
            yield from settings_of(item, path[1:])
    elif path[0] == "<name>":
        for name, item in document.items():
            yield from settings_of((name, item) if len(path) == 1 else item, path[1:])
    else:
        yield from settings_of(document[path[0]], path[1:])


def test_the_example_shows_every_setting_with_its_default():
    document = yaml.safe_load((ROOT / "config" / "site.example.yml").read_text())
    for path, schema in sections(settings.Site()):
        for name, field in rows(schema):
            example = settings_of(document, path)
            named = [item if isinstance(item, tuple) else ("", item) for item in example]
            values = [(key, block[name]) for key, block in named if name in block]
            assert values, f"the example does not show {'.'.join((*path, name))}"
            if isinstance(default(field), str | int) and name != "ENABLED":
                for key, value in values:
                    expected = default(field)
                    if isinstance(expected, str):
                        expected = expected.replace("<name>", key)
                    assert value == expected, (path, name)


if __name__ == "__main__":
    print(reference(), end="")
