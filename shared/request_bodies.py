"""Request bodies: JSON, arrays and NDJSON of rows, plain or compressed by gzip, within limits.

Each operation has limits of bytes, JSON signs and JSON objects, all checked before parsing: ``[]``
has 2 bytes, and 60 after parsing; ``{}`` may be a row with many faults.
"""

import gzip
import zlib
from collections.abc import Callable, Mapping
from http import HTTPStatus
from io import BytesIO
from types import MappingProxyType
from typing import Any

import orjson
from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from shared import app_context
from shared.batches import Batch
from shared.columnar import Columns
from shared.errors import Malformed, TooLarge

NDJSON = "application/x-ndjson"
DEEPEST = 50
SMALL = 256 * 2**10  # bytes
SIGNS = b",[{:"  # there is one of these for each value, key, array and object
SMALL_SIGNS, SMALL_OBJECTS = 20_000, 1000
LARGE_SIGNS, LARGE_OBJECTS = 200_000, 10_000
COLUMNS_SIGNS = 500_000  # numbers cost less than objects
SIGNS_PER_ROW = 50  # of a batch
MOST_MEMBERS = 1000  # of a gzip file: each costs time, even an empty one


def as_json(
    large: int, readers: Mapping[str, Callable[[bytes], Any]] = MappingProxyType({})
) -> Any:
    """The JSON of the body, or the document from the reader of its media type.

    Raises 400 if it is not JSON, 413, or 415.
    """
    if request.mimetype in readers:
        return readers[request.mimetype](_body(large))
    if not request.is_json:
        kinds = " or ".join(["application/json", *readers])
        raise UnsupportedMediaType(f"send Content-Type: {kinds}")
    body = _body(large)
    most = (LARGE_SIGNS * large, LARGE_OBJECTS * large) if large else (SMALL_SIGNS, SMALL_OBJECTS)
    _check_parts(body, *most)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error}") from None
    if _is_deep(document):
        raise Malformed(f"nested deeper than {DEEPEST} levels")
    return document


def rows(batch: Batch) -> list[dict]:
    """The rows of a JSON array, or of NDJSON, which has one object a line."""
    body, most = _body(large=True), app_context.site()["limits"]["batch_rows"]
    signs = max(SMALL_SIGNS, SIGNS_PER_ROW * most)
    if request.mimetype == NDJSON:
        _check_parts(body, signs, 2 * most, SIGNS + b"\r\n")
        body = b"[" + b",".join(line for line in body.splitlines() if line.strip()) + b"]"
    elif not request.is_json:
        raise UnsupportedMediaType(f"send Content-Type: application/json or {NDJSON}")
    _check_parts(body, signs, 2 * most)
    return batch.load(body, most)


def columns(stream: Columns) -> dict:
    """The columns of a JSON document."""
    if not request.is_json:
        raise UnsupportedMediaType("send Content-Type: application/json")
    body = _body(large=True)
    _check_parts(body, COLUMNS_SIGNS, SMALL_OBJECTS)
    return stream.load(body)


def described(large: int) -> str:
    """The limits of an operation, for its documentation."""
    most = "limits.body_megabytes of the site" if large else f"{SMALL // 2**10} kB"
    return f"{HTTPStatus.REQUEST_ENTITY_TOO_LARGE.phrase}: more than {most}, or too many values"


def _body(large: int) -> bytes:
    """The decoded body; TooLarge for more bytes than the operation takes."""
    most = _most(large)
    request.max_content_length = most
    length = request.content_length
    if length is not None and length > most:  # refused unread
        raise _too_large(most)
    body = request.get_data()
    if length is None and len(body) >= most:  # sent in chunks, and cut
        raise _too_large(most)
    if length is not None and len(body) < length:  # the connection was lost on the way
        raise Malformed(f"{len(body)} bytes, of {length} that Content-Length promises")
    encoding = (request.content_encoding or "identity").lower()
    if encoding == "identity":
        return body
    if not large:
        raise UnsupportedMediaType("send no Content-Encoding: this operation takes none")
    if encoding != "gzip":
        raise UnsupportedMediaType("send Content-Encoding: gzip, or none")
    return _unpacked(body, most)


def _unpacked(body: bytes, most: int) -> bytes:
    if body.count(b"\x1f\x8b\x08") > MOST_MEMBERS:
        raise TooLarge(f"more than {MOST_MEMBERS} gzip members")
    try:
        content = gzip.open(BytesIO(body)).read(most + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise Malformed(f"not gzip: {error}") from None
    if len(content) > most:
        raise TooLarge(f"inflates to more than {most} bytes")
    return content


def _most(large: int) -> int:
    """The bytes of the largest body, compressed or not."""
    return app_context.site()["limits"]["body_megabytes"] * 2**20 if large else SMALL


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"the body is too large: this operation takes at most {most} bytes")


def _check_parts(body: bytes, signs: int, objects: int, counted: bytes = SIGNS) -> None:
    """Raise TooLarge for too many JSON signs or objects; signs in texts count too."""
    if len(body) - len(body.translate(None, counted)) > signs:
        listed = " ".join(SIGNS.decode())
        raise TooLarge(f"the body holds more than {signs} of the JSON signs {listed}")
    if body.count(b"{") > objects:
        raise TooLarge(f"the body holds more than {objects} JSON objects")


def _is_deep(document: Any) -> bool:
    """Whether the recursion of what walks through ``found`` would go too deep."""
    path = [iter((document,))]
    while path:
        for each in path[-1]:
            if isinstance(each, dict | list):
                path.append(iter(each.values() if isinstance(each, dict) else each))
                break
        else:
            path.pop()
        if len(path) > DEEPEST + 1:
            return True
    return False
