"""The steps of an operation: caller, input, transaction and answer.

The decorators of ``shared.api.Namespace`` call them.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

import orjson
from flask import Response, current_app, request
from flask_restx import Resource
from flask_restx.mask import Mask, ParseError
from marshmallow import RAISE, Schema, ValidationError, fields, missing
from sqlalchemy.exc import DBAPIError

from shared import (
    access_sharing,
    audit,
    idempotency,
    one_time_links,
    request_bodies,
    request_context,
    revocations,
)
from shared.conflicts import explain_conflict
from shared.db import WRITING, begin_write, db, in_transaction, run_first
from shared.errors import (
    BadInput,
    Conflict,
    NotAcceptable,
    NotFound,
    ServiceError,
    Stale,
    Unauthenticated,
    bad_field,
)
from shared.identity import Identity
from shared.spelling import explain_unknown

JSON = "application/json"
COMPUTED = "_metadata"  # the member with computed values
DIFFERS = "Is read-only, and differs from the stored value: leave it out, or read it again."
CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH")  # the headers that compare ETags
SAFE = {"GET", "HEAD", "OPTIONS"}
CHANGED = "the row changed since it was read: read it again"
UNQUOTED = f'{CHANGED}; or If-Match is no ETag, which has quotes: If-Match: "…"'


def authenticate(resource: Resource) -> Identity:
    """The caller by the Authorization header, unless its token was revoked.

    It has the groups of samples that are closed to it, which nearly always are none.
    A write looks in its own transaction, which saves round trips. Not on SQLite: there a
    transaction that writes blocks all others.
    """
    extensions = current_app.extensions
    identity = extensions["verifier"].identify(request.headers.get("Authorization", ""))

    def look_up() -> Identity:
        if request.method in SAFE:
            notes = extensions["revocations"].look_up(identity.tokenId)
        else:
            if db.engine.dialect.name != "sqlite":
                begin_write(_isolation(resource))
            notes = revocations.look_up(identity.tokenId)
        if identity.tokenId in notes:
            raise Unauthenticated("the token was revoked")
        return access_sharing.look_up(identity) if revocations.SHARING in notes else identity

    return run_first(look_up)


def _is_guarded_by_tag(resource: Resource) -> bool:
    """Whether the request has If-Match: it edits a row that has not changed since it was read."""
    return request.method != "POST" and hasattr(resource, "get") and "If-Match" in request.headers


def _isolation(resource: Resource) -> str:
    """The isolation level of a write: SERIALIZABLE for If-Match, so that rows it reads are locked.

    Else two edits with one ETag could both be committed.
    """
    return "SERIALIZABLE" if _is_guarded_by_tag(resource) else WRITING


def check_accept(kinds: Collection[str]) -> None:
    """Raise NotAcceptable unless the client accepts one of ``kinds``, the types of the answer."""
    accept = request.headers.get("Accept")
    if not accept or "*/*" in accept:  # werkzeug overlooks */* beside the q=.2 of Java
        return
    if request.accept_mimetypes.best_match(kinds) is None:
        raise NotAcceptable(f"Accept: this operation answers {' or '.join(kinds)}")


def choose_picture(kinds: Sequence[str]) -> str | None:
    """The media type of a picture among ``kinds`` that the client likes better than JSON."""
    kind = request.accept_mimetypes.best_match([JSON, *kinds])
    return None if kind == JSON else kind


def make_picture(picture: bytes, kind: str) -> Response:
    """The answer with a picture of that media type, and its ETag."""
    return set_content_tag(Response(picture, mimetype=kind))


def make_response(body: Any, status: HTTPStatus, secret: bool) -> Response:
    """The answer with ``body`` as JSON and its ETag; a ``secret`` one is not to be cached."""
    if isinstance(body, Response):
        return body
    data = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
    sent = {"Cache-Control": "no-store"} if secret else {"ETag": _tag(data)}
    return Response(data, int(status), sent, content_type="application/json")


def set_content_tag(answer: Response) -> Response:
    """Set the ETag of ``answer`` to a hash of its body."""
    answer.headers["ETag"] = _tag(answer.get_data())
    return answer


def _tag(data: bytes) -> str:
    return f'"{blake2b(data, digest_size=12).hexdigest()}"'


def make_conditional(answer: Response) -> Response:
    """``answer`` to a GET, or 304 or 412 if a header asks for one."""
    if any(name in request.environ for name in CONDITIONS):
        answer.make_conditional(request)
    return answer


def run_write(resource: Resource, work: Callable, path: dict, secret: bool) -> Response:
    """Do ``work`` in one transaction, with idempotency key, If-Match and audit trail.

    If the connection is lost during COMMIT, the audit trail shows whether that succeeded.
    """
    context, guarded_by_tag = request_context.current(), _is_guarded_by_tag(resource)
    identity = context.identity
    key = idempotency.stored_key(identity, context.idempotency_key)
    done: dict[int, Response] = {}  # by the key of its line in the audit trail

    def run():
        done.clear()
        if (answer := idempotency.take(key, context.idempotency_key)) is not None:
            return answer
        if guarded_by_tag and not request.if_match.contains(_get_tag(resource, path)):
            raise Stale(CHANGED if '"' in request.headers["If-Match"] else UNQUOTED)
        try:
            if request.method == "PUT":
                _check_read_only(resource, path)
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
    except Conflict as error:
        raise explain_conflict(error, identity) from error.__cause__
    except DBAPIError as error:
        for line, answer in done.items() if error.connection_invalidated else ():
            if audit.is_stored(context, line):
                return answer
        raise


def _read_row(resource: Any, path: dict) -> Response:
    """The row as its GET shows it to the caller; the query of the edit is ignored."""
    context = request_context.current()
    context.reads_row = True
    try:
        return resource.get(**path)
    finally:
        context.reads_row = False


def _get_tag(resource: Resource, path: dict) -> str:
    """The present ETag of the row."""
    return _read_row(resource, path).get_etag()[0] or ""


def _check_read_only(resource: Resource, path: dict) -> None:
    """Raise BadInput if a read-only member of the body differs from that of the row's GET.

    Computed values are no part of the row: its children may have changed since the GET.
    """
    sent, stored = request_context.current().read_only, {}
    sent = {name: value for name, value in sent.items() if name != COMPUTED}
    if not sent:
        return
    if hasattr(resource, "get"):
        try:
            stored = _read_row(resource, path).get_json()
        except NotFound:  # the edit creates the row, or is refused
            pass
    faults = {n: [DIFFERS] for n, v in sent.items() if n not in stored or stored[n] != v}
    if faults:
        raise BadInput("invalid input", faults)


def load_body(schema: Schema, large: int, also: Mapping) -> dict:
    """Load the body, and note the names of its fields for the audit trail."""
    raw = request_bodies.as_json(large, also)
    names = ",".join(raw) if isinstance(raw, dict) else None
    context = request_context.current()
    context.field_names = names
    if request.method in ("POST", "PUT") and schema.unknown == RAISE:
        raw, context.read_only = _split(schema, raw)
    return _load(schema, raw)


def _split(schema: Schema, raw: Any) -> tuple[Any, dict]:
    """``raw`` without its read-only members, and these: so a client may send what GET answered.

    Read-only are the members that answers have and bodies have not. Those in nested objects are
    dropped.
    """
    if not isinstance(raw, dict):
        return raw, {}
    names = schema.dump_fields.keys() - schema.load_fields.keys()
    written = {name: value for name, value in raw.items() if name not in names}
    for name, field in schema.load_fields.items():
        if isinstance(field, fields.Nested) and (below := written.get(name)):
            if not field.many:
                written[name] = _split(field.schema, below)[0]
            elif isinstance(below, list):
                written[name] = [_split(field.schema, each)[0] for each in below]
    return written, {name: raw[name] for name in raw.keys() - written.keys()}


def _load(schema: Schema, raw: Any, narrow: bool = False) -> dict:
    """Load ``raw``, or raise BadInput: a ValidationError elsewhere is a bug, not a 422.

    With ``narrow`` the other fields of ``schema`` are not looked at.
    """
    try:
        present = _with_present_names(schema, raw)
        loader = _narrowed(schema, frozenset(present)) if narrow else schema
        return loader.load(present)
    except ValidationError as error:
        reasons = explain_unknown(schema, error.normalized_messages())
        raise BadInput("invalid input", reasons) from error


@lru_cache(1024)
def _narrowed(schema: Schema, names: frozenset[str]) -> Schema:
    """``schema`` with the fields ``names`` and those that have a value if they are not sent.

    A list has dozens of parameters, of which a request sends a few. For an unknown name it is
    the whole schema, which refuses it.
    """
    if not names <= schema.load_fields.keys():
        return schema
    narrowed = copy(schema)
    narrowed.load_fields = {
        name: field
        for name, field in schema.load_fields.items()
        if name in names or field.required or field.load_default is not missing
    }
    return narrowed


def _with_present_names(schema: Schema, raw: Any) -> Any:
    """``raw`` with the names that its fields have now: see ``TableSchema.former``."""
    former = getattr(schema, "former", {})
    if not isinstance(raw, dict) or not former.keys() & raw.keys():
        return raw
    if twice := {former[name] for name in former.keys() & raw.keys()} & raw.keys():
        raise ValidationError({name: ["Is there by its former name too."] for name in twice})
    return {former.get(name, name): value for name, value in raw.items()}


def load_query(schema: Schema) -> dict:
    """Load the query; a list may be sent in parts: ``fields=a&fields=b`` is ``fields=a,b``."""
    context = request_context.current()
    sent = {} if context.reads_row else request.args.to_dict(flat=False)
    if context.by_link:
        sent.pop(one_time_links.PARAMETER, None)
    repeated = {name for name, values in sent.items() if len(values) > 1} & schema.fields.keys()
    if single := {n for n in repeated if not isinstance(schema.fields[n], fields.List)}:
        raise BadInput("invalid input", {name: ["Sent twice: send it once."] for name in single})
    query: dict[str, Any] = {name: ",".join(values) for name, values in sent.items()}
    if "X-Fields" in request.headers and not context.reads_row:
        try:
            query["fields"] = ",".join(_paths(Mask(request.headers["X-Fields"])))
        except (ParseError, RecursionError) as error:
            raise bad_field("X-Fields", str(error)) from error
    return _load(schema, query, narrow=True)


def _paths(mask: Mask, above: str = "") -> Iterator[str]:
    """The dotted paths of a mask: ``{a,B{c}}`` is a and B.c."""
    for name, below in mask.items():
        if isinstance(below, Mask):
            yield from _paths(below, f"{above}{name}.")
        else:
            yield above + name
