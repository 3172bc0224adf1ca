"""Flask-RESTX namespaces for marshmallow schemas.

One schema class per payload: it loads, it is compiled to SQL, and it is the documentation.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from hashlib import blake2b
from http import HTTPStatus
from itertools import count
from types import MappingProxyType
from typing import Any

import flask_restx
import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_instance
from flask import Response, current_app, request
from flask_restx import Resource
from flask_restx.mask import Mask, ParseError
from marshmallow import Schema, ValidationError, fields
from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError

from shared import (
    app_context,
    audit,
    files,
    idempotency,
    one_time_links,
    request_bodies,
    request_context,
    resources,
)
from shared.batches import Batch
from shared.columnar import Columns, ColumnsSchema
from shared.db import WRITING, begin_write, db, in_transaction, run_first
from shared.errors import BadInput, ServiceError, Stale, Unauthenticated, bad_field
from shared.file_roots import FileRoots
from shared.identity import Identity
from shared.lists import list_of
from shared.schemas import TableSchema, definition_name, null_as_stored
from shared.service_tables import RevokedToken
from shared.table_service import TableService

SAFE = {"GET", "HEAD", "OPTIONS"}
REVOKED = select(RevokedToken.tokenId).where(RevokedToken.tokenId == bindparam("id"))
PROBLEMS = {"GET": (304,), "POST": (400, 409, 422)}  # other verbs: 409, 412
CONSUMES = "x-consumes"  # the media types of a body, for which RESTX has no key
PRODUCES = "x-produces"  # those of an answer
RETURNS, TAKES, REQUIRE = range(3)  # the order in which decorators are applied to a method
ITEM_KEYS = {
    *("type", "format", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength")
}  # the keys that Swagger 2.0 allows in an item of a parameter


class ProblemSchema(Schema):
    """A problem document, RFC 9457."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, allow_none=True)
    errors = fields.Dict(metadata={"description": "the reasons, by field"})
    requestId = fields.String(required=True)


class File(flask_restx.fields.Raw):
    """An answer that is a file."""

    __schema_type__ = "string"
    __schema_format__ = "binary"


class Namespace(flask_restx.Namespace):
    """A namespace whose operations declare caller, input and answer.

    From top to bottom their decorators are ``require`` or ``public``, ``takes``, ``returns`` or
    ``streams``.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.payloads: set[type[TableSchema]] = set()
        self.documented: list[Schema] = []
        self._plugin = MarshmallowPlugin(schema_name_resolver=definition_name)
        self._spec = APISpec("", "", "2.0", plugins=[self._plugin])
        converter: Any = self._plugin.converter
        converter.add_attribute_function(null_as_stored)
        self._converter = converter
        self._problem = self._document(ProblemSchema())

    def route(self, *urls, **kwargs):
        """The decorator of RESTX; it documents a 404 for a path with a parameter."""
        add = super().route(*urls, **kwargs)
        if not any("<" in url for url in urls):
            return add
        return lambda resource: self.may_answer(404)(add(resource))

    def resource(self, rows: TableService, verbs: str, **declared: Any) -> None:
        """Add the operations of a resource: some of list create get update replace delete.

        ``one`` and ``many`` are its nouns, ``path`` is below that of the namespace. ``key`` names
        the parameter of the path, by default ``<one>_id``; if a row also has a name, ``named``
        describes the parameter. A writer needs one of the permissions ``write``; to delete, one
        of ``delete``, if that is given; a service token needs ``service`` too. ``summaries``
        replace the usual ones, by verb. The body of a new row may be ``large``, see ``takes``.
        """
        resources.add(self, resources.Declaration(rows, **declared), verbs.split())

    def require(
        self, *permissions: str, service: str | None = None, link: bool = False
    ) -> Callable:
        """Admit callers with one of ``permissions`` only; pass their identity first.

        A service token needs ``service`` too. With ``link``, a one-time link of such a caller is
        admitted.
        """
        needs = [f"Needs: {' or '.join(permissions)}."] if permissions else []
        needs += [f"A service token needs {service}."] if service else []

        def decorate(method):
            _check_order(method, REQUIRE)

            @wraps(method)
            def guarded(resource, *args, **kwargs):
                context = request_context.current()
                identity = context.identity  # of the edit, if that reads the ETag of its row
                if identity is None:
                    context.by_link = link and one_time_links.PARAMETER in request.args
                    identity = one_time_links.use_link() if context.by_link else _bearer(resource)
                    context.identity = identity
                identity.need(*permissions)
                if service and identity.is_service:
                    identity.need(service)
                return method(resource, identity, *args, **kwargs)

            schemes = [{"bearer": []}, {"onetime": []}] if link else [{"bearer": []}]
            if needs:
                guarded = self.doc(description=" ".join(needs))(guarded)
            return self.may_answer(401, 403, 503)(self.doc(security=schemes)(guarded))

        return decorate

    def public(self, method: Callable) -> Callable:
        """Admit everybody; a test lists the few public operations."""
        _check_order(method, REQUIRE)
        return self.may_answer(503)(self.doc(security=[])(method))

    def takes(
        self,
        schema: Any,
        *,
        query: bool = False,
        many: bool = False,
        large: bool = False,
        also: Mapping[str, Callable[[bytes], Any]] = MappingProxyType({}),
    ) -> Callable:
        """Load the body, a batch of rows or the query with ``schema``; pass it next.

        The limits of a body are those of a single row, unless it is ``large``, a batch or columns:
        see ``shared/request_bodies.py``. ``also`` are readers of bodies that are not JSON, by
        media type: each returns the document that JSON would be.
        """
        schema = resolve_schema_instance(schema)
        batch = Batch(schema) if many else None
        stream = Columns(schema) if isinstance(schema, ColumnsSchema) else None
        large = large or batch is not None or stream is not None

        def load() -> Any:
            if query:
                return _load(schema, _query())
            if stream:
                data = request_bodies.columns(stream)
                request_context.current().field_names = ",".join(data)
                return data
            return request_bodies.rows(batch) if batch else _body(schema, large, also)

        def decorate(method):
            _check_order(method, TAKES)

            @wraps(method)
            def loaded(*args, **kwargs):
                request_context.current().loads.append(load)
                return method(*args, load(), **kwargs)

            if not query:
                loaded = self.may_answer(400, 415, 422, 424)(loaded)
                loaded = self.response(413, request_bodies.described(large), self._problem)(loaded)
                if also:
                    loaded = self.doc(vendor={CONSUMES: ["application/json", *also]})(loaded)
                definition = self._document(schema)
                return self.expect([definition] if many else definition)(loaded)
            parameters = self._converter.schema2parameters(schema, location="query")
            params = {p.pop("name"): _by_comma(p) for p in parameters}
            return self.may_answer(422)(self.doc(params=params)(loaded))

        return decorate

    def returns(
        self,
        schema: type[Schema],
        code: HTTPStatus = HTTPStatus.OK,
        *,
        many: bool = False,
        bare: bool = False,
        also: HTTPStatus | None = None,
        also_as: str | None = None,
        secret: bool = False,
    ) -> Callable:
        """Answer ``code`` with the result, which has the shape of ``schema`` or its list.

        A ``bare`` list has no page around it, as some dialects need it. A method that may answer
        ``also`` returns that status beside its result. A ``secret`` answer is stored neither for
        replay nor by caches, and has no ETag. For an answer in the media type ``also_as`` the
        method returns a response.
        """
        if issubclass(schema, TableSchema):
            self.payloads.add(schema)
        shape = list_of(schema) if many and not bare else schema
        definition = self._document(resolve_schema_instance(shape))

        def decorate(method):
            _check_order(method, RETURNS)
            verb = method.__name__.upper()

            @wraps(method)
            def answered(resource, *args, **kwargs):
                context, tries = request_context.current(), count()
                loads, context.loads = context.loads, []

                def work():
                    values = args
                    if next(
                        tries
                    ):  # the first try may have changed the loaded values: load them again
                        values = (*args[: len(args) - len(loads)], *(load() for load in loads))
                    result = method(resource, *values, **kwargs)
                    body, status = result if isinstance(result, tuple) else (result, code)
                    return _response(body, status, secret)

                if verb == "GET":
                    return work().make_conditional(request)
                return _written(resource, work, kwargs, secret)

            for status in filter(None, (code, also)):
                model = [definition] if bare else definition
                answered = self.response(int(status), status.phrase, model)(answered)
            if also_as:
                answered = self.doc(vendor={PRODUCES: also_as})(answered)
            return self.may_answer(*PROBLEMS.get(verb, (409, 412)))(answered)

        return decorate

    def streams(self, *kinds: str) -> Callable:
        """Answer with the file or archive that the method names, or with a range of it.

        ``kinds`` are its media types. With ``download`` in the query a browser saves it.
        """

        def decorate(method):
            _check_order(method, RETURNS)

            @wraps(method)
            def streamed(resource, identity, query, *args, **kwargs):
                content = method(resource, identity, *args, **kwargs)
                roots = FileRoots(identity, app_context.site()["file_roots"])
                return files.answer(content, roots, **query)

            for status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
                streamed = self.response(int(status), status.phrase, File)(streamed)
            return self.may_answer(304, 404, 412, 416)(self.produces([*kinds])(streamed))

        return decorate

    def may_answer(self, *codes: int) -> Callable:
        """Document statuses of problems, and 304, which has no body."""
        shapes = {code: HTTPStatus(code).phrase for code in codes}
        problem = self._problem
        return self.doc(
            responses={
                str(code): (phrase, None if code == 304 else problem)
                for code, phrase in shapes.items()
            }
        )

    def _document(self, schema: Schema):
        """Register ``schema`` and its nested schemas; return its RESTX model."""
        self.documented.append(schema)
        ref = self._converter.resolve_nested_schema(schema)
        for name, definition in self._spec.components.schemas.items():
            if name not in self.models:
                self.schema_model(name, definition)
        return self.models[ref["$ref"].rpartition("/")[2]]


def _check_order(method: Callable, place: int) -> None:
    """Note that a decorator at ``place`` is applied; TypeError if one of a later place was.

    ``require`` is to be above ``takes``, so that the body of a stranger is not read, and both are
    to be above ``returns``, which begins the transaction and takes the idempotency key of the
    caller.
    """
    if getattr(method, "place", place) > place:
        raise TypeError(
            f"{method.__qualname__}: from top to bottom the decorators are"
            " require or public, takes, returns or streams"
        )
    method.place = place  # type: ignore[attr-defined]  # functools.wraps copies it


def _bearer(resource: Resource) -> Identity:
    """The caller by the Authorization header, after a look at the revoked tokens.

    A write looks in its own transaction, which saves round trips. Not on SQLite: there a
    transaction that writes blocks all others.
    """
    identity = current_app.extensions["verifier"].identify(
        request.headers.get("Authorization", "")
    )
    begins = request.method not in SAFE and db.engine.dialect.name != "sqlite"

    def is_revoked() -> bool:
        if begins:
            begin_write(_isolation(resource))
        return bool(db.session.connection().execute(REVOKED, {"id": identity.tokenId}).first())

    if run_first(is_revoked):
        raise Unauthenticated("the token was revoked")
    return identity


def _is_guarded_by_tag(resource: Resource) -> bool:
    """Whether the request has If-Match: it edits a row that has not changed since it was read."""
    return request.method != "POST" and hasattr(resource, "get") and "If-Match" in request.headers


def _isolation(resource: Resource) -> str:
    """The isolation level of a write: SERIALIZABLE for If-Match, so that rows it reads are locked.

    Else two edits with one ETag could both be committed.
    """
    return "SERIALIZABLE" if _is_guarded_by_tag(resource) else WRITING


def _response(body: Any, status: HTTPStatus, secret: bool) -> Response:
    if isinstance(body, Response):
        return body
    answer = Response(orjson.dumps(body), int(status), mimetype="application/json")
    if secret:
        answer.headers["Cache-Control"] = "no-store"
    else:
        set_content_tag(answer)
    return answer


def set_content_tag(answer: Response) -> Response:
    """Set the ETag of ``answer`` to a hash of its body."""
    answer.set_etag(blake2b(answer.get_data(), digest_size=12).hexdigest())
    return answer


def _written(resource: Resource, work: Callable, path: dict, secret: bool) -> Response:
    """Do ``work`` in one transaction, with idempotency key, If-Match and audit trail.

    If the connection is lost during COMMIT, the audit trail shows whether that succeeded.
    """
    context, guarded_by_tag = request_context.current(), _is_guarded_by_tag(resource)
    identity = context.identity
    key = idempotency.stored_key(identity)
    done: dict[int, Response] = {}  # by the key of its line in the audit trail

    def run():
        done.clear()
        if (answer := idempotency.take(key)) is not None:
            return answer
        if guarded_by_tag and not request.if_match.contains(_tag(resource, path)):
            raise Stale("the row changed since it was read: read it again")
        try:
            answer = work()
        except ServiceError:
            idempotency.forget(key)
            raise
        idempotency.keep(key, answer, secret)
        if identity:
            method, status, names = request.method, answer.status_code, context.field_names
            done[audit.note(context, identity.login, method, status, names)] = answer
        return answer

    try:
        return in_transaction(run, _isolation(resource))
    except DBAPIError as error:
        for line, answer in done.items() if error.connection_invalidated else ():
            if audit.is_stored(context, line):
                return answer
        raise


def _tag(resource: Resource, path: dict) -> str:
    """The present ETag of the row, by its GET, which ignores the query of the edit."""
    context = request_context.current()
    context.reads_tag = True
    try:
        return resource.get(**path).get_etag()[0]
    finally:
        context.reads_tag = False


def _body(schema: Schema, large: bool, also: Mapping) -> dict:
    """Load the body, and note the names of its fields for the audit trail."""
    raw = request_bodies.as_json(large, also)
    names = ",".join(raw) if isinstance(raw, dict) else None
    request_context.current().field_names = names
    return _load(schema, raw)


def _load(schema: Schema, raw: Any) -> dict:
    """Load ``raw``, or raise BadInput: a ValidationError elsewhere is a bug, not a 422."""
    try:
        return schema.load(raw)
    except ValidationError as error:
        raise BadInput("invalid input", error.normalized_messages()) from error


def _query() -> dict:
    """The query for the schema, which refuses a name that is sent twice: its value is a list."""
    context = request_context.current()
    sent = {} if context.reads_tag else request.args.to_dict(flat=False)
    if context.by_link:
        sent.pop(one_time_links.PARAMETER)
    query: dict[str, Any] = {
        n: values[0] if len(values) == 1 else values for n, values in sent.items()
    }
    if "X-Fields" in request.headers:
        try:
            query["fields"] = ",".join(_paths(Mask(request.headers["X-Fields"])))
        except (ParseError, RecursionError) as error:
            raise bad_field("X-Fields", str(error)) from error
    return query


def _paths(mask: Mask, above: str = ""):
    """The dotted paths of a mask: ``{a,B{c}}`` is a and B.c."""
    for name, below in mask.items():
        if isinstance(below, Mask):
            yield from _paths(below, f"{above}{name}.")
        else:
            yield above + name


def _by_comma(parameter: dict) -> dict:
    """``parameter`` as a list ``a,b``, which is Swagger's default, unlike that of apispec.

    The description of an item becomes that of the list: Swagger allows none in an item.
    """
    result = {k: v for k, v in parameter.items() if k != "collectionFormat"}
    if items := result.get("items"):
        result["items"] = {k: v for k, v in items.items() if k in ITEM_KEYS}
        result = {"description": items.get("description", ""), **result}
    return result
