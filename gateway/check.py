"""The check of a declarative file of Kong: each fault is a sentence.

Kong accepts most of these faults silently, and some of them let everybody in.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

try:  # libyaml, some 20 times faster: the file holds whole specifications
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # built without it
    from yaml import SafeLoader  # type: ignore[assignment]

from gateway import access, render
from gateway.access import all_routes, setting
from gateway.routing import Router
from gateway.specification import Specs
from shared import config
from shared.app import EXPOSED

KNOWN_PLUGINS = {
    *("acl", "correlation-id", "cors", "file-log", "http-log", "ip-restriction", "jwt"),
    *("opentelemetry", "pre-function", "prometheus", "proxy-cache"),
    *("rate-limiting", "request-size-limiting"),
    *("request-termination", "request-transformer", "response-transformer"),
}
KEYS = {  # the keys that the check understands; any other could open a route
    "the file": {"_format_version", "upstreams", "services", "routes", "consumers", "plugins"},
    "upstreams": {"name", "targets", "healthchecks", "algorithm", "tags"},
    "services": {
        *("name", "protocol", "host", "port", "retries", "routes", "plugins", "tags"),
        *("connect_timeout", "read_timeout", "write_timeout"),
    },
    "routes": {
        *("name", "paths", "methods", "regex_priority", "strip_path", "preserve_host", "plugins"),
        *("request_buffering", "response_buffering", "tags"),
    },
    "consumers": {"username", "jwt_secrets", "tags"},
    "plugins": {"name", "config", "enabled", "tags"},
}
FAILURES = ("tcp_failures", "timeouts", "http_failures")
KINDS = ("upstreams", "services", "routes", "consumers", "plugins")
LITERAL = ("vault://", "${", "PRIVATE KEY")  # Kong would take them literally
PLACEHOLDER = re.compile(r"@[A-Z_]+@|\b(KID|PUBLIC_KEY)_[A-Z]+\b|<[A-Z_]+>|(?i:change_?me)")
REGEX_SIGNS = re.compile(r"[\\()|\[\]*+?^$]")


def check(text: str, site: Mapping, specs: Specs, production=False) -> list[str]:
    """Return the faults of the file ``text`` for ``site``, whose services publish ``specs``.

    Only with ``production`` is a file without keys, a template, a fault.
    """
    try:
        kong = yaml.load(text, Loader=SafeLoader)
    except yaml.YAMLError as error:
        return [f"the file is not YAML: {error}"]
    if not isinstance(kong, Mapping) or kong.get("_format_version") != "3.0":
        return ['_format_version is not "3.0"']
    if nameless := [*_nameless(kong)]:
        return nameless
    faults = [
        *_unknown(kong),
        *_literals(kong),
        *_known_plugins(kong),
        *access.global_jwt(kong, site),
        *access.consumers(kong, site, production),
        *_routes(kong),
        *access.openings(kong, specs),
        *_services(kong, site),
        *_traffic(kong, site),
    ]
    if not any(
        fault.startswith("route ") for fault in faults
    ):  # else the routes cannot be matched
        faults += access.reachable(Router(kong), specs)
    return faults


def _nameless(node: Any, where: str = "the file") -> Iterator[str]:
    """Faults of entities without a name: other faults name entities."""
    if not isinstance(node, Mapping):
        yield f"{where} is not a mapping"
        return
    for kind in KINDS:
        if not isinstance(node.get(kind) or [], list):
            yield f"{kind} of {where} is not a list"
            continue
        for entity in node.get(kind) or []:
            name = isinstance(entity, Mapping) and (entity.get("name") or entity.get("username"))
            if name:
                yield from _nameless(entity, f"{kind[:-1]} {name}")
            else:
                yield f"one of {kind} of {where} has no name"


def _unknown(node: Mapping, kind: str = "the file", name: str = "") -> Iterator[str]:
    """Keys that this check does not understand."""
    if unknown_keys := sorted(node.keys() - KEYS[kind]):
        place = f"{kind[:-1]} {name}" if name else kind
        yield f"{place}: {', '.join(unknown_keys)} cannot be judged"
    for below in KINDS:
        for entity in node.get(below) or []:
            yield from _unknown(entity, below, entity.get("name") or entity.get("username"))


def _literals(node: Any, where: str = "the file") -> Iterator[str]:
    """Texts that look like references or secrets, except in a published document."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "secret":
                yield f"{where}: a secret in the file can sign tokens; use public keys"
            elif key != "body":
                yield from _literals(value, f"{where}.{key}".removeprefix("the file."))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            name = value.get("name", number) if isinstance(value, Mapping) else number
            yield from _literals(value, f"{where}.{name}")
    elif isinstance(node, str):
        for literal in LITERAL:
            if literal in node:
                yield f"{where}: holds {literal}, which Kong takes literally or must not see"
        if placeholder := PLACEHOLDER.search(node):
            yield f"{where}: the placeholder {placeholder[0]} was not filled in"


def _plugins(kong: Mapping) -> Iterator[tuple[str, dict]]:
    """Every plugin, with its place: everywhere, a service, a consumer or a route."""
    yield from (("everywhere", plugin) for plugin in kong.get("plugins") or [])
    for kind in ("services", "consumers", "routes"):
        for holder in kong.get(kind) or []:
            place = f"{kind[:-1]} {holder.get('name') or holder.get('username')}"
            yield from ((place, plugin) for plugin in holder.get("plugins") or [])
    for service in kong.get("services") or []:
        for route in service.get("routes") or []:
            yield from ((f"route {route['name']}", p) for p in route.get("plugins") or [])


def _known_plugins(kong: Mapping) -> Iterator[str]:
    for place, plugin in _plugins(kong):
        if plugin["name"] not in KNOWN_PLUGINS:
            yield f"plugin {plugin['name']} ({place}) is not one of Kong's open source plugins"
        if plugin.get("enabled", True) is not True:
            yield f"{plugin['name']} ({place}) is switched off by enabled: false"
        if plugin["name"] == "jwt" and place.startswith(("service", "consumer")):
            yield f"jwt ({place}) belongs to all routes or to a single one"
        if plugin["name"] == "pre-function" and place != "everywhere":
            yield f"pre-function ({place}) runs code that the check cannot judge"
        if (
            plugin["name"] == "rate-limiting"
            and (plugin.get("config") or {}).get("limit_by") == "consumer"
        ):
            yield f"rate-limiting ({place}) by consumer is one budget for all users"
    names = [plugin["name"] for plugin in kong.get("plugins") or []]
    yield from (f"plugin {name} stands twice" for name in {*names} if names.count(name) > 1)


def _routes(kong: Mapping) -> Iterator[str]:
    """Faults by which a route matches other paths than it seems to."""
    names = [route.get("name") for route in all_routes(kong)]
    yield from (f"route {name} stands twice" for name in {*names} if names.count(name) > 1)
    for route in all_routes(kong):
        where = f"route {route.get('name')}"
        if route.get("strip_path") is not False:
            yield f"{where}: strip_path is not false"
        if not route.get("paths"):
            yield f"{where} has no paths and takes everything"
        for path in route.get("paths") or []:
            yield from _path(path, where)


def _path(path: str, where: str) -> Iterator[str]:
    if not path.startswith("~"):
        if REGEX_SIGNS.search(path):
            yield f"{where}: {path} is a literal prefix: a regular expression starts with ~"
        else:
            yield f"{where}: {path} also takes {path}foo; write ~{path}(/|$)"
    elif not path.endswith("$") and not path.endswith("(/|$)"):
        yield f"{where}: {path} ends neither in $ nor in (/|$)"
    try:
        re.compile(path.removeprefix("~"))
    except re.error as error:
        yield f"{where}: {path} is not a regular expression: {error}"


def _services(kong: Mapping, site: Mapping) -> Iterator[str]:
    services = {service["name"]: service for service in kong.get("services") or []}
    upstreams = {upstream["name"]: upstream for upstream in kong.get("upstreams") or []}
    enabled = config.enabled(site)
    yield from (f"service {name} is missing" for name in enabled if name not in services)
    yield from (f"service {name} is not enabled" for name in services if name not in enabled)
    pools = {f"{name}.pool" for name in enabled}
    yield from (f"upstream {name} is nobody's" for name in upstreams if name not in pools)
    for name, service in services.items():
        if service.get("retries", 5) > (0 if name == "auth" else 1):
            yield f"service {name}: too many retries; writes may be done twice"
        upstream = upstreams.get(service.get("host"), {})
        if not upstream.get("targets"):
            yield f"service {name}: its host is not an upstream with targets"
        else:
            faults = _health(upstream.get("healthchecks") or {}, len(upstream["targets"]))
            yield from (f"service {name}: {fault}" for fault in faults)


def _health(checks: Mapping, targets: int) -> Iterator[str]:
    """Faults of the health checks of an upstream with so many ``targets``."""
    active, passive = checks.get("active") or {}, checks.get("passive") or {}
    if not (active.get("healthy") or {}).get("interval"):
        yield "without active health checks no target comes back"
    elif active.get("http_path") != "/health":
        yield f"health is asked at {active.get('http_path')}, not /health"
    if targets > 1:
        return
    for key in FAILURES:
        if (passive.get("unhealthy") or {}).get(key):
            yield f"passive {key} take its only target away from all requests; write 0"
        limit = (active.get("unhealthy") or {}).get(key, 0)
        if 0 < limit < render.SINGLE_TARGET["active"][key]:
            yield f"active {key} of {limit} take its only target away too soon"
    if active.get("timeout", 1) < render.SINGLE_TARGET["seconds"]:
        yield (
            f"its only target has {active.get('timeout', 1)} s to answer a health check;"
            f" allow {render.SINGLE_TARGET['seconds']} s"
        )


def _traffic(kong: Mapping, site: Mapping) -> Iterator[str]:
    """Limits and CORS that differ from the settings of the site."""
    limits, cors = site["limits"], setting(kong, "cors")
    if setting(kong, "rate-limiting").get("minute") != limits["requests_per_minute"]:
        yield "rate-limiting is not limits.requests_per_minute of the site"
    size = setting(kong, "request-size-limiting")
    if size.get("allowed_payload_size") != limits["body_megabytes"]:
        yield "request-size-limiting is not limits.body_megabytes of the site"
    identifier = setting(kong, "correlation-id")
    if identifier.get("header_name") != "X-Request-ID":
        yield "correlation-id does not name requests by X-Request-ID"
    if identifier.get("echo_downstream"):
        yield "correlation-id: echo_downstream shows another X-Request-ID than the service logs"
    if setting(kong, "pre-function") != {"access": [render.pre_function()]}:
        yield "pre-function is not that of `gateway render`: render the file again"
    if cors.get("origins", []) != site["cors"]["origins"] or "*" in cors.get("origins", []):
        yield "cors: the origins are not those of the site"
    if cors:
        for key, needed in (
            ("methods", render.METHODS),
            ("headers", render.SENT),
            ("exposed_headers", EXPOSED),
        ):
            if missing := [value for value in needed if value not in cors.get(key, [])]:
                yield f"cors: {key} lacks {', '.join(missing)}"
    for route in all_routes(kong):
        limited = [p for p in route.get("plugins") or [] if p["name"] == "rate-limiting"]
        if any(render.LOGIN in path for path in route.get("paths") or []):
            minutes = [(plugin.get("config") or {}).get("minute") for plugin in limited]
            if minutes != [render.LOGINS_PER_MINUTE]:
                yield f"login has no rate limit of {render.LOGINS_PER_MINUTE} ({route['name']})"
