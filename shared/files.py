"""Files of the site for those who may read them: as they are, in parts, or many in one zip.

A file is named by the database, where a client wrote its path: nothing is read that is not a
regular file below one of the site's file roots, wherever links may lead.
"""

import mimetypes
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import PurePath
from typing import IO, Any, cast

from flask import Response, current_app, request
from werkzeug.http import parse_range_header
from werkzeug.wsgi import FileWrapper
from zipstream import ZipStream

from shared.errors import NotFound, Stale

BLOCK = 2**16
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
REGULAR = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe would wait
LOGS = (".log", ".lp", ".out", ".inp")
SHOWN = ("image/", "text/", "application/json", "application/pdf")  # in the browser's window
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox",  # a report is nobody's script
    "Cache-Control": "private, no-cache",
}


@dataclass(frozen=True)
class Archive:
    """Files that go out as one zip called ``name``; what is not there of them is left out."""

    name: str
    paths: Iterable[str]


def answer(found: str | None | Archive, download: bool = False) -> Response:
    """Send the file at a path, or an archive; NotFound if there is nothing to be read.

    With ``download`` a browser is told to keep the file, not to show it.
    """
    roots = current_app.config["SITE"]["file_roots"]
    if isinstance(found, Archive):
        return _archive(found, roots)
    file = _open(found, roots)
    try:
        body: Any = FileWrapper(cast(IO[bytes], file), BLOCK)
        response = _response(body, *_named(str(found)), download)
        response.content_length = file.size
        response.last_modified = file.changed
        response.set_etag(file.tag)
        response.make_conditional(request, _is_one_range(), file.size)
        if response.status_code == HTTPStatus.PRECONDITION_FAILED:
            raise Stale("the file changed since it was read")
    except BaseException:
        file.close()
        raise
    response.accept_ranges = "bytes"
    return response


class _File:
    """A file as long as it was when it was opened: one that still grows ends there."""

    def __init__(self, raw: IO[bytes]):
        found = os.fstat(raw.fileno())
        self.size, self.changed = found.st_size, datetime.fromtimestamp(found.st_mtime, UTC)
        self.tag = f"{found.st_ino:x}-{found.st_size:x}-{found.st_mtime_ns:x}"
        self._raw = raw
        self.seek, self.tell, self.close = raw.seek, raw.tell, raw.close

    def seekable(self) -> bool:
        """It is: a part is read without what stands before it."""
        return True

    def read(self, most: int) -> bytes:
        """Up to ``most`` bytes from here."""
        return self._raw.read(max(0, min(most, self.size - self.tell())))


def _open(path: str | None, roots: Iterable[str]) -> _File:
    """The regular file at ``path``, below one of ``roots``; else NotFound, whatever is wrong."""
    for root in roots:
        try:
            return _File(os.fdopen(_below(os.path.realpath(root), path or ""), "rb"))
        except (OSError, ValueError):
            continue
    raise NotFound("file not found")


def _below(root: str, path: str) -> int:
    """Open a regular file by its real path: on the way down from ``root`` no link is followed."""
    if not os.path.isabs(path) or ".." in path.split("/"):
        raise ValueError("not the path of a file")
    *folders, name = PurePath(os.path.realpath(path, strict=True)).relative_to(root).parts
    here = os.open(root, DIRECTORY)
    try:
        for folder in folders:
            above, here = here, os.open(folder, DIRECTORY, dir_fd=here)
            os.close(above)
        _check(os.stat(name, dir_fd=here, follow_symlinks=False))
        there = os.open(name, REGULAR, dir_fd=here)
    finally:
        os.close(here)
    try:
        _check(os.fstat(there))
    except ValueError:
        os.close(there)
        raise
    return there


def _check(found: os.stat_result) -> None:
    """Devices, pipes and folders are not even opened."""
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("not a regular file")


def _archive(found: Archive, roots: list[str]) -> Response:
    """A zip that is made while it is sent; its length is known before."""
    sizes = {}
    for path in found.paths:
        try:
            file = _open(path, roots)
        except NotFound:
            continue
        sizes[path] = file.size
        file.close()
    if not sizes:
        raise NotFound("file not found")
    top = os.path.commonpath([os.path.dirname(path) for path in sizes])
    zipped = ZipStream(sized=True)
    for path, size in sizes.items():
        zipped.add(_blocks(path, size, roots), os.path.relpath(path, top), size=size)
    response = _response(iter(zipped), "application/zip", found.name, True)
    response.content_length = len(zipped)
    return response


def _blocks(path: str, size: int, roots: list[str]) -> Iterator[bytes]:
    """The first ``size`` bytes of a file, which is opened when they are asked for."""
    with closing(_open(path, roots)) as file:
        while block := file.read(min(BLOCK, size)):
            size -= len(block)
            yield block


def _response(body: Iterator[bytes], kind: str, name: str, download: bool) -> Response:
    """``body`` with what browsers are told of it."""
    response = Response(body, mimetype=kind, headers=HEADERS, direct_passthrough=True)
    shown = kind.startswith(SHOWN) and not download
    response.headers.set("Content-Disposition", "inline" if shown else "attachment", filename=name)
    return response


def _named(path: str) -> tuple[str, str]:
    """The media type of a file, and its name without what a header must not have."""
    name = "".join(sign if sign.isprintable() else "_" for sign in os.path.basename(path))
    kind, packed = mimetypes.guess_type(name)
    if name.lower().endswith(LOGS):
        kind = "text/plain"
    return "application/octet-stream" if packed or not kind else kind, name


def _is_one_range() -> bool:
    """Several parts at once, and what is no range, are answered with the whole."""
    found = parse_range_header(request.headers.get("Range"))
    return found is not None and found.units == "bytes" and len(found.ranges) == 1
