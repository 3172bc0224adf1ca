"""The site file: read and checked when an app is built, every mistake listed at once."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from marshmallow import ValidationError
from sqlalchemy import make_url

from shared import keys as keyring, notice_settings
from shared.settings import Site, known_services
from shared.spelling import unknown

API_ROOT = "/ispyb/api/v1"
VARIABLE = "ISPYB_SITE"  # the environment variable that names the site file
DEMO_PLUGIN = "services.auth.plugins.dummy"


class ConfigError(RuntimeError):
    """Settings with which no service can start; ``faults`` are all, as "path: reason"."""

    def __init__(self, faults: Iterable[str], source: str = "the settings"):
        self.faults = list(faults)
        if len(self.faults) == 1:
            super().__init__(f"mistake in {source}: {self.faults[0]}")
        else:
            heading = f"{len(self.faults)} mistakes in {source}:"
            super().__init__("\n  ".join([heading, *self.faults]))


def load(
    source: Mapping | str | os.PathLike | None = None,
    service: str | None = None,
    keys: bool = True,
    secrets: bool = True,
    check_plugins: Callable[[dict], Iterable[str]] | None = None,
) -> dict:
    """Return the settings of the site that ``source`` holds or names, or ISPYB_SITE names.

    Secrets are resolved, paths absolute, defaults filled in; the result may be loaded again.
    With ``service`` only the settings of that service are required: the secrets of the auth
    plugins for auth only, those of notices for none, as a command sends them. Without ``keys``
    the keys may be missing, e.g. before they are made; without ``secrets`` the secrets too, for
    callers that need neither. ``check_plugins`` returns the faults of the auth plugins, which are
    listed beside all others.
    """
    faults: list[str] = []
    missing: list[str] = []
    document, folder, name = _read(source, faults)
    document = _resolve(document, folder, "", missing)
    if service not in (None, "auth"):
        document.pop("AUTH", None)
        missing = [fault for fault in missing if not fault.startswith("AUTH.")]
    sends_notices = service is None and secrets and _is_enabled(document, "notices")
    if secrets:
        unused = () if sends_notices else ("notices.",)
        faults += [fault for fault in missing if not fault.startswith(unused)]
    try:
        site = Site().load(document)
    except ValidationError as error:
        site = error.valid_data
        faults += _others(_flat(error.messages), missing)
    _make_absolute(site, folder)
    faults += _relations(document, site, service)
    if sends_notices:
        faults += _others(notice_settings.list_faults(site), missing)
    if keys:
        faults += _keys(site, service)
    auth_is_enabled = site.get("services", {}).get("auth", {}).get("enabled")
    if check_plugins and auth_is_enabled and service in (None, "auth"):
        faults += _others(check_plugins(site), missing)
    if faults:
        raise ConfigError(faults, name)
    return site


def read_document(source: Mapping | str | os.PathLike | None = None) -> dict:
    """The settings as ``source`` has them: unchecked, with relative paths."""
    return _read(source, [])[0]


def enabled(site: Mapping) -> list[str]:
    """The enabled services."""
    return [name for name, service in site["services"].items() if service["enabled"]]


def dialects(site: Mapping) -> set[str]:
    """The enabled dialects; a dialect may have parts in several services."""
    return {name for key in enabled(site) for name in site["services"][key]["dialects"]}


def plugins(site: Mapping) -> dict[str, dict]:
    """The enabled auth plugins, by public name."""
    blocks = {name: block for entry in site["AUTH"] for name, block in entry.items()}
    return {name: block for name, block in blocks.items() if block["ENABLED"]}


def database_uri(site: Mapping) -> str:
    """The URI for SQLAlchemy, with the password: it must not be logged."""
    url = make_url(site["database"]["uri"])
    if url.drivername != "sqlite":
        url = url.set(drivername="mysql+mysqldb")
        if "password" in site["database"]:
            url = url.set(password=site["database"]["password"])
    return url.render_as_string(hide_password=False)


def _read(source, faults: list[str]) -> tuple[dict, Path, str]:
    """The document, the folder of its relative paths, and its name."""
    if isinstance(source, Mapping):
        return dict(source), Path.cwd(), "the settings"
    source = source or os.environ.get(VARIABLE)
    if not source:
        raise ConfigError([f"{VARIABLE}: is not set, and no site file was named"])
    path = Path(source).absolute()
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.safe_load(text)
        faults += _duplicates(yaml.compose(text))
    except OSError as error:
        raise ConfigError([f"site file: {error.strerror}"], str(path)) from None
    except UnicodeDecodeError:
        raise ConfigError(["site file: is not UTF-8 text"], str(path)) from None
    except RecursionError:
        raise ConfigError(["site file: an alias leads back to itself"], str(path)) from None
    except yaml.YAMLError as error:
        raise ConfigError([f"site file: {_syntax(error)}"], str(path)) from None
    if not isinstance(document, dict):
        raise ConfigError(["site file: holds no settings"], str(path))
    return document, path.parent, str(path)


def _syntax(error: yaml.YAMLError) -> str:
    mark, begin = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    if begin and "<block end>" in problem:
        problem = (
            f"it does not fit the block that begins in line {begin.line + 1}: it needs the same"
            " indentation, and a block is either keys or a list, whose items begin with -"
        )
    where = f" in line {mark.line + 1}" if mark else ""
    return f"is not YAML{where}: {problem}"


def _duplicates(node, path: str = "") -> Iterator[str]:
    """Faults for duplicate keys, of which YAML silently takes the last."""
    if node is None or isinstance(node, yaml.ScalarNode):
        return
    if isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            yield from _duplicates(item, f"{path}{place}.")
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.value in lines:
            yield f"{path}{key.value}: stands in line {lines[key.value]} and in line {line}"
        lines[str(key.value)] = line
        yield from _duplicates(value, f"{path}{key.value}.")


def _resolve(value: Any, folder: Path, path: str, faults: list[str]) -> Any:
    """A copy of ``value`` with the secrets instead of {env: NAME} and {file: PATH}."""
    if path and isinstance(value, Mapping) and value and value.keys() <= {"env", "file"}:
        try:
            return _secret(value, folder)
        except ValueError as error:
            faults.append(f"{path[:-1]}: {error}")
            return "unknown"
    if isinstance(value, Mapping):
        return {k: _resolve(v, folder, f"{path}{k}.", faults) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_resolve(v, folder, f"{path}{n}.", faults) for n, v in enumerate(value)]
    return value


def _secret(reference: Mapping, folder: Path) -> str:
    if len(reference) != 1:
        raise ValueError("give env or file, not both")
    [(kind, name)] = reference.items()
    if kind == "env":
        text = os.environ.get(str(name))
        if text is None:
            raise ValueError(f"the environment variable {name} is not set")
    else:
        try:
            text = (folder / str(name)).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not UTF-8 text"
            raise ValueError(f"the file {folder / str(name)}: {reason}") from None
    if not text:
        raise ValueError(
            f"the {'environment variable' if kind == 'env' else 'file'} {name} is empty"
        )
    return text


def _others(faults: Iterable[str], missing: Iterable[str]) -> list[str]:
    """Those of ``faults`` whose keys are not those of ``missing`` secrets."""
    missing_keys = {_key(fault) for fault in missing}
    return [fault for fault in faults if _key(fault) not in missing_keys]


def _key(fault: str) -> str:
    return fault.partition(":")[0]


def _flat(messages: Any, path: str = "") -> Iterator[str]:
    """The messages of marshmallow, each with the dotted path of its key."""
    if not isinstance(messages, dict):
        reasons = [messages] if isinstance(messages, str) else messages
        yield f"{path}: {'; '.join(reasons)}"
        return
    for key, below in messages.items():
        yield from _flat(below, path if key == "_schema" else f"{path}.{key}".lstrip("."))


def _make_absolute(site: dict, folder: Path) -> None:
    """Make relative paths absolute: they start from the folder of the site file."""

    def absolute(path: str) -> str:
        return os.path.normpath(folder / path)

    if "keys" in site.get("tokens", {}):
        site["tokens"]["keys"] = absolute(site["tokens"]["keys"])
    if "templates" in site.get("notices", {}):
        site["notices"]["templates"] = absolute(site["notices"]["templates"])
    site["file_roots"] = [absolute(root) for root in site.get("file_roots", [])]
    uri = site.get("database", {}).get("uri", "")
    if uri.startswith("sqlite:///"):
        url = make_url(uri)
        if url.database and url.database != ":memory:":
            url = url.set(database=absolute(url.database))
            site["database"]["uri"] = url.render_as_string(hide_password=False)


def _relations(document: Mapping, site: Mapping, service: str | None) -> Iterator[str]:
    """Faults of settings that do not fit each other; each may have faults of its own."""
    all_services, services = set(known_services()), site.get("services", {})
    if services.keys() == all_services and not enabled(site):
        yield "services: none is enabled"
    elif service and not services.get(service, {"enabled": service in all_services})["enabled"]:
        yield f"services.{service}: is not enabled at this site"
    if service in (None, "auth"):
        yield from _plugins(site)

    database, tokens = site.get("database", {}), site.get("tokens", {})
    if "password" in database and make_url(database.get("uri", "mysql:///")).password:
        yield "database.password: the uri holds a password too"
    if database.get("statement_seconds", 0) >= database.get("network_seconds", 1000):
        yield "database.statement_seconds: must be less than database.network_seconds"
    if tokens.get("refresh_hours", 1) * 60 < tokens.get("access_minutes", 0):
        yield "tokens.refresh_hours: is shorter than tokens.access_minutes"
    beamlines = _list(document, "beamlines")
    for place, beamline in enumerate(beamlines):
        if beamline in beamlines[:place]:
            yield f"beamlines.{place}: {beamline} stands twice"
    for place, group in enumerate(_list(document, "beamline_groups")):
        for number, beamline in enumerate(_list(group, "beamlines")):
            if isinstance(beamline, str) and beamline not in beamlines:
                reason = unknown(beamline, map(str, beamlines), f"beamline {beamline}")
                yield f"beamline_groups.{place}.beamlines.{number}: {reason}"


def _is_enabled(document: Mapping, key: str) -> bool:
    """Whether the section ``key`` of the unchecked file is switched on."""
    section = document.get(key)
    return isinstance(section, Mapping) and section.get("enabled") is True


def _list(section: Any, key: str) -> list:
    """The list below ``key`` in the unchecked file; empty if it is something else."""
    value = section.get(key) if isinstance(section, Mapping) else None
    return value if isinstance(value, list) else []


def _plugins(site: Mapping) -> Iterator[str]:
    """The fault of a list of plugins without an enabled one; a list with faults has its own."""
    if "AUTH" in site and site.get("services", {}).get("auth", {}).get("enabled"):
        blocks = [block for entry in site["AUTH"] for block in entry.values()]
        if not any(block.get("ENABLED") for block in blocks):
            yield "AUTH: the service auth needs a plugin that is enabled"


def _keys(site: Mapping, service: str | None) -> Iterator[str]:
    """Faults of the keys; a demo makes its own before a service starts."""
    folder = site.get("tokens", {}).get("keys")
    if not folder or (service is None and site.get("site", {}).get("mode") == "demo"):
        return
    try:
        if not keyring.public_keys(folder):
            yield f"tokens.keys: no public key in {folder}/public: run `ispyb-services keys new`"
        elif service == "auth":
            keyring.signing_key(folder)
    except keyring.KeysError as error:
        yield from (f"tokens.keys: {fault}" for fault in error.faults)
