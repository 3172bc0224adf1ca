"""What a site can set: the schemas of the site file, one class per section.

The descriptions are the text of ``docs/reference/settings.md``.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import (
    EXCLUDE,
    Schema,
    ValidationError,
    fields,
    pre_load,
    validate,
    validates_schema,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

SERVICES = Path(__file__).resolve().parents[1] / "services"
MISSING = "is missing"
DRIVERS = ("mysql", "mariadb", "mysql+mysqldb", "mariadb+mysqldb", "sqlite")
PERMISSION_LENGTH = 15  # of the column Permission.type
BEAMLINE_LENGTH = 45  # of the column BLSession.beamLineName


def known_services() -> list[str]:
    """The services of this installation: a technique is known as soon as its folder is there."""
    return sorted(package.parent.name for package in SERVICES.glob("*/__init__.py"))


def unknown(name: object, known: Iterable[str], what: str = "key") -> str:
    """Say that ``name`` is not one of ``known``, and which of them was probably meant."""
    spellings = {spelling.lower(): spelling for spelling in known}
    near = get_close_matches(str(name).lower(), spellings, 1)
    if near:
        return f"unknown {what}, did you mean {spellings[near[0]]}?"
    return f"unknown {what}, known are: {', '.join(spellings.values()) or 'none'}"


class Section(Schema):
    """A part of the site file; a key it does not know is a mistake that names the nearest one."""

    class Meta:
        unknown = EXCLUDE

    error_messages = {"type": "must hold keys and values"}

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def know_keys(self, _, original, **__):
        """Marshmallow's own check cannot name the nearest key."""
        if not isinstance(original, Mapping):
            return
        strangers = [key for key in original if key not in self.fields]
        if strangers:
            raise ValidationError({str(key): [unknown(key, self.fields)] for key in strangers})


class Text(fields.String):
    """Text that is not empty."""

    default_error_messages = {"invalid": "must be text", "required": MISSING, "null": MISSING}

    def __init__(self, most: int | None = None, **kwargs):
        given = kwargs.pop("validate", [])
        error = (
            "must have {max} characters or less, and one at least" if most else "must not be empty"
        )
        super().__init__(validate=[validate.Length(1, most, error=error), *given], **kwargs)


class Secret(Text):
    """Text that may stand elsewhere; it is fetched before the schema sees it."""

    default_error_messages = {"invalid": "must be text, {env: NAME} or {file: PATH}"}


class Whole(fields.Integer):
    """A whole number between bounds."""

    default_error_messages = {"invalid": "must be a whole number", "null": MISSING}

    def __init__(self, low: int, high: int, default: int, description: str):
        super().__init__(
            strict=True,
            load_default=default,
            validate=validate.Range(low, high, error="must be from {min} to {max}"),
            metadata={"description": description},
        )


def _database(uri: str) -> None:
    try:
        url = make_url(uri)
    except ArgumentError:
        raise ValidationError("is not a database URI such as mysql://user@host/ispyb") from None
    if url.drivername not in DRIVERS:
        raise ValidationError(f"must start with mysql, mariadb or sqlite, not {url.drivername}")
    if url.drivername != "sqlite" and not url.database:
        raise ValidationError("names no database: mysql://user@host/ispyb")


def _origin(url: str) -> None:
    """Browsers compare origins letter by letter: no path, no final slash, no wildcard."""
    if not re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?", url):
        raise ValidationError(
            "must be scheme://host or scheme://host:port in lower case, without path or *"
        )


def _address(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.path or parts.query or parts.username:
        raise ValidationError("must be http://host:port, without path")


class SiteSection(Section):
    """Who runs these services."""

    name = Text(required=True, metadata={"description": "Name of the facility, shown to people."})
    mode = fields.String(
        load_default="production",
        validate=validate.OneOf(["production", "demo"], error="must be one of: {choices}"),
        metadata={"description": "`demo` allows the dummy plugin; `production` refuses it."},
    )


class Database(Section):
    """Where ISPyB's tables are."""

    uri = Text(
        required=True,
        validate=[_database],
        metadata={
            "description": "`mysql://user@host/database` (MariaDB or MySQL) or "
            "`sqlite:///file.db`, for trying."
        },
    )
    password = Secret(metadata={"description": "Password of the user in `uri`. A secret."})
    pool_size = Whole(1, 100, 4, "Connections each process keeps open.")


class Tokens(Section):
    """The tokens that auth signs and every service checks."""

    issuer = Text(
        required=True,
        metadata={"description": "Claim `iss`: the address of this installation."},
    )
    audience = Text(load_default="ispyb", metadata={"description": "Claim `aud`."})
    keys = Text(
        load_default="keys",
        metadata={"description": "Folder of the keys, made by `ispyb-services keys new`."},
    )
    access_minutes = Whole(1, 1440, 30, "Life of an access token.")
    refresh_hours = Whole(1, 8760, 12, "Life of a refresh token: how long people stay signed in.")
    service_days = Whole(1, 3650, 365, "Longest life of a service token.")
    onetime_seconds = Whole(1, 600, 10, "Life of a one-time link.")


class Service(Section):
    """One service."""

    enabled = fields.Boolean(
        load_default=True,
        metadata={"description": "Switch; a service that is not listed is off."},
    )
    url = Text(
        validate=[_address],
        metadata={
            "description": "Where the gateway finds it.",
            "default": "`http://<service>:8000`",
        },
    )
    dialects = fields.List(
        Text(),
        load_default=list,
        metadata={"description": "Wire formats of other clients that it serves too."},
    )


class Services(fields.Field):
    """Service by name; the result has every service of the installation, switched on or off."""

    section = Service

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, Mapping):
            raise ValidationError("must list services by name")
        known = known_services()
        loaded, errors = {}, {}
        for name in known:
            block = value.get(name, {"enabled": False})
            try:
                loaded[name] = Service().load({} if block is None else block)
            except ValidationError as error:
                errors[name] = error.messages
            else:
                loaded[name].setdefault("url", f"http://{name}:8000")
        errors |= {str(n): [unknown(n, known, "service")] for n in value if n not in known}
        if errors:
            raise ValidationError(errors, valid_data=loaded)
        return loaded


class Plugin(Section):
    """One way to sign in."""

    ENABLED = fields.Boolean(load_default=True, metadata={"description": "Switch."})
    AUTH_MODULE = Text(required=True, metadata={"description": "Python module of the plugin."})
    AUTH_CLASS = Text(required=True, metadata={"description": "Its class in that module."})
    CONFIG = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        metadata={"description": "The plugin's own settings, not checked here. May hold secrets."},
    )


class Plugins(fields.Field):
    """Plugins in the order that login pages show them, each under its public name."""

    section = Plugin

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, list):
            raise ValidationError("must be a list of plugins")
        loaded: list[dict] = []  # as long as ``value``: places stay what they are in the file
        errors: dict[int, Any] = {}
        for place, block in enumerate(value):
            if not isinstance(block, Mapping) or len(block) != 1:
                errors[place] = ["must be one name with its settings below it"]
                loaded.append({})
                continue
            [(name, settings)] = block.items()
            if any(name in earlier for earlier in loaded):
                errors[place] = {name: [f"the name {name} stands twice"]}
            try:
                loaded.append({str(name): Plugin().load(settings)})
            except ValidationError as error:
                errors[place] = {str(name): error.messages}
                loaded.append({str(name): error.valid_data})
        if errors:
            raise ValidationError(errors, valid_data=loaded)
        return loaded


class BeamlineGroup(Section):
    """Beamlines whose sessions are open to the holders of one permission."""

    name = Text(required=True, metadata={"description": "Name of the group, such as MX."})
    permission = Text(
        PERMISSION_LENGTH,
        required=True,
        metadata={"description": "Its holders see every session on these beamlines."},
    )
    beamlines = fields.List(
        Text(), required=True, metadata={"description": "Names out of `beamlines`."}
    )


class Limits(Section):
    """What one client may ask for."""

    body_megabytes = Whole(1, 1024, 16, "Largest request body, unpacked.")
    batch_rows = Whole(1, 1_000_000, 10_000, "Most rows of one batch.")
    login_attempts = Whole(1, 1000, 5, "Failed logins per account and address before a pause.")
    login_window_seconds = Whole(1, 86_400, 300, "How long failed logins are counted.")
    idempotency_hours = Whole(1, 720, 24, "How long an `Idempotency-Key` is remembered.")
    requests_per_minute = Whole(1, 1_000_000, 3000, "Requests per address, at the gateway.")


class Cors(Section):
    """Which web interfaces may call from a browser."""

    origins = fields.List(
        Text(validate=[_origin]),
        load_default=list,
        metadata={"description": "Origins such as `https://ispyb.example.org`; never `*`."},
    )


class Gateway(Section):
    """The embedded gateway, for one machine; Kong does not read this."""

    host = Text(load_default="127.0.0.1", metadata={"description": "Address to listen on."})
    port = Whole(1, 65_535, 8000, "Port to listen on.")
    workers = Whole(1, 128, 2, "Processes.")
    threads = Whole(1, 128, 4, "Threads of each process.")


class Site(Section):
    """The whole site file."""

    site = fields.Nested(SiteSection)
    database = fields.Nested(Database)
    tokens = fields.Nested(Tokens)
    services = Services()
    AUTH = Plugins(load_default=list)
    beamlines = fields.List(
        Text(BEAMLINE_LENGTH),
        load_default=list,
        metadata={"description": "Beamlines as `BLSession.beamLineName` spells them."},
    )
    beamline_groups = fields.List(fields.Nested(BeamlineGroup), load_default=list)
    file_roots = fields.List(
        Text(),
        load_default=list,
        metadata={"description": "Folders whose files may be shown; nothing outside is read."},
    )
    limits = fields.Nested(Limits)
    cors = fields.Nested(Cors)
    gateway = fields.Nested(Gateway)

    @pre_load
    def fill(self, document, **_):
        """A section that is absent or empty has its defaults, and misses what it must have."""
        sections: dict[str, Any] = {
            name: {} for name, field in self.fields.items() if isinstance(field, fields.Nested)
        }
        given = {name: value for name, value in document.items() if value is not None}
        return {**sections, "services": {}, **given}
