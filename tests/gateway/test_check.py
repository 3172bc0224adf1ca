"""The check names each way in which Kong's file can be wrong."""

import copy

import pytest
import yaml

from gateway.check import SafeLoader, check
from gateway.render import SafeDumper, render

PEM = "-----BEGIN {0}-----\nAAAA\n-----END {0}-----\n"


def route(kong, name):
    routes = [*kong.get("routes", ())]
    routes += [each for service in kong["services"] for each in service["routes"]]
    return next(each for each in routes if each["name"] == name)


def service(kong, name):
    return next(each for each in kong["services"] if each["name"] == name)


def upstream(kong, name):
    return next(each for each in kong["upstreams"] if each["name"] == name)


def one_plugin(holder, name):
    return next(each for each in holder["plugins"] if each["name"] == name)


def plugin(holder, name):
    return one_plugin(holder, name)["config"]


def checks(kong, kind):
    """The health checks of the only target of core."""
    return upstream(kong, "core.pool")["healthchecks"][kind]


def remove(holder, kind, name):
    holder[kind] = [each for each in holder[kind] if each["name"] != name]


def key(kong):
    return kong["consumers"][1]["jwt_secrets"][0]


BREAKS = {
    "_format_version is not": lambda k: k.update(_format_version="2.1"),
    "one of services of the file has no name": lambda k: k["services"].append({"host": "x"}),
    "plugins of service core is not a list": lambda k: service(k, "core").update(
        plugins={"name": "jwt"}
    ),
    "no global jwt": lambda k: remove(k, "plugins", "jwt"),
    "plugin jwt stands twice": lambda k: k["plugins"].append({"name": "jwt", "config": {}}),
    "global jwt: claims_to_verify": lambda k: plugin(k, "jwt").pop("claims_to_verify"),
    "global jwt: claims_to_verify is not": lambda k: plugin(k, "jwt").update(
        claims_to_verify=["exp", "nbf"]
    ),
    "global jwt: key_claim_name": lambda k: plugin(k, "jwt").pop("key_claim_name"),
    "global jwt: uri_param_names": lambda k: plugin(k, "jwt").pop("uri_param_names"),
    "global jwt: cookie_names": lambda k: plugin(k, "jwt").update(cookie_names=["token"]),
    "global jwt: header_names": lambda k: plugin(k, "jwt").update(header_names=["x-token"]),
    "global jwt: run_on_preflight": lambda k: plugin(k, "jwt").update(run_on_preflight=False),
    "global jwt: maximum_expiration": lambda k: plugin(k, "jwt").update(maximum_expiration=0),
    "global jwt: anonymous": lambda k: plugin(k, "jwt").update(anonymous="public"),
    "jwt (everywhere) is switched off": lambda k: one_plugin(k, "jwt").update(enabled=False),
    "pre-function (everywhere) is switched off": lambda k: one_plugin(k, "pre-function").update(
        enabled=False
    ),
    "pre-function is not that of": lambda k: remove(k, "plugins", "pre-function"),
    "pre-function is not that of `gateway render`": lambda k: plugin(k, "pre-function")[
        "access"
    ].append("kong.service.request.set_header('X-Consumer-Username', 'root')"),
    "pre-function (route core) runs code": lambda k: route(k, "core").update(
        plugins=[{"name": "pre-function", "config": {"access": ["return 1"]}}]
    ),
    "jwt (route core) is switched off": lambda k: route(k, "core").update(
        plugins=[{"name": "jwt", "enabled": False}]
    ),
    "jwt (service core) belongs": lambda k: service(k, "core").update(
        plugins=[{"name": "jwt", "config": {"anonymous": "public"}}]
    ),
    "the file: jwt_secrets cannot be judged": lambda k: k.update(jwt_secrets=[key(k)]),
    "plugin jwt: route cannot be judged": lambda k: k["plugins"].append(
        {"name": "jwt", "route": "core", "config": {"anonymous": "public"}}
    ),
    "consumer ispyb-auth: basicauth_credentials cannot": lambda k: k["consumers"][1].update(
        basicauth_credentials=[{"username": "x"}]
    ),
    "service core: enabled cannot be judged": lambda k: service(k, "core").update(enabled=False),
    "rate-limiting (route auth-login-post) is switched off": lambda k: route(k, "auth-login-post")[
        "plugins"
    ][1].update(enabled=False),
    "login has no rate limit of 30": lambda k: plugin(
        route(k, "auth-login-post"), "rate-limiting"
    ).update(minute=3000),
    "plugin openid-connect (everywhere)": lambda k: k["plugins"].append(
        {"name": "openid-connect"}
    ),
    "rate-limiting (everywhere) by consumer": lambda k: plugin(k, "rate-limiting").update(
        limit_by="consumer"
    ),
    "consumer public is missing": lambda k: k["consumers"].pop(0),
    "consumer public has credentials": lambda k: k["consumers"][0].update(
        keyauth_credentials=[{"key": "x"}]
    ),
    "the file holds no key, and the site has": lambda k: k["consumers"][1].pop("jwt_secrets"),
    "of the site is missing": lambda k: key(k).update(key="another"),
    "key another is not the site's": lambda k: key(k).update(key="another"),
    "stands twice": lambda k: k["consumers"][1]["jwt_secrets"].append(key(k)),
    "the algorithm is not RS256": lambda k: key(k).update(algorithm="HS256"),
    "is not a public key": lambda k: key(k).update(rsa_public_key=PEM.format("PUBLIC KEY")),
    "rsa_public_key: holds PRIVATE KEY": lambda k: key(k).update(
        rsa_public_key=PEM.format("PRIVATE KEY")
    ),
    "a secret in the file": lambda k: key(k).update(secret="0123456789"),
    "holds vault://": lambda k: key(k).update(rsa_public_key="{vault://env/key}"),
    "holds ${": lambda k: upstream(k, "core.pool")["targets"][0].update(target="${CORE}:8000"),
    "the placeholder @PUBLIC_KEY@": lambda k: key(k).update(rsa_public_key="@PUBLIC_KEY@"),
    "the placeholder KID_NEXT": lambda k: key(k).update(key="KID_NEXT"),
    "route core stands twice": lambda k: service(k, "core")["routes"].append(route(k, "core")),
    "route core: hosts cannot be judged": lambda k: route(k, "core").update(hosts=["example.org"]),
    "route core: strip_path": lambda k: route(k, "core").pop("strip_path"),
    "route core has no paths": lambda k: route(k, "core").pop("paths"),
    "is a literal prefix": lambda k: route(k, "core").update(paths=["/ispyb/api/v1(/|$)"]),
    "also takes /ispyb/api/v1/ssxfoo": lambda k: route(k, "ssx").update(
        paths=["/ispyb/api/v1/ssx"]
    ),
    "ends neither in $": lambda k: route(k, "ssx").update(paths=["~/ispyb/api/v1/ssx"]),
    "is not a regular expression": lambda k: route(k, "ssx").update(paths=["~/ispyb/(api$"]),
    "open route auth-login-post: anonymous": lambda k: plugin(
        route(k, "auth-login-post"), "jwt"
    ).pop("anonymous"),
    "open route auth-login-post: claims_to_verify": lambda k: plugin(
        route(k, "auth-login-post"), "jwt"
    ).pop("claims_to_verify"),
    "open route auth-login-post has no methods": lambda k: route(k, "auth-login-post").pop(
        "methods"
    ),
    "open route core-open-get: ~/ispyb/api/v1(/|$) is not an exact": lambda k: route(
        k, "core-open-get"
    )["paths"].append("~/ispyb/api/v1(/|$)"),
    "open route core-open-get: no specification opens GET": lambda k: route(k, "core-open-get")[
        "paths"
    ].append("~/ispyb/api/v1/proposals$"),
    "GET /ispyb/api/v1/proposals of core needs a token, but": lambda k: route(k, "core-open-get")[
        "paths"
    ].append("~/ispyb/api/v1/[^/]+$"),
    "POST /ispyb/api/v1/proposals of core needs a token, but": lambda k: route(k, "core").update(
        plugins=route(k, "core-open-get")["plugins"]
    ),
    "POST /ispyb/api/v1/auth/login of auth is open, but": lambda k: remove(
        service(k, "auth"), "routes", "auth-login-post"
    ),
    "POST /ispyb/api/v1/auth/login of auth is open, but route auth": lambda k: (
        route(k, "auth").update(methods=["POST"], regex_priority=200)
    ),
    "GET /ispyb/api/v1/user/current of auth goes to core": lambda k: remove(
        service(k, "auth"), "routes", "auth-user"
    ),
    "goes to core": lambda k: route(k, "core").update(regex_priority=50),
    "have one priority": lambda k: route(k, "core").update(regex_priority=4),
    "GET /ispyb/api/v1/proposals of core has no route": lambda k: remove(
        service(k, "core"), "routes", "core"
    ),
    "service em is missing": lambda k: remove(k, "services", "em"),
    "service fluo is not enabled": lambda k: k["services"].append({"name": "fluo", "retries": 1}),
    "upstream fluo.pool is nobody's": lambda k: k["upstreams"].append({"name": "fluo.pool"}),
    "service core: too many retries": lambda k: service(k, "core").pop("retries"),
    "service auth: too many retries": lambda k: service(k, "auth").update(retries=1),
    "service core: its host is not an upstream": lambda k: service(k, "core").update(host="core"),
    "without active health checks": lambda k: upstream(k, "core.pool")["healthchecks"].pop(
        "active"
    ),
    "health is asked at /ready": lambda k: upstream(k, "core.pool")["healthchecks"][
        "active"
    ].update(http_path="/ready"),
    "service core: passive tcp_failures take its only": lambda k: checks(k, "passive")[
        "unhealthy"
    ].update(tcp_failures=1),
    "service core: passive timeouts take its only": lambda k: checks(k, "passive")[
        "unhealthy"
    ].update(timeouts=2),
    "service core: passive http_failures take its only": lambda k: checks(k, "passive")[
        "unhealthy"
    ].update(http_failures=5),
    "service core: active tcp_failures of 1": lambda k: checks(k, "active")["unhealthy"].update(
        tcp_failures=1
    ),
    "service core: its only target has 1 s": lambda k: checks(k, "active").update(timeout=1),
    "rate-limiting is not limits": lambda k: plugin(k, "rate-limiting").update(minute=1),
    "request-size-limiting is not": lambda k: remove(k, "plugins", "request-size-limiting"),
    "correlation-id does not": lambda k: remove(k, "plugins", "correlation-id"),
    "correlation-id: echo_downstream": lambda k: plugin(k, "correlation-id").update(
        echo_downstream=True
    ),
    "cors: the origins": lambda k: plugin(k, "cors").update(origins=["*"]),
    "cors: methods lacks PATCH": lambda k: plugin(k, "cors")["methods"].remove("PATCH"),
    "cors: headers lacks If-Match": lambda k: plugin(k, "cors")["headers"].remove("If-Match"),
    "cors: exposed_headers lacks ETag": lambda k: plugin(k, "cors")["exposed_headers"].remove(
        "ETag"
    ),
    "login has no rate limit": lambda k: remove(
        route(k, "auth-login-post"), "plugins", "rate-limiting"
    ),
}


def test_the_rendered_file_is_good(text, loaded, specs):
    assert check(text, loaded, specs, production=True) == []


@pytest.mark.parametrize("fault", BREAKS)
def test_each_fault_is_named(kong, loaded, specs, fault):
    broken = copy.deepcopy(kong)
    plugin(broken["routes"][0], "request-termination")["body"] = "{}"  # long, and not looked at
    BREAKS[fault](broken)
    faults = check(yaml.dump(broken, Dumper=SafeDumper), loaded, specs, production=True)
    assert [each for each in faults if fault in each], faults


def test_of_several_targets_one_may_be_left_out_at_once(loaded, specs):
    several = {**loaded["services"]["core"], "url": ["http://core-1:8000", "http://core-2:8000"]}
    site = {**loaded, "services": {**loaded["services"], "core": several}}
    text = render(site, specs)
    assert check(text, site, specs, production=True) == []
    pool = upstream(yaml.load(text, Loader=SafeLoader), "core.pool")["healthchecks"]
    assert pool["passive"]["unhealthy"]["tcp_failures"] == 1
    assert pool["active"]["unhealthy"]["tcp_failures"] == 1


def test_no_yaml_and_no_mapping_are_faults_too(loaded, specs):
    assert "is not YAML" in check("a: [", loaded, specs)[0]
    assert check("- a", loaded, specs) == ['_format_version is not "3.0"']
    assert check("", loaded, specs) == ['_format_version is not "3.0"']


def test_a_file_rendered_before_a_service_was_switched_off(text, without, specs):
    some = {name: mounts for name, mounts in specs.items() if name != "ssx"}
    faults = check(text, without("ssx"), some)
    assert "service ssx is not enabled" in faults
    assert "upstream ssx.pool is nobody's" in faults


def test_an_operation_that_is_new_and_not_routed_openly(text, loaded, specs):
    root = "/ispyb/api/v1/ssx"
    more = copy.deepcopy(specs)
    more["ssx"][root]["paths"][f"{root}/news"] = {"get": {"security": []}}
    assert check(text, loaded, more) == [
        "GET /ispyb/api/v1/ssx/news of ssx is open, but route ssx needs a token"
    ]
