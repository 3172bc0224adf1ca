"""Kong's declarative file, from the site file, the public keys and the specifications."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import yaml

try:  # libyaml, some 20 times faster: the file holds whole specifications
    from yaml import CSafeDumper as SafeDumper
except ImportError:  # built without it
    from yaml import SafeDumper  # type: ignore[assignment]

from gateway.specification import Mounts, Specs, is_open, merge, operations, prefix
from shared import config, keys
from shared.app import EXPOSED
from shared.config import API_ROOT
from shared.pages import FILES

HEADER = "# Rendered by `ispyb-services gateway render` from the site file: edit that, not this.\n"
DOCUMENTS = ("", "/", "/docs", "/swagger.json", "/openapi.json")  # below each mount of a service
OWN_DOCUMENTS = ("", "/", "/docs", "/openapi.json")  # of core alone
PAGES = [r"~/docs$", rf"~{FILES}/[^/]+$"]  # of all services alike
OPEN = 100  # regex_priority of an open route, above every depth
LOGIN = "/login"
LOGINS_PER_MINUTE = 30  # of one address, behind which a facility may be; auth counts by account
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
SENT = [
    *("Authorization", "Content-Type", "Content-Encoding", "Idempotency-Key", "If-Match"),
    *("If-None-Match", "If-Range", "Range", "X-Fields", "X-Request-ID"),
]
SEVERAL_TARGETS: dict[str, Any] = {  # failures after which a target gets no requests
    "seconds": 1,  # for the answer to a probe
    "active": {"tcp_failures": 1, "timeouts": 2, "http_failures": 2},
    "passive": {"tcp_failures": 1, "timeouts": 2, "http_failures": 0},
}
SINGLE_TARGET: dict[str, Any] = {
    "seconds": 5,
    "active": {"tcp_failures": 3, "timeouts": 3, "http_failures": 3},
    "passive": {"tcp_failures": 0, "timeouts": 0, "http_failures": 0},  # 0: they do not count
}
JWT = {
    "key_claim_name": "kid",
    "claims_to_verify": ["exp"],
    "header_names": ["authorization"],
    "uri_param_names": [],
    "cookie_names": [],
}


def render(site: Mapping, specs: Specs) -> str:
    """Return the file for ``site``, whose enabled services publish ``specs``."""
    return HEADER + yaml.dump(declare(site, specs), Dumper=_Dumper, sort_keys=False, width=99)


def declare(site: Mapping, specs: Specs) -> dict:
    """Return the content of the file.

    Without public keys it is a template, which has the routes, and lets nobody in.
    """
    public = public_keys(site)
    names = config.enabled(site)
    kong: dict[str, Any] = {"_format_version": "3.0"}
    kong["upstreams"] = [_upstream(name, site) for name in names]
    kong["services"] = [_service(name, site, specs[name]) for name in names]
    first = names.index("core") if "core" in names else 0
    kong["services"][first]["routes"].append(_open("pages", PAGES, "GET"))
    if public:
        kong["routes"] = [_document(merge(title(site), specs))]
    kong["consumers"] = [{"username": "public"}, {"username": "ispyb-auth"}]
    if public:
        kong["consumers"][1]["jwt_secrets"] = [
            {"key": kid, "algorithm": "RS256", "rsa_public_key": pem}
            for kid, pem in public.items()
        ]
    kong["plugins"] = list(_plugins(site))
    return kong


def title(site: Mapping) -> str:
    """The name of the API of all services."""
    return f"ISPyB at {site['site']['name']}"


def public_keys(site: Mapping) -> dict[str, str]:
    """The keys by which Kong checks tokens; none before there is a folder of keys."""
    folder = Path(site["tokens"]["keys"])
    return keys.public_keys(folder) if (folder / "public").is_dir() else {}


def pre_function() -> str:
    """The Lua that Kong runs before its plugins."""
    return (Path(__file__).parent / "pre_function.lua").read_text()


def pattern(path: str) -> str:
    """The regular expression for a path of a specification, without its end."""
    parts = re.split(r"\{[^}]+\}", path)
    return "[^/]+".join(re.escape(part).replace(r"\-", "-") for part in parts)


def open_paths(mounts: Mounts) -> set[tuple[str, str]]:
    """Method and pattern of all public operations of a service."""
    documents = {("GET", path) for path in documents_of(mounts)}
    public = {(verb, path) for verb, path, operation in operations(mounts) if is_open(operation)}
    return {(verb, pattern(path)) for verb, path in documents | public}


def documents_of(mounts: Mounts) -> list[str]:
    """The paths of the documentation of a service."""
    paths = [base + document for base in mounts for document in DOCUMENTS]
    if API_ROOT in mounts:  # where the gateway has the specification of all services
        paths += [f"{API_ROOT}/core{document}" for document in OWN_DOCUMENTS]
    return paths


def area(name: str, path: str) -> str:
    """The prefix of ``path`` that belongs to the service.

    It ends with the service's name, or else with the root of the API or dialect; for services
    other than core with the segment below: /ispyb/mxcube is core's, /ispyb/mxcube/user auth's.
    """
    segments = path.split("/")
    if name in segments:
        return "/".join(segments[: segments.index(name) + 1])
    root = API_ROOT.count("/") if path.startswith(f"{API_ROOT}/") else 2
    return "/".join(segments[: root + (1 if name == "core" else 2)])


def _upstream(name: str, site: Mapping) -> dict:
    """The upstream of a service.

    Of several targets one that fails is left out at once; active checks bring it back. A single
    target has no substitute: one broken connection must not take the service away.
    """
    addresses = urls(name, site)
    failures = SEVERAL_TARGETS if len(addresses) > 1 else SINGLE_TARGET
    return {
        "name": f"{name}.pool",
        "targets": [{"target": f"{url.hostname}:{_port(url)}"} for url in addresses],
        "healthchecks": {
            "active": {
                "type": addresses[0].scheme,
                "http_path": "/health",
                "timeout": failures["seconds"],
                "healthy": {"interval": 2, "successes": 1, "http_statuses": [200]},
                "unhealthy": {
                    "interval": 2,
                    **failures["active"],
                    "http_statuses": [429, 500, 503],
                },
            },
            "passive": {"unhealthy": failures["passive"]},
        },
    }


def _service(name: str, site: Mapping, mounts: Mounts) -> dict:
    url = urls(name, site)[0]
    return {
        "name": name,
        "protocol": url.scheme,
        "host": f"{name}.pool",
        "port": _port(url),
        "retries": 0 if name == "auth" else 1,
        "connect_timeout": 2000,
        "read_timeout": 60_000,
        "write_timeout": 60_000,
        "routes": [*_areas(name, mounts), *_open_routes(name, mounts)],
    }


def urls(name: str, site: Mapping) -> list[SplitResult]:
    """The addresses of the instances of a service."""
    one_or_more = site["services"][name]["url"]
    listed = [one_or_more] if isinstance(one_or_more, str) else one_or_more
    return [urlsplit(url) for url in listed]


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _areas(name: str, mounts: Mounts) -> Iterator[dict]:
    """A route for each area of a service; the deeper one has priority."""
    areas = {prefix(name), *(area(name, path) for _, path, _ in operations(mounts))}
    for path in sorted(areas):
        place = path.removeprefix("/ispyb/").removeprefix("api/v1").strip("/")
        yield {
            "name": "-".join(dict.fromkeys([name, *re.findall(r"\w+", place)])),
            "paths": [f"~{pattern(path)}(/|$)"],
            "regex_priority": path.count("/"),
            "strip_path": False,
            "preserve_host": True,
        }


def _open_routes(name: str, mounts: Mounts) -> Iterator[dict]:
    """The routes of public operations, with exact paths, by method; logins have their own."""
    groups: dict[tuple[bool, str], list[str]] = {}
    for verb, path in sorted(open_paths(mounts)):
        groups.setdefault((path.endswith(LOGIN), verb), []).append(f"~{path}$")
    for (login, verb), paths in groups.items():
        kind = "login" if login else "open"
        yield _open(f"{name}-{kind}-{verb.lower()}", paths, verb, limited=login)


def _open(name: str, exact: list[str], verb: str, limited: bool = False) -> dict:
    """A route that admits everybody, as the consumer ``public``.

    Its methods give it priority over routes without; a preflight goes to the route of the area.
    """
    plugins: list[dict] = [{"name": "jwt", "config": {"anonymous": "public", **JWT}}]
    if limited:
        plugins.append(_rate(LOGINS_PER_MINUTE))
    return {
        "name": name,
        "paths": exact,
        "methods": ["GET", "HEAD"] if verb == "GET" else [verb],
        "regex_priority": OPEN,
        "strip_path": False,
        "preserve_host": True,
        "plugins": plugins,
    }


def _document(document: dict) -> dict:
    """The route of the specification of all services, which Kong itself answers."""
    route = _open("openapi", [f"~{pattern(API_ROOT)}/openapi\\.json$"], "GET")
    route["regex_priority"] = OPEN + 1
    answer = {
        "status_code": 200,
        "content_type": "application/json",
        "body": json.dumps(document, separators=(",", ":"), sort_keys=True),
    }
    route["plugins"].append({"name": "request-termination", "config": answer})
    return route


def _plugins(site: Mapping) -> Iterator[dict]:
    """The global plugins, for every route, also future ones."""
    limits, tokens = site["limits"], site["tokens"]
    yield {"name": "pre-function", "config": {"access": [pre_function()]}}
    yield {
        "name": "jwt",
        "config": {
            **JWT,
            "maximum_expiration": tokens["service_days"] * 86_400,
            "run_on_preflight": True,
            "realm": "ispyb",
        },
    }
    if site["cors"]["origins"]:  # without origins Kong allows all
        yield {
            "name": "cors",
            "config": {
                "origins": site["cors"]["origins"],
                "methods": METHODS,
                "headers": SENT,
                "exposed_headers": EXPOSED,
                "credentials": False,
                "max_age": 3600,
            },
        }
    # echo_downstream would show the id of the client also where the service refuses it
    identifier = {"header_name": "X-Request-ID", "generator": "uuid", "echo_downstream": False}
    yield {"name": "correlation-id", "config": identifier}
    yield _rate(limits["requests_per_minute"])
    size = {"allowed_payload_size": limits["body_megabytes"], "size_unit": "megabytes"}
    yield {"name": "request-size-limiting", "config": size}
    yield {"name": "prometheus", "config": {"status_code_metrics": True, "latency_metrics": True}}


def _rate(per_minute: int) -> dict:
    """A rate limit by address: by consumer, all users of an issuer would share one budget."""
    limit = {"minute": per_minute, "policy": "local", "limit_by": "ip", "fault_tolerant": True}
    return {"name": "rate-limiting", "config": limit}


class _Dumper(SafeDumper):
    """A dumper without aliases, and with PEM and Lua in lines."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _lines(dumper: SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _lines)
