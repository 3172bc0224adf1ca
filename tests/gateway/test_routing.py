"""The routes are found as Kong finds them."""

import pytest

from gateway.routing import Router, normalise


@pytest.mark.parametrize(
    ("sent", "compared"),
    [
        ("/", "/"),
        ("", "/"),
        ("/a/b", "/a/b"),
        ("/a/b/", "/a/b/"),
        ("//a///b", "/a/b"),
        ("/a/./b/.", "/a/b/"),
        ("/a/../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/../../etc/passwd", "/etc/passwd"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/%2e/b", "/a/b"),
        ("/%61%7eb", "/a~b"),
        ("/auth/..%2fproposals", "/auth/..%2Fproposals"),
        ("/auth/..;/proposals", "/auth/..;/proposals"),
        ("/auth/%252e%252e/proposals", "/auth/%252e%252e/proposals"),
        ("/MX%2f1%20%c3%a9", "/MX%2F1%20%C3%A9"),
        ("/100%", "/100%"),
    ],
)
def test_paths_are_compared_as_kong_does(sent, compared):
    assert normalise(sent) == compared


def router(*routes):
    return Router(
        {
            "services": [
                {"name": name, "routes": [{"name": name, "strip_path": False, **route}]}
                for name, route in routes
            ]
        }
    )


def service(route):
    return route and route.service


def test_a_regular_expression_goes_before_a_prefix_however_long():
    routes = router(
        ("plain", {"paths": ["/api/v1/long/prefix"]}), ("regex", {"paths": ["~/api(/|$)"]})
    )
    assert service(routes.match("GET", "/api/v1/long/prefix")) == "regex"


def test_the_longer_prefix_goes_first():
    routes = router(("short", {"paths": ["/api"]}), ("long", {"paths": ["/api/v1"]}))
    assert service(routes.match("GET", "/api/v1/x")) == "long"
    assert service(routes.match("GET", "/api/v2")) == "short"


def test_the_priority_decides_among_regular_expressions_and_methods_before_it():
    routes = router(
        ("wide", {"paths": ["~/api(/|$)"], "regex_priority": 1}),
        ("deep", {"paths": ["~/api/ssx(/|$)"], "regex_priority": 2}),
        ("open", {"paths": ["~/api/ssx/docs$"], "methods": ["GET"]}),
    )
    assert service(routes.match("GET", "/api/ssx/docs")) == "open"
    assert service(routes.match("POST", "/api/ssx/docs")) == "deep"
    assert service(routes.match("GET", "/api/ssxfoo")) == "wide"
    assert service(routes.match("GET", "/api")) == "wide"
    assert service(routes.match("GET", "/apis")) is None


def test_of_two_with_one_priority_nobody_knows_which_wins():
    routes = router(("one", {"paths": ["~/api(/|$)"]}), ("other", {"paths": ["~/api/x(/|$)"]}))
    assert routes.rivals("GET", "/api/x") == {"one", "other"}
    assert routes.rivals("GET", "/api/y") == {"one"}
    assert routes.rivals("GET", "/nothing") == set()
