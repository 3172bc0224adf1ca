"""HTML pages, with headers against other sites and injected code."""

import re
from collections.abc import Callable
from secrets import token_urlsafe

from flask_restx import Api
from flask_restx.apidoc import ui_for
from werkzeug.wrappers import Response

POLICY = (
    "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "script-src 'nonce-{0}'; style-src 'nonce-{0}'"
)
INLINE = (
    'style="position:absolute;width:0;height:0"'  # style of the icons, which the policy forbids
)
LOADING = re.compile(r"<(script|style|link)\b")


def make_page(render: Callable[[str], str]) -> Response:
    """The answer with the HTML of ``render(nonce)``, in which only tags with the nonce work."""
    nonce = token_urlsafe(16)
    response = Response(render(nonce), mimetype="text/html")
    response.headers["Content-Security-Policy"] = POLICY.format(nonce)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def make_documentation(api: Api) -> Response:
    """The Swagger UI of ``api``, all of whose tags get the nonce: none has text of clients."""
    html = ui_for(api).replace(INLINE, 'display="none"')
    return make_page(lambda nonce: LOADING.sub(rf'<\1 nonce="{nonce}"', html))
