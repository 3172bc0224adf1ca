"""Kong's file says what the site and the specifications say."""

import copy
import re
from pathlib import Path

import pytest
import yaml

from gateway.app import specifications
from gateway.check import FAILURES, SafeLoader, check
from gateway.render import area, declare, pattern, render
from gateway.routing import Router, normalise
from shared import config, keys

ROOT = Path(__file__).parents[2]


def routes(kong):
    return {route["name"]: route for each in kong["services"] for route in each["routes"]}


def plugin(holder, name):
    return next(each["config"] for each in holder["plugins"] if each["name"] == name)


def test_the_file_in_the_tree_is_that_of_the_example():
    site = config.load(ROOT / "config/site.example.yml", keys=False, secrets=False)
    specs = specifications(site)
    text = (ROOT / "gateway/kong.yml").read_text()
    assert yaml.load(text, Loader=SafeLoader) == declare(site, specs)
    assert text == render(site, specs), "ispyb-services gateway render, see docs/how-to/gateway.md"
    assert "rsa_public_key" not in text
    assert check(text, site, specs) == []
    assert check(text, site, specs, production=True) == [
        "there is no key: run `ispyb-services keys new`, then run `ispyb-services gateway render"
        " --output FILE`"
    ]


def test_it_has_the_public_keys_by_kid(kong, loaded):
    consumers = {consumer["username"]: consumer for consumer in kong["consumers"]}
    assert consumers["public"] == {"username": "public"}
    public = keys.public_keys(loaded["tokens"]["keys"])
    assert consumers["ispyb-auth"]["jwt_secrets"] == [
        {"key": kid, "algorithm": "RS256", "rsa_public_key": pem} for kid, pem in public.items()
    ]


def test_it_holds_no_secret(text, loaded):
    private = Path(loaded["tokens"]["keys"]) / "private"
    for path in private.glob("*.pem"):
        assert path.read_text().splitlines()[1] not in text
    assert "PRIVATE" not in text
    assert loaded["database"]["uri"] not in text


def test_every_route_is_closed_by_default(kong):
    jwt = plugin(kong, "jwt")
    assert jwt["claims_to_verify"] == ["exp"]
    assert jwt["key_claim_name"] == "kid"
    assert jwt["header_names"] == ["authorization"]
    assert jwt["uri_param_names"] == jwt["cookie_names"] == []
    assert jwt["maximum_expiration"] == 365 * 86_400
    assert "anonymous" not in jwt


def test_open_routes_come_from_the_specifications(kong):
    login = routes(kong)["auth-login-post"]
    assert login["methods"] == ["POST"]
    assert "~/ispyb/api/v1/auth/login$" in login["paths"]
    assert "~/ispyb/mxcube/auth/login$" in login["paths"]
    assert plugin(login, "jwt")["anonymous"] == "public"
    assert plugin(login, "rate-limiting")["minute"] == 30
    assert plugin(login, "rate-limiting")["limit_by"] == "ip"
    assert "~/ispyb/api/v1/auth/refresh$" in routes(kong)["auth-open-post"]["paths"]
    opened = routes(kong)["core-open-get"]["paths"]
    assert set(opened) >= {
        "~/ispyb/api/v1/docs$",
        "~/ispyb/api/v1/health$",
        "~/ispyb/api/v1/openapi\\.json$",
        "~/ispyb/api/v1/swagger\\.json$",
    }
    assert all(path.startswith("~") and path.endswith("$") for path in opened)


def test_a_one_time_link_passes_kong_and_a_token_is_asked_for_elsewhere(loaded, specs):
    item = {
        "get": {"operationId": "get_file", "security": [{"bearer": []}, {"onetime": []}]},
        "post": {"operationId": "post_file", "security": [{"bearer": []}]},
    }
    more = copy.deepcopy(specs)
    more["ssx"]["/ispyb/api/v1/ssx"]["paths"]["/ispyb/api/v1/ssx/files/{file_id}"] = item
    router = Router(yaml.load(render(loaded, more), Loader=SafeLoader))
    path = "/ispyb/api/v1/ssx/files/17"
    assert router.match("GET", path).plugins["jwt"]["anonymous"] == "public"
    assert "jwt" not in router.match("POST", path).plugins
    assert "jwt" not in router.match("GET", f"{path}/more").plugins
    assert "jwt" not in router.match("GET", "/ispyb/api/v1/ssx/files/").plugins


@pytest.mark.parametrize(
    ("method", "path", "service"),
    [
        ("GET", "/ispyb/api/v1/proposals", "core"),
        ("GET", "/ispyb/api/v1/proposals/mx1/info", "core"),
        ("GET", "/ispyb/api/v1/ssxfoo", "core"),
        ("GET", "/ispyb/api/v1/ssx", "ssx"),
        ("GET", "/ispyb/api/v1/ssx/x/y", "ssx"),
        ("GET", "/ispyb/api/v1/em/docs", "em"),
        ("GET", "/ispyb/api/v1/auth/config", "auth"),
        ("GET", "/ispyb/api/v1/user/current", "auth"),
        ("PUT", "/ispyb/api/v1/auth/login", "auth"),
        ("GET", "/ispyb/mxcube/proposals", "core"),
        ("POST", "/ispyb/mxcube/auth/login", "auth"),
        ("GET", "/ispyb/mxcube/user/current", "auth"),
        ("POST", "/ispyb/api/v1/webservices/ssx/datacollection", "ssx"),
        ("GET", "/ispyb/api/v1/webservices/ssx/docs", "ssx"),
        ("GET", "/ispyb/api/v1/eventchains", "ssx"),
        ("PATCH", "/ispyb/i24/dc/1", "ssx"),
        ("GET", "/ispyb/i24/docs", "ssx"),
        ("GET", "/swaggerui/swagger-ui.css", "core"),
        ("GET", "/docs", "core"),
        ("GET", "/ispyb/api/v1", "core"),
        ("GET", "/swaggerui/../ispyb/api/v1/proposals", "core"),
        ("GET", "/ispyb/api/v2/proposals", None),
        ("GET", "/metrics", None),
        ("GET", "/ready", None),
        ("GET", "/", None),
    ],
)
def test_requests_go_to_their_service(kong, method, path, service):
    route = Router(kong).match(method, normalise(path))
    assert (route and route.service) == service


def test_every_url_of_every_service_is_routed_to_it(kong, built, specs):
    router = Router(kong)
    probes = {"/health", "/ready", "/metrics"}
    seen = 0
    for name in specs:
        for rule in built(name).url_map.iter_rules():
            if rule.rule in probes or rule.endpoint in ("docs", "pages.static"):
                continue  # those that all services have
            path = re.sub(r"<[^>]+>", "7", rule.rule)
            for method in rule.methods - {"OPTIONS"}:
                route = router.match(method, path)
                assert route, (name, method, path)
                if path != "/ispyb/api/v1/openapi.json":
                    assert route.service == name, (name, method, path)
                assert router.rivals(method, path) == {route.name}
                seen += 1
    assert seen > 40


def test_the_limits_and_origins_are_the_sites(kong, loaded):
    limits = loaded["limits"]
    assert plugin(kong, "rate-limiting")["minute"] == limits["requests_per_minute"]
    assert plugin(kong, "request-size-limiting")["allowed_payload_size"] == 16
    assert plugin(kong, "cors")["origins"] == ["https://ispyb.example.org"]
    assert plugin(kong, "correlation-id")["header_name"] == "X-Request-ID"
    assert plugin(kong, "correlation-id")["echo_downstream"] is False


def test_without_origins_no_browser_of_another_site_is_let_in(loaded, specs):
    kong = yaml.load(render({**loaded, "cors": {"origins": []}}, specs), Loader=SafeLoader)
    assert "cors" not in {each["name"] for each in kong["plugins"]}


def test_a_service_has_targets_that_are_asked_for_their_health(loaded, specs):
    two = {"url": ["https://ssx-1:8443", "https://ssx-2"]}
    site = config.load({**loaded, "services": {**loaded["services"], "ssx": two}})
    kong = yaml.load(render(site, specs), Loader=SafeLoader)
    upstream = next(each for each in kong["upstreams"] if each["name"] == "ssx.pool")
    targets = [each["target"] for each in upstream["targets"]]
    assert targets == ["ssx-1:8443", "ssx-2:443"]
    assert upstream["healthchecks"]["active"]["http_path"] == "/health"
    assert upstream["healthchecks"]["active"]["type"] == "https"
    assert upstream["healthchecks"]["passive"]["unhealthy"]["timeouts"] == 2
    services = {each["name"]: each for each in kong["services"]}
    assert services["ssx"]["protocol"] == "https"
    assert {name: each["retries"] for name, each in services.items()} == {
        "auth": 0,
        "core": 1,
        "em": 1,
        "ssx": 1,
    }


def test_a_single_target_is_not_given_up_after_a_broken_connection(kong):
    for upstream in kong["upstreams"]:
        assert len(upstream["targets"]) == 1
        checks = upstream["healthchecks"]
        assert set(checks["passive"]["unhealthy"].values()) == {0}
        assert checks["active"]["timeout"] == 5
        assert {checks["active"]["unhealthy"][key] for key in FAILURES} == {3}


@pytest.mark.parametrize("url", [[], [["http://ssx:8000"]], ["http://ssx:8000", "ssx"]])
def test_each_address_of_a_service_is_checked(loaded, url):
    with pytest.raises(config.ConfigError, match="services.ssx.url"):
        config.load({**loaded, "services": {**loaded["services"], "ssx": {"url": url}}})


def test_a_service_that_is_off_leaves_no_trace(without):
    site = without("ssx")
    text = render(site, specifications(site))
    assert "em.pool" in text
    kong = yaml.load(text, Loader=SafeLoader)
    kong["routes"] = []  # the specification: core's speaks of the permission ssx_write
    assert "ssx" not in yaml.safe_dump(kong)
    assert "/ssx" not in text


@pytest.mark.parametrize(
    ("service", "words"),
    [("core", ["mxcube"]), ("ssx", ["i24", "webservices", "eventchains", "datacollection/"])],
)
def test_a_dialect_that_is_off_leaves_no_trace(loaded, service, words):
    silent = {**loaded["services"][service], "dialects": []}
    site = {**loaded, "services": {**loaded["services"], service: silent}}
    text = render(site, specifications(site))
    assert [word for word in words if word in text] == []


@pytest.mark.parametrize(
    ("path", "expression"),
    [
        ("/a/b-c", "/a/b-c"),
        ("/a/{id}", "/a/[^/]+"),
        ("/a/{id}/b.json", r"/a/[^/]+/b\.json"),
        ("/a/{from}-{to}", "/a/[^/]+-[^/]+"),
    ],
)
def test_a_parameter_is_one_segment(path, expression):
    assert pattern(path) == expression


@pytest.mark.parametrize(
    ("service", "path", "owned"),
    [
        ("core", "/ispyb/api/v1/proposals/{id}", "/ispyb/api/v1"),
        ("core", "/ispyb/mxcube/sessions", "/ispyb/mxcube"),
        ("auth", "/ispyb/api/v1/auth/login", "/ispyb/api/v1/auth"),
        ("auth", "/ispyb/api/v1/user/current", "/ispyb/api/v1/user"),
        ("auth", "/ispyb/mxcube/auth/login", "/ispyb/mxcube/auth"),
        ("auth", "/ispyb/mxcube/user/current", "/ispyb/mxcube/user"),
        ("ssx", "/ispyb/api/v1/ssx/x/{id}", "/ispyb/api/v1/ssx"),
        ("ssx", "/ispyb/api/v1/webservices/ssx/x", "/ispyb/api/v1/webservices/ssx"),
        ("ssx", "/ispyb/i24/dc", "/ispyb/i24/dc"),
    ],
)
def test_a_path_shows_which_part_of_the_tree_is_the_services(service, path, owned):
    assert area(service, path) == owned
