"""HTML pages, with headers against other sites and injected code: the documentation of a service.

Its templates and files, among them those of swagger-ui, are in ``shared/templates`` and
``shared/static``.
"""

from collections.abc import Callable, Mapping

from flask import Blueprint, Flask, redirect, render_template
from werkzeug.wrappers import Response

from shared import config
from shared.config import API_ROOT

FILES = "/swaggerui"  # the path of shared/static
OWN = "'self'"
POLICY = (
    "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "script-src {0}; style-src {0}"
)


def make_page(html: str, source: str = OWN) -> Response:
    """The answer with ``html``, which loads scripts and styles from ``source`` only."""
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = POLICY.format(source)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def add_documentation(app: Flask, name: str, specifications: Mapping[str, Callable]) -> None:
    """Add the documentation pages of the service ``name``.

    There is one for each of its ``specifications``, which are functions by the path below which
    the document is served. The gateway replaces the specification of core by that of all
    services, so core's own is served below a second path too.
    """
    folders = Blueprint(
        "pages", __name__, "static", static_url_path=FILES, template_folder="templates"
    )
    app.register_blueprint(folders)
    services, own = config.enabled(app.config["SITE"]), f"{API_ROOT}/{name}"
    pages = {"all services": API_ROOT} if "core" in services else {}
    pages |= {each: f"{API_ROOT}/{each}" for each in services}
    pages |= {path.split("/")[2]: path for path in specifications if not path.startswith(API_ROOT)}
    if own not in specifications:
        app.add_url_rule(f"{own}/openapi.json", "specification", specifications[API_ROOT])
    bases = [*dict.fromkeys([*specifications, own])]
    for base in bases:
        app.add_url_rule(f"{base}/docs", f"docs of {base}", _show(app, base, pages))
        view = _lead_to(f"{base}/docs")
        app.add_url_rule(f"{base}/", f"root of {base}", view, strict_slashes=False)
    app.add_url_rule("/docs", "docs", _lead_to(f"{bases[0]}/docs"))


def _show(app: Flask, base: str, pages: Mapping[str, str]) -> Callable[[], Response]:
    """The view of the page for the specification below ``base``, one of ``pages``."""
    content = {
        "site": app.config["SITE"]["site"]["name"],
        "base": base,
        "pages": pages,
        "auth": f"{API_ROOT}/auth",
        "files": FILES,
    }
    return lambda: make_page(render_template("docs.html", **content))


def _lead_to(path: str) -> Callable[[], Response]:
    return lambda: redirect(path)
