"""The faults of a declarative file by which callers pass Kong without a token."""

import re
from collections.abc import Iterator, Mapping

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from gateway import render
from gateway.routing import Router, normalise
from gateway.specification import Specs, is_open, operations
from shared import config

SAMPLE = "9"  # stands for any path parameter


def setting(kong: Mapping, name: str) -> dict:
    """The settings of a global plugin."""
    plugins = kong.get("plugins") or []
    return next((p.get("config") or {} for p in plugins if p["name"] == name), {})


def all_routes(kong: Mapping) -> Iterator[dict]:
    """Every route of the file."""
    for service in kong.get("services") or []:
        yield from service.get("routes") or []
    yield from kong.get("routes") or []


def global_jwt(kong: Mapping, site: Mapping) -> Iterator[str]:
    """Faults of the global jwt plugin, which protects every route, also future ones."""
    jwt = setting(kong, "jwt")
    if not jwt:
        yield "no global jwt plugin: every route is open"
        return
    yield from _jwt(jwt, "global jwt")
    if "anonymous" in jwt:
        yield "global jwt: anonymous opens every route"
    if jwt.get("run_on_preflight") is not True:
        yield "global jwt: run_on_preflight is not true: a bare OPTIONS reaches the services"
    seconds = site["tokens"]["service_days"] * 86_400
    if jwt.get("maximum_expiration") != seconds:
        yield f"global jwt: maximum_expiration is not the longest token's, {seconds} seconds"


def _jwt(jwt: Mapping, where: str) -> Iterator[str]:
    """Faults of a jwt plugin for which Kong's defaults do not fit, global or of a route."""
    if jwt.get("claims_to_verify") != ["exp"]:
        yield f"{where}: claims_to_verify is not [exp]"
    if jwt.get("key_claim_name") != "kid":
        yield f"{where}: key_claim_name is not kid"
    if jwt.get("uri_param_names") != []:
        yield f"{where}: uri_param_names is not []: tokens in the query end in logs"
    if jwt.get("cookie_names", []) != []:
        yield f"{where}: cookie_names is not []"
    if jwt.get("header_names") != ["authorization"]:
        yield f"{where}: header_names is not [authorization]"


def consumers(kong: Mapping, site: Mapping, production: bool) -> Iterator[str]:
    """Consumers with other credentials, and keys that are not those of the site."""
    by_name = {consumer.get("username"): consumer for consumer in kong.get("consumers") or []}
    if "public" not in by_name:
        yield "consumer public is missing: open routes answer 500"
    elif by_name["public"].keys() - {"username", "tags"}:
        yield "consumer public has credentials or plugins"
    secrets = [s for consumer in by_name.values() for s in consumer.get("jwt_secrets") or []]
    public_keys = render.public_keys(site)
    if not secrets and production:
        yield _without_keys(public_keys)
    kids = [secret.get("key") for secret in secrets]
    yield from (f"key {kid} stands twice" for kid in sorted({*kids}) if kids.count(kid) > 1)
    for secret in secrets:
        yield from _key(secret, public_keys)
    if secrets:
        yield from (f"key {kid} of the site is missing" for kid in public_keys.keys() - {*kids})


def _without_keys(public_keys: Mapping[str, str]) -> str:
    render_again = "run `ispyb-services gateway render --output FILE`"
    if public_keys:
        kids = ", ".join(public_keys)
        return f"the file holds no key, and the site has {kids}: {render_again}"
    return f"there is no key: run `ispyb-services keys new`, then {render_again}"


def _key(secret: Mapping, public_keys: Mapping[str, str]) -> Iterator[str]:
    kid = str(secret.get("key"))
    if secret.get("algorithm") not in ("RS256", "EdDSA"):
        yield f"key {kid}: the algorithm is not RS256 or EdDSA"
    try:
        key = load_pem_public_key(str(secret.get("rsa_public_key")).encode())
    except ValueError:
        yield f"key {kid} is not a public key in PEM"
        return
    if not isinstance(key, rsa.RSAPublicKey | ed25519.Ed25519PublicKey):
        yield f"key {kid} is neither RSA nor Ed25519"
    if public_keys and secret["rsa_public_key"] != public_keys.get(kid):
        yield f"key {kid} is not the site's"


def openings(kong: Mapping, specs: Specs) -> Iterator[str]:
    """Faults of open routes, which must be exact and public in the specifications."""
    allowed = {("GET", path.removeprefix("~").removesuffix("$")) for path in render.PAGES}
    allowed.add(("GET", render.pattern(f"{config.API_ROOT}/openapi.json")))
    for mounts in specs.values():
        allowed |= render.open_paths(mounts)
    for route in all_routes(kong):
        where = f"open route {route.get('name')}"
        for plugin in (p for p in route.get("plugins") or [] if p["name"] == "jwt"):
            jwt = plugin.get("config") or {}
            yield from _jwt(jwt, where)
            if jwt.get("anonymous") != "public":
                yield f"{where}: anonymous is not public"
            if not route.get("methods"):
                yield f"{where} has no methods: it opens them all"
            for path in route.get("paths") or []:
                verbs = {"GET" if verb == "HEAD" else verb for verb in route.get("methods") or []}
                exact = path.removeprefix("~").removesuffix("$")
                if not path.startswith("~") or not path.endswith("$") or path.endswith("(/|$)"):
                    yield f"{where}: {path} is not an exact path"
                for verb in sorted(verbs):
                    if (verb, exact) not in allowed:
                        yield f"{where}: no specification opens {verb} {path}"


def reachable(router: Router, specs: Specs) -> Iterator[str]:
    """Operations without exactly one route to their service, open if the operation is public."""
    for name, mounts in specs.items():
        requests = [
            (verb, path, is_open(operation)) for verb, path, operation in operations(mounts)
        ]
        requests += [("GET", path, True) for path in render.documents_of(mounts)]
        for verb, path, is_public in requests:
            url = normalise(re.sub(r"\{[^}]+\}", SAMPLE, path))
            route = router.match(verb, url)
            if route is None:
                yield f"{verb} {path} of {name} has no route"
                continue
            rivals = router.rivals(verb, url)
            if len(rivals) > 1:
                yield f"{verb} {path}: the routes {', '.join(sorted(rivals))} have one priority"
            if route.service != name and url != f"{config.API_ROOT}/openapi.json":
                yield f"{verb} {path} of {name} goes to {route.service}"
            if ("jwt" in route.plugins) and not is_public:
                yield f"{verb} {path} of {name} needs a token, but route {route.name} is open"
            if is_public and "jwt" not in route.plugins:
                yield f"{verb} {path} of {name} is open, but route {route.name} needs a token"
