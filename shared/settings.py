"""The settings of a site: the schemas of the site file, a class for each section.

Their texts are those of ``docs/reference/settings.md``.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, pre_load, validate
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from shared.notice_settings import Notices
from shared.setting_fields import (
    MISSING,
    Addresses,
    Items,
    Secret,
    Section,
    Switch,
    Text,
    Whole,
)
from shared.shipping_settings import Shipping
from shared.spelling import unknown

SERVICES = Path(__file__).resolve().parents[1] / "services"
DRIVERS = ("mysql", "mariadb", "mysql+mysqldb", "mariadb+mysqldb", "sqlite")
PERMISSION_LENGTH = 15  # of the column Permission.type
BEAMLINE_LENGTH = 45  # of the column BLSession.beamLineName
ROOT_WORDS = ("*", "{proposal}", "{session}")  # in place of folders in a file root


def known_services() -> list[str]:
    """The services of this installation, by the folders in ``services``."""
    return sorted(package.parent.name for package in SERVICES.glob("*/__init__.py"))


def known_dialects() -> list[str]:
    """The dialects of this installation; each may have parts in several services."""
    return sorted({path.parent.name for path in SERVICES.glob("*/dialects/*/__init__.py")})


def _database(uri: str) -> None:
    try:
        url = make_url(uri)
    except (ArgumentError, ValueError):
        raise ValidationError("is not a database URI such as mysql://user@host/ispyb") from None
    if url.drivername not in DRIVERS:
        raise ValidationError(f"must start with mysql, mariadb or sqlite, not {url.drivername}")
    if url.drivername != "sqlite" and not url.database:
        raise ValidationError("names no database: write mysql://user@host/ispyb")


def _origin(url: str) -> None:
    """Raise unless ``url`` is an origin as browsers send it: they are compared as text."""
    if not re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?", url):
        raise ValidationError(
            "must be scheme://host or scheme://host:port in lower case, without path or *"
        )


def _dialect(name: str) -> None:
    names = known_dialects()
    if name not in names:
        raise ValidationError(unknown(name, names, f"dialect {name}"))


def _file_root(path: str) -> None:
    odd = {part for part in path.split("/") if set("{}*") & set(part)} - {*ROOT_WORDS}
    if odd:
        words = ", ".join(ROOT_WORDS)
        raise ValidationError(f"{min(odd)} is no folder, nor one of the words {words}")


def _proposal_code(code: str) -> None:
    if not re.fullmatch(r"[A-Za-z][A-Za-z-]{0,44}", code):
        raise ValidationError("must be letters, as in Proposal.proposalCode")


def _address(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.path or parts.query or parts.fragment or parts.username:
        raise ValidationError("must be http://host:port, without path")


class SiteSection(Section):
    """The facility that runs these services."""

    name = Text("Name of the facility, shown to people.", required=True)
    mode = Text(
        "`production`, or `demo`, which alone allows the dummy plugin.",
        load_default="production",
        check=validate.OneOf(["production", "demo"], error="must be one of: {choices}"),
    )
    trusted_proxies = Whole(
        "Proxies in front of the services that add to X-Forwarded-For, the gateway included: "
        "a client's address is read that far from its end. Unless it is 0, the scheme of "
        "redirects is that of X-Forwarded-Proto.",
        0,
        10,
        1,
    )


class Database(Section):
    """Where ISPyB's tables are. Our own are in `ispyb_services`, on the same server."""

    uri = Text(
        "`mysql://user@host/database` for MariaDB and MySQL; `sqlite:///file.db` to try.",
        required=True,
        check=_database,
    )
    password = Secret("Password of the user that `uri` names.")
    pool_size = Whole("Connections that each process keeps: as many as threads.", 1, 100, 4)
    connect_seconds = Whole("How long a new connection may take.", 1, 60, 5)
    network_seconds = Whole(
        "How long the server may be silent: then the connection counts as lost.", 2, 600, 15
    )
    lock_seconds = Whole(
        "How long a statement waits for the lock of a row or table: then the answer is a 503.",
        1,
        60,
        5,
    )
    statement_seconds = Whole(
        "How long a statement may run: then the answer is a 503. On MySQL, a SELECT only.",
        1,
        600,
        10,
    )


class Tokens(Section):
    """The tokens that auth signs and every service checks."""

    issuer = Text("Claim `iss`: the address of this installation.", required=True)
    audience = Text("Claim `aud`.", load_default="ispyb")
    keys = Text("Folder of the keys: see `ispyb-services keys new`.", load_default="keys")
    access_minutes = Whole("Life of an access token.", 1, 1440, 30)
    refresh_hours = Whole("Longest life of a login: then the client signs in again.", 1, 8760, 24)
    service_days = Whole("Longest life of a service token; Kong takes no more.", 1, 365, 365)
    onetime_seconds = Whole("Life of a one-time link.", 1, 600, 10)


class Service(Section):
    """A service by name. One that is not listed is switched off."""

    enabled = Switch("Whether it is switched on.")
    url = Addresses(
        "Where the gateway finds it; a list, if it runs more than once.",
        check=_address,
        metadata={"default": "http://<name>:8000"},
    )
    dialects = Items(Text(check=_dialect), "Wire formats of other clients that it speaks too.")


class Services(fields.Field):
    """The services by name; the result has every service of the installation."""

    section = Service

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, Mapping):
            raise ValidationError("must hold services by name")
        names = known_services()
        loaded, errors = {}, {}
        for name in names:
            block = value.get(name, {"enabled": False})
            try:
                loaded[name] = Service().load({} if block is None else block)
            except ValidationError as error:
                errors[name] = error.messages
            else:
                loaded[name].setdefault("url", f"http://{name}:8000")
        errors |= {str(n): [unknown(n, names, "service")] for n in value if n not in names}
        if errors:
            raise ValidationError(errors, valid_data=loaded)
        return loaded


class Plugin(Section):
    """The ways to sign in, in the order of login pages. Each is one public name."""

    ENABLED = Switch("Whether it is switched on.")
    AUTH_MODULE = Text("Python module of the plugin.", required=True)
    AUTH_CLASS = Text("Its class in that module.", required=True)
    CONFIG = fields.Dict(
        load_default=dict,
        metadata={"description": "The plugin's own settings; the plugin checks them."},
        error_messages={"invalid": "must hold keys and values", "null": MISSING},
    )


class Plugins(fields.Field):
    """The plugins, each a mapping with its public name as the only key."""

    section = Plugin

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, list):
            raise ValidationError(
                "must be a list of plugins: each begins with `- ` and its name, its settings below"
            )
        loaded: list[dict] = []  # as long as ``value``: places stay what they are in the file
        errors: dict[int, Any] = {}
        for place, block in enumerate(value):
            loaded.append({})
            if not isinstance(block, Mapping) or len(block) != 1:
                errors[place] = ["must be one name with its settings below it"]
                continue
            [(name, settings)] = block.items()
            name = str(name)
            if any(name in earlier for earlier in loaded):
                errors[place] = {name: ["stands twice"]}
                continue
            try:
                loaded[-1][name] = Plugin().load(settings)
            except ValidationError as error:
                errors[place] = {name: error.messages}
                loaded[-1][name] = error.valid_data
        if errors:
            raise ValidationError(errors, valid_data=loaded)
        return loaded


class BeamlineGroup(Section):
    """Beamlines whose sessions are open to the holders of one permission."""

    name = Text("Name of the group.", required=True)
    permission = Text(
        "Its holders see every session on these beamlines.", PERMISSION_LENGTH, required=True
    )
    beamlines = Items(Text(), "Names out of `beamlines`.", required=True)


class Limits(Section):
    """Limits for one client."""

    body_megabytes = Whole(
        "Largest body of a document or batch, unpacked; one row has 256 kB.",
        1,
        1024,
        16,
    )
    batch_rows = Whole("Most rows of one batch.", 1, 1_000_000, 10_000)
    examined_rows = Whole(
        "Rows that MariaDB may examine for one page with filters or `sort`: if it needs more, the"
        " answer is a 422 that names filters to add. 0: any number.",
        0,
        1_000_000_000,
        200_000,
    )
    table_rows = Whole("Most rows of a list as CSV or XLSX.", 1, 500_000, 100_000)
    login_attempts = Whole(
        "Failed logins of an account from one address before a pause.", 1, 1000, 5
    )
    login_window_seconds = Whole("How long a failed login counts.", 1, 86_400, 300)
    idempotency_hours = Whole("How long an `Idempotency-Key` is remembered.", 1, 720, 24)
    requests_per_minute = Whole("Requests of one address, at the gateway.", 1, 1_000_000, 3000)


class Cors(Section):
    """Which web interfaces may call from a browser."""

    origins = Items(Text(check=_origin), "Origins such as `https://ispyb.example.org`; never `*`.")


class Gateway(Section):
    """The embedded gateway, for one machine. Kong does not read this."""

    host = Text("Address to listen on.", load_default="127.0.0.1")
    port = Whole("Port to listen on.", 1, 65_535, 8000)
    workers = Whole("Processes.", 1, 128, 2)
    threads = Whole(
        "Threads of each process that work at once; eight more are for requests that wait.",
        1,
        128,
        4,
    )


class Site(Section):
    """The whole site file."""

    site = fields.Nested(SiteSection)
    database = fields.Nested(Database)
    tokens = fields.Nested(Tokens)
    services = Services()
    AUTH = Plugins(load_default=list)
    beamlines = Items(
        Text(most=BEAMLINE_LENGTH), "Beamlines, spelled as in `BLSession.beamLineName`."
    )
    beamline_groups = Items(fields.Nested(BeamlineGroup))
    industrial_codes = Items(
        Text(check=_proposal_code),
        "Codes of industrial proposals, such as `in`: their data are visible to their members and"
        " to service tokens; to other persons by permissions only beside `industry_read`.",
    )
    file_roots = Items(
        Text(check=_file_root),
        "Folders whose files may be shown; no file outside is read. A folder `{proposal}` or"
        " `{session}` stands for those with the name of one that the caller sees, `*` for any.",
    )
    limits = fields.Nested(Limits)
    cors = fields.Nested(Cors)
    shipping = fields.Nested(Shipping)
    notices = fields.Nested(Notices)
    gateway = fields.Nested(Gateway)

    @pre_load
    def fill(self, document, **_):
        """Add empty sections for absent ones: these have defaults, or errors for required keys."""
        sections: dict[str, Any] = {
            name: {} for name, field in self.fields.items() if isinstance(field, fields.Nested)
        }
        given = {name: value for name, value in document.items() if value is not None}
        return {**sections, "services": {}, **given}
