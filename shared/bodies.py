"""What clients send: JSON, arrays and NDJSON of rows, packed by gzip or not, within limits."""

import gzip
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from types import MappingProxyType
from typing import Any

import orjson
from flask import current_app, request
from werkzeug.exceptions import UnsupportedMediaType

from shared.columns import Columns
from shared.errors import Malformed, TooLarge
from shared.write import Batch

NDJSON = "application/x-ndjson"
DEEPEST = 50


def as_json(readers: Mapping[str, Callable[[bytes], Any]] = MappingProxyType({})) -> Any:
    """The JSON of the body, or what the reader of its media type makes of it.

    Raises 400 for what is not JSON, 413, or 415.
    """
    if request.mimetype in readers:
        return readers[request.mimetype](_unpacked())
    if not request.is_json:
        kinds = " or ".join(["application/json", *readers])
        raise UnsupportedMediaType(f"send Content-Type: {kinds}")
    try:
        found = orjson.loads(_unpacked())
    except orjson.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error}") from None
    if _is_deep(found):
        raise Malformed(f"nested deeper than {DEEPEST} levels")
    return found


def rows(batch: Batch) -> list[dict]:
    """The rows of a JSON array, or of NDJSON, which has one object a line."""
    body = _unpacked()
    if request.mimetype == NDJSON:
        body = b"[" + b",".join(line for line in body.splitlines() if line.strip()) + b"]"
    elif not request.is_json:
        raise UnsupportedMediaType(f"send Content-Type: application/json or {NDJSON}")
    found, most = batch.load(body), current_app.config["SITE"]["limits"]["batch_rows"]
    if len(found) > most:
        raise TooLarge(f"more than {most} rows")
    return found


def columns(stream: Columns) -> dict:
    """The columns of a JSON document."""
    if not request.is_json:
        raise UnsupportedMediaType("send Content-Type: application/json")
    return stream.load(_unpacked())


def _is_deep(found: Any) -> bool:
    """Whether there is more below than what walks through it can bear."""
    level = [found]
    for _ in range(DEEPEST):
        level = [
            below
            for each in level
            if isinstance(each, dict | list)
            for below in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


def _unpacked() -> bytes:
    body, most = request.get_data(), current_app.config["MAX_CONTENT_LENGTH"]
    length = request.content_length
    if length is None and len(body) >= most:  # sent in pieces, and cut
        raise TooLarge(f"more than {most} bytes")
    if length is not None and len(body) < length:  # the connection was lost on the way
        raise Malformed(f"{len(body)} bytes, of {length} that Content-Length promises")
    encoding = (request.content_encoding or "identity").lower()
    if encoding == "gzip":
        try:
            body = gzip.open(BytesIO(body)).read(most + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise Malformed(f"not gzip: {error}") from None
        if len(body) > most:
            raise TooLarge(f"inflates to more than {most} bytes")
    elif encoding != "identity":
        raise UnsupportedMediaType("Content-Encoding: gzip or none")
    return body
