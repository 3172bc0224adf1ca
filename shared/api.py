"""Flask-RESTX namespaces for marshmallow schemas.

One schema class per payload: it loads, it is compiled to SQL, and it is the documentation.
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial, wraps
from http import HTTPStatus
from itertools import count
from types import MappingProxyType
from typing import Any

import flask_restx
from apispec.ext.marshmallow.common import resolve_schema_instance
from flask import request
from flask_restx import Resource
from marshmallow import Schema, fields

from shared import (
    app_context,
    files,
    headers,
    one_time_links,
    openapi_converter,
    operations,
    request_bodies,
    request_context,
    resources,
    tables,
)
from shared.batches import Batch
from shared.columnar import Columns, ColumnsSchema
from shared.db import run_first
from shared.file_roots import FileRoots
from shared.layouts import Layout
from shared.lists import FORMATS, list_of
from shared.schemas import TableSchema
from shared.table_service import TableService

__all__ = ["Namespace", "Resource"]
PROBLEMS = {"GET": (304,), "POST": (400, 409, 422)}  # other verbs: 409
JSON = operations.JSON
EDITS = ("put", "patch", "delete")
CONSUMES = "x-consumes"  # the media types of a body, for which RESTX has no key
RETURNS, TAKES, REQUIRE = range(3)  # the order in which decorators are applied to a method
ITEM_KEYS = {
    *("type", "format", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength")
}  # the keys that Swagger 2.0 allows in an item of a parameter


class ProblemSchema(Schema):
    """A problem document, RFC 9457."""

    type = fields.String(required=True, metadata={"example": "about:blank"})
    title = fields.String(required=True, metadata={"example": "Unprocessable Entity"})
    status = fields.Integer(required=True, metadata={"example": 422})
    detail = fields.String(required=True, allow_none=True, metadata={"example": "invalid input"})
    errors = fields.Dict(
        metadata={
            "description": "the reasons, by field",
            "example": {"limit": ["Not a valid integer."]},
        }
    )
    requestId = fields.String(required=True)


class File(flask_restx.fields.Raw):
    """An answer that is a file."""

    __schema_type__ = "string"
    __schema_format__ = "binary"


class Key(flask_restx.fields.Integer):
    """An answer that is the key of a row and nothing else, as some dialects need it."""


class Namespace(flask_restx.Namespace):
    """A namespace whose operations declare caller, input and answer.

    From top to bottom their decorators are ``require`` or ``public``, ``takes``, ``returns`` or
    ``streams``.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.payloads: set[type[TableSchema]] = set()
        self.documented: list[tuple[Schema, bool]] = []  # each with: whether it is a body
        self._definitions = openapi_converter.Definitions("2.0")
        self._problem = self._document(ProblemSchema())

    def _build_doc(self, cls: Any, doc: Any) -> Any:
        """The documentation of ``cls`` with ``doc``; RESTX deep-copies both at each decorator.

        Those copies took two thirds of the start of a process.
        """
        return doc and _merged(getattr(cls, "__apidoc__", {}), doc)

    def route(self, *urls, **kwargs):
        """The decorator of RESTX; it documents what only the whole class and its path show.

        That is a 404 for a path with a parameter, and If-Match for the edits of a class with GET,
        which reads the ETag (see ``operations.run_write``).
        """
        add = super().route(*urls, **kwargs)

        def register(resource):
            edits = [getattr(resource, verb) for verb in EDITS if hasattr(resource, verb)]
            for method in edits if hasattr(resource, "get") else ():
                self.may_answer(412)(self.doc(params=headers.parameters("If-Match"))(method))
            resource = add(resource)
            return self.may_answer(404)(resource) if any("<" in u for u in urls) else resource

        return register

    def resource(self, rows: TableService, verbs: str, **declared: Any) -> None:
        """Add the operations of a resource: some of list create get update replace delete.

        ``one`` and ``many`` are its nouns, ``path`` is below that of the namespace. ``key`` names
        the parameter of the path, by default ``<one>_id``; if a row also has a name, ``named``
        describes the parameter. A writer needs one of the permissions ``write``; to PATCH or to
        delete, one of ``update`` or ``delete``, if that is given; a service token needs
        ``service`` too. ``summaries`` replace the usual ones, by verb. The body of a new row may
        be ``large``, see ``takes``.
        """
        resources.add(self, resources.Declaration(rows, **declared), verbs.split())

    def require(
        self, *permissions: str, service: str | Collection[str] = (), link: bool = False
    ) -> Callable:
        """Admit callers with one of ``permissions`` only; pass their identity first.

        A service token needs ``service`` too, or one of them. With ``link``, a one-time link of
        such a caller is admitted.
        """
        needs = [f"Needs: {' or '.join(permissions)}." if permissions else "Needs a token."]
        services = [service] if isinstance(service, str) else [*service]
        needs += [f"A service token needs {' or '.join(services)}."] if services else []
        needs += ["Or a one-time link."] if link else []

        def decorate(method):
            _check_order(method, REQUIRE)

            @wraps(method)
            def guarded(resource, *args, **kwargs):
                context = request_context.current()
                identity = context.identity  # of the edit, if that reads the ETag of its row
                if identity is None:
                    context.by_link = link and one_time_links.PARAMETER in request.args
                    identity = (
                        one_time_links.use_link()
                        if context.by_link
                        else operations.authenticate(resource)
                    )
                    context.identity = identity
                identity.need(*permissions)
                if identity.is_service:
                    identity.need(*services)
                if request.method in operations.SAFE:
                    return run_first(lambda: method(resource, identity, *args, **kwargs))
                return method(resource, identity, *args, **kwargs)

            schemes = [{"bearer": []}, {"onetime": []}] if link else [{"bearer": []}]
            guarded = self.doc(description=" ".join(needs), security=schemes)(guarded)
            return self.may_answer(401, 403, 429, 503)(guarded)

        return decorate

    def public(self, method: Callable) -> Callable:
        """Admit everybody; a test lists the few public operations."""
        _check_order(method, REQUIRE)
        documented = self.doc(description="Needs no token.", security=[])(method)
        return self.may_answer(429, 503)(documented)

    def takes(
        self,
        schema: Any,
        *,
        query: bool = False,
        many: bool = False,
        large: int = 0,
        also: Mapping[str, Callable[[bytes], Any]] = MappingProxyType({}),
    ) -> Callable:
        """Load the body, a batch of rows or the query with ``schema``; pass it next.

        The limits of a body are those of a single row, unless it is ``large``, a batch or columns:
        see ``shared/request_bodies.py``; if it is 5, it may have five times as many values.
        ``also`` are readers of bodies that are not JSON, by
        media type: each returns the document that JSON would be.
        """
        schema = resolve_schema_instance(schema)
        batch = Batch(schema) if many else None
        stream = Columns(schema) if isinstance(schema, ColumnsSchema) else None
        large = int(large or batch is not None or stream is not None)

        def load() -> Any:
            if query:
                return operations.load_query(schema)
            if stream:
                data = request_bodies.columns(stream)
                request_context.current().field_names = ",".join(data)
                return data
            if batch:
                return request_bodies.rows(batch)
            return operations.load_body(schema, large, also)

        def decorate(method):
            _check_order(method, TAKES)

            @wraps(method)
            def loaded(*args, **kwargs):
                request_context.current().loads.append(load)
                return method(*args, load(), **kwargs)

            if not query:
                loaded = self.may_answer(400, 415, 422, 424)(loaded)
                limits = request_bodies.described(large)
                loaded = self._answer(413, self._problem, description=limits)(loaded)
                if large:
                    loaded = self.doc(params=headers.parameters("Content-Encoding"))(loaded)
                if also:
                    loaded = self.doc(vendor={CONSUMES: [JSON, *also]})(loaded)
                definition = self._document(schema, body=True)
                return self.expect([definition] if many else definition)(loaded)
            parameters = self._definitions.parameters(schema)
            params = {p.pop("name"): _by_comma(p) for p in parameters}
            if "fields" in params:
                params |= headers.parameters("X-Fields")
            return self.may_answer(422)(self.doc(params=params)(loaded))

        return decorate

    def returns(
        self,
        schema: type[Schema] | type[Key],
        code: HTTPStatus = HTTPStatus.OK,
        *,
        many: bool = False,
        bare: bool = False,
        also: HTTPStatus | None = None,
        also_as: str | Collection[str] = (),
        layout: Layout | None = None,
        secret: bool = False,
    ) -> Callable:
        """Answer ``code`` with the result, which has the shape of ``schema`` or its list.

        A ``bare`` list has no page around it, as some dialects need it. Any other list is also
        answered as a table, with the columns of ``layout`` or those that ``schema`` has. A method
        that may answer ``also`` returns that status beside its result. A ``secret`` answer is
        stored neither for replay nor by caches, and has no ETag. For an answer in one of the
        media types ``also_as`` the method returns a response. ``schema`` is Key for a key alone.
        """
        if issubclass(schema, TableSchema):
            self.payloads.add(schema)
        shape: Any = schema
        if issubclass(shape, Key):
            definition = shape
        else:
            shape = list_of(shape) if many and not bare else shape
            definition = self._document(resolve_schema_instance(shape))
        has_tables = many and not bare
        also_as = [also_as] if isinstance(also_as, str) else also_as
        others = [*(FORMATS.values() if has_tables else also_as)]
        tags = [] if secret else ["ETag"]
        tags += ["Content-Disposition"] if has_tables else []

        def decorate(method):
            _check_order(method, RETURNS)
            verb, kinds = method.__name__.upper(), [JSON, *others]

            @wraps(method)
            def answered(resource, *args, **kwargs):
                if has_tables and (name := tables.chosen_format(args[-1])):
                    *before, query = args
                    list_page = partial(method, resource, *before, **kwargs)
                    return tables.answer(list_page, query, name, schema, layout)
                operations.check_accept(kinds)
                context, tries = request_context.current(), count()
                loads, context.loads = context.loads, []

                def work():
                    values = args
                    if next(tries):  # load again: the first try may have changed its values
                        values = (*args[: len(args) - len(loads)], *(load() for load in loads))
                    result = method(resource, *values, **kwargs)
                    body, status = result if isinstance(result, tuple) else (result, code)
                    return operations.make_response(body, status, secret)

                if verb == "GET":
                    return operations.make_conditional(work())
                return operations.run_write(resource, work, kwargs, secret)

            sent = {"GET": ("If-None-Match",), "POST": ("Idempotency-Key",)}.get(verb, ())
            replayed = ("Idempotent-Replayed",) if verb == "POST" and not secret else ()
            for status in filter(None, (code, also)):
                model = [definition] if bare else definition
                answered = self._answer(status, model, *tags, *replayed)(answered)
            answered = self.doc(params=headers.parameters(*sent))(answered)
            if others:
                answered = self.produces(kinds)(answered)
            return self.may_answer(*PROBLEMS.get(verb, (409,)))(answered)

        return decorate

    def streams(self, *kinds: str) -> Callable:
        """Answer with the file, archive or document that the method returns, or a range of it.

        ``kinds`` are its media types. With ``download`` in the query a browser saves it; the
        method gets the other parameters of the query by their names.
        """

        def decorate(method):
            _check_order(method, RETURNS)

            @wraps(method)
            def streamed(resource, identity, query, *args, **kwargs):
                download = query.pop("download")
                content = method(resource, identity, *args, **query, **kwargs)
                roots = FileRoots(identity, app_context.site()["file_roots"])
                return files.answer(content, roots, download)

            for status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
                part = ("Content-Range",) if status == HTTPStatus.PARTIAL_CONTENT else ()
                names = ("Content-Disposition", "ETag", *part)
                streamed = self._answer(status, File, *names)(streamed)
            sent = headers.parameters("If-Match", "If-None-Match", "If-Range", "Range")
            streamed = self.doc(params=sent)(streamed)
            return self.may_answer(304, 404, 412, 416)(self.produces([*kinds])(streamed))

        return decorate

    def may_answer(self, *codes: int) -> Callable:
        """Document statuses of problems, and 304, which has no body."""

        def decorate(method):
            for code in codes:
                method = self._answer(code, None if code == 304 else self._problem)(method)
            return method

        return decorate

    def _answer(self, status: int, model: Any, *names: str, description: str = "") -> Callable:
        """Document an answer with its headers; ``names`` are those beside the usual ones."""
        sent = headers.of_answer(status, *names)
        return self.response(
            int(status), description or HTTPStatus(status).phrase, model, headers=sent
        )

    def _document(self, schema: Schema, body: bool = False):
        """Register ``schema`` and its nested schemas; return its RESTX model."""
        self.documented.append((schema, body))
        model = self._definitions.add(schema, body)
        for name, definition in self._definitions.by_name.items():
            if name not in self.models:
                self.schema_model(name, definition)
        return self.models[model]


def _merged(first: dict, second: dict) -> dict:
    """A new dict of both, where dicts of the same key are merged; other values are shared."""
    merged = {**first, **second}
    for key in first.keys() & second.keys():
        if isinstance(first[key], dict) and isinstance(second[key], dict):
            merged[key] = _merged(first[key], second[key])
    return merged


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


def _by_comma(parameter: dict) -> dict:
    """``parameter`` as a list ``a,b``, which is Swagger's default, unlike that of apispec.

    The description of an item becomes that of the list: Swagger allows none in an item. An empty
    default is left out, because a list that is sent is not empty. So is the example, which pages
    to try the API would send as a filter.
    """
    dropped = {"collectionFormat", "example", "default" if parameter.get("default") == [] else ""}
    result = {k: v for k, v in parameter.items() if k not in dropped}
    if items := result.get("items"):
        result["items"] = {k: v for k, v in items.items() if k in ITEM_KEYS}
        result = {"description": items.get("description", "a list"), **result}
    return result
