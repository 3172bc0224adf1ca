"""The Flask app of a service, with RESTX and the database."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import uuid4

import flask_restx
from flask import Blueprint, Flask, Response, current_app, request
from flask_cors import CORS
from flask_restx.utils import default_id
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from shared import (
    __version__,
    config,
    headers,
    health,
    idempotency,
    metrics,
    openapi,
    read,
    request_bodies,
    request_context,
)
from shared.api import Namespace
from shared.database_errors import handle_database_errors
from shared.db import db, engine_options
from shared.errors import handle_errors
from shared.identity import Verifier
from shared.log import log_requests
from shared.pages import add_documentation
from shared.request_context import RequestContext
from shared.revocations import Revocations
from shared.schemas import LARGEST_KEY

SECURITY = {
    "bearer": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "Type `Bearer`, a space, then the token from /auth/login.",
    },
    "onetime": {"type": "apiKey", "in": "query", "name": "onetime"},
}
SAFE_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
EXPOSED = [*headers.ANSWERED]  # pages of other origins may read them


@dataclass(frozen=True)
class ApiMount:
    """One API of a service: its namespaces below ``root``, its documents below ``root + path``.

    The mount of a dialect is added only if the site switches the dialect on.
    """

    namespaces: Iterable[Namespace]
    path: str = ""
    root: str = config.API_ROOT
    dialect: str | None = None


class Service(Flask):
    """The app of a service."""

    def ensure_sync(self, func: Callable) -> Callable:
        """Return ``func``, which is never async: Flask would inspect each at each request."""
        return func


class Id(IntegerConverter):
    """A key in a path: an integer that fits an unsigned INT."""

    def __init__(self, url_map):
        super().__init__(url_map, max=LARGEST_KEY)


class Api(flask_restx.Api):
    """The API of RESTX; it leaves errors to the app, so that all problems have one format.

    Its documentation page is replaced by that of ``shared.pages``.
    """

    @property
    def base_path(self) -> str:
        """The path below which the operations are; that of RESTX needs its view of that path."""
        return f"{self.blueprint.url_prefix}/"

    facility = ""

    @property
    def __schema__(self) -> dict:
        """The Swagger document."""
        swagger = super().__schema__
        return {**swagger, "info": openapi.info(swagger, self.facility)}

    def handle_error(self, error):
        raise error

    def _register_doc(self, app_or_blueprint):
        pass

    def _register_apidoc(self, app):
        pass


def build_app(name: str, mounts: Iterable[ApiMount], source: Mapping | str | None = None) -> Flask:
    """The service ``name`` with ``mounts``; ``source`` is its site file, see config.load."""
    site = config.load(source, name)
    app = Service(f"ispyb.{name}", static_folder=None)
    uri, database = config.database_uri(site), site["database"]
    app.config.update(
        SITE=site,
        SQLALCHEMY_DATABASE_URI=uri,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(uri, database["pool_size"], database),
        MAX_CONTENT_LENGTH=request_bodies.SMALL,
        RESTX_INCLUDE_ALL_MODELS=True,
        RESTX_MASK_SWAGGER=False,
        RESTX_ERROR_404_HELP=False,
    )
    proxies = site["site"]["trusted_proxies"]
    fix = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=min(proxies, 1))  # Kong sends one scheme
    app.wsgi_app = fix  # type: ignore[method-assign]
    app.extensions["service"] = name
    tokens = site["tokens"]
    app.extensions["verifier"] = Verifier(
        tokens["keys"],
        tokens["issuer"],
        tokens["audience"],
        site["beamline_groups"],
        site["industrial_codes"],
    )
    app.extensions["revocations"] = Revocations()
    db.init_app(app)
    handle_errors(app)
    handle_database_errors(app)
    app.url_map.converters["int"] = Id
    app.before_request(_open_request)
    app.after_request(_set_headers)
    if origins := site["cors"]["origins"]:
        app.after_request(_vary_by_origin)
    log_requests(app)
    metrics.measure(app)
    if origins:
        CORS(
            app,
            origins=origins,
            expose_headers=EXPOSED,
            max_age=3600,
            always_send=False,  # it would name an origin to a cache that asks without one
            vary_header=False,
        )
    dialects = config.dialects(site)
    app.extensions["specifications"] = {
        mount.root + mount.path: _add(app, name, mount)
        for mount in mounts
        if mount.dialect is None or mount.dialect in dialects
    }
    add_documentation(app, name, app.extensions["specifications"])
    health.probes(app, name)
    return app


def specifications(app: Flask) -> dict[str, dict]:
    """The OpenAPI 3.1 documents of ``app``, by the path below which each is served."""
    return {root: show() for root, show in app.extensions["specifications"].items()}


def _add(app: Flask, name: str, mount: ApiMount):
    """Register ``mount``; return a function that returns its OpenAPI document, made once."""
    namespaces = list(mount.namespaces)
    if mount.dialect is None:
        namespaces.append(health.namespace(name, mount.path, __version__))
    label = f"{name}.{mount.dialect}" if mount.dialect else name
    title = f"ISPyB {label.replace('.', ': ')}"
    blueprint = Blueprint(label.replace(".", "_"), __name__, url_prefix=mount.root)
    area = mount.dialect or name
    first = "" if area == "core" else f"{area}_"
    below = mount.path.lstrip("/")
    api = Api(
        blueprint,
        title=title,
        version=__version__,
        authorizations=SECURITY,
        default_swagger_filename=f"{below}/swagger.json".lstrip("/"),
        default_id=lambda resource, verb: first + default_id(resource, verb),
    )
    api.facility = app.config["SITE"]["site"]["name"]
    for namespace in namespaces:
        api.add_namespace(namespace)
        for schema in namespace.payloads:
            read.compiled(schema)  # a schema that does not fit its model fails here
    document: dict = {}

    def specification() -> dict:
        if not document:
            with app.test_request_context():
                swagger = api.__schema__
            document.update(openapi.document(swagger, namespaces))
        return document

    blueprint.add_url_rule(f"{mount.path}/openapi.json", "openapi", specification)
    app.register_blueprint(blueprint)
    return specification


def _open_request() -> None:
    """Begin the context of the request; its id is that of the gateway, if it is safe to log."""
    request_id = request.headers.get("X-Request-ID", "")
    if not SAFE_ID.fullmatch(request_id):
        request_id = uuid4().hex
    request_context.open_context(
        RequestContext(
            service=current_app.extensions["service"],
            path=request.path,
            request_id=request_id,
            address=request.remote_addr or "",
            started=time.perf_counter(),
            idempotency_key=request.headers.get(idempotency.HEADER),
        )
    )


def _vary_by_origin(response: Response) -> Response:
    """Let caches keep answers apart by origin, also where the origin is not allowed."""
    response.vary.add("Origin")
    return response


def _set_headers(response: Response) -> Response:
    response.headers["X-Request-ID"] = request_context.current().request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
