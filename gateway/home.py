"""The page at /: the services, the users of a demo, and example calls."""

import json
from collections.abc import Callable, Mapping
from secrets import token_urlsafe

from jinja2 import Environment, PackageLoader
from werkzeug.wrappers import Response

from gateway.specification import Mounts, Specs, prefix
from shared import __version__, config
from shared.config import API_ROOT
from shared.pages import make_page

SUBJECTS = 12  # of a service that the page names


def page(site: Mapping, specs: Specs) -> Callable[[], Response]:
    """Return the function that answers at / of ``site``, whose services publish ``specs``."""
    template = Environment(
        loader=PackageLoader("gateway"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    ).get_template("home.html")
    people = users(site)
    content = {
        "name": site["site"]["name"],
        "demo": site["site"]["mode"] == "demo",
        "root": API_ROOT,
        "docs": f"{API_ROOT}/docs" if "core" in specs else None,
        "services": [_service(name, mounts) for name, mounts in specs.items()],
        "users": people,
        "plugin": people[0]["plugin"] if people else None,
        "origin": origin(site),
        "calls": calls(site),
        "version": __version__,
    }

    def answer() -> Response:
        nonce = token_urlsafe(16)
        return make_page(template.render(content, nonce=nonce), f"'nonce-{nonce}'")

    return answer


def origin(site: Mapping) -> str:
    """The origin of the embedded gateway."""
    host = site["gateway"]["host"]
    return f"http://{f'[{host}]' if ':' in host else host}:{site['gateway']['port']}"


def users(site: Mapping) -> list[dict]:
    """The users of a demo who sign in by password; none in production."""
    if site["site"]["mode"] != "demo" or "auth" not in config.enabled(site):
        return []
    return [
        {
            "plugin": name,
            "login": user["login"],
            "password": user["password"],
            "name": user.get("name") or user.get("familyName") or user["login"],
        }
        for name, block in config.plugins(site).items()
        if block["AUTH_MODULE"] == config.DEMO_PLUGIN
        for user in block["CONFIG"].get("users", [])
        if "password" in user
    ]


def calls(site: Mapping) -> list[dict]:
    """A first session with curl, for the enabled services."""
    enabled, root = config.enabled(site), origin(site) + API_ROOT
    if "auth" not in enabled:
        return []
    people = users(site) or [{"plugin": next(iter(config.plugins(site)))}]
    person = people[:2][-1]  # the first one of a demo is its administrator, who is on no session
    body = {
        "plugin": person["plugin"],
        "login": person.get("login", "LOGIN"),
        "password": person.get("password", "PASSWORD"),
    }
    bearer = '-H "Authorization: Bearer $TOKEN"'
    examples = [
        {
            "title": "Sign in, keep the token",
            "command": f"TOKEN=$(curl -s {root}/auth/login \\\n"
            f"  -H 'Content-Type: application/json' -d '{json.dumps(body)}' \\\n"
            "  | python3 -c 'import json, sys; print(json.load(sys.stdin)[\"token\"])')",
        },
    ]
    if "core" not in enabled:
        examples += [
            {"title": "The signed-in user", "command": f"curl -s {root}/user/current {bearer}"}
        ]
    else:
        examples += [
            {"title": "My proposals", "command": f"curl -s {root}/proposals {bearer}"},
            {
                "title": "The latest events",
                "command": f"curl -s '{root}/events?limit=3' {bearer}",
            },
        ]
    return examples


def _service(name: str, mounts: Mounts) -> dict:
    """A card of the page: the subjects of a service, and its address."""
    tags = [tag["name"].replace("_", " ") for tag in mounts[prefix(name)]["tags"]]
    subjects = [tag for tag in tags if tag not in ("default", "health")]
    return {
        "name": name,
        "prefix": prefix(name),
        "documents": f"{API_ROOT}/{name}",
        "subjects": subjects[:SUBJECTS],
        "more": len(subjects[SUBJECTS:]),
        "dialects": {
            base.removeprefix(API_ROOT).removeprefix("/ispyb").strip("/"): base
            for base in mounts
            if base != prefix(name)
        },
    }
