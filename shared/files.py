"""Files of the site for those who may read them: as they are, in parts, or many in one zip.

A file is named by the database, where a client wrote its path: nothing is read that is not a
regular file below one of the site's file roots, wherever links may lead: see shared.file_roots.
"""

import errno
import logging
import mimetypes
import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import PurePath
from typing import IO, Any, cast
from urllib.parse import quote

from flask import Response, request
from werkzeug.http import parse_range_header
from werkzeug.wsgi import FileWrapper
from zipstream import ZipStream

from shared.errors import NotFound, Stale, TooLarge, Unavailable
from shared.file_roots import tops
from shared.log import LOGGER

BLOCK = 2**16
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
REGULAR = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe would wait
LOGS = (".log", ".lp", ".out", ".inp")
ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
FORBIDDEN = (errno.EACCES, errno.EPERM)
SHOWN = ("image/", "text/", "application/json", "application/pdf")  # in the browser's window
HEADERS = {
    # a report runs no script and loads nothing from elsewhere
    "Content-Security-Policy": "sandbox; default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",  # the address may hold the token of a link
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
    if isinstance(found, Archive):
        return _archive(found)
    file = _open(found, tops(found))
    try:
        body: Any = FileWrapper(cast(IO[bytes], file), BLOCK)
        response = _response(body, *_named(str(found)), download)
        response.content_length = file.size
        response.last_modified = file.changed
        response.set_etag(file.tag)
        response.make_conditional(request)
        if response.status_code == HTTPStatus.PRECONDITION_FAILED:
            raise Stale("the file changed since it was read")
        if response.status_code == HTTPStatus.OK and _is_one_range(file.size):
            response.make_conditional(request, True, file.size)
    except BaseException:
        file.close()
        raise
    response.accept_ranges = "bytes"
    return response


def content(path: str, most: int) -> bytes:
    """What is in a file, to be stored; TooLarge beyond ``most`` bytes, NotFound as above."""
    with closing(_open(path, tops(path))) as file:
        if file.size > most:
            raise TooLarge(f"a file of more than {most} bytes")
        return file.read(most)


class _File:
    """A file as long as it was when it was opened: one that still grows ends there.

    One that gets shorter meanwhile is an error, which ends the connection: its length is out.
    """

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
        """``most`` bytes from here, fewer at the end."""
        most = max(0, min(most, self.size - self.tell()))
        block = self._raw.read(most)
        if len(block) < most:
            raise RuntimeError("the file got shorter while it was sent")
        return block


def _open(path: str | None, roots: Iterable[str]) -> _File:
    """The regular file at ``path``, below one of ``roots``; else NotFound.

    Unavailable if the file system fails, e.g. a server of files that does not answer.
    """
    for root in roots:
        try:
            return _File(os.fdopen(_below(os.path.realpath(root), path or ""), "rb"))
        except ValueError:
            continue
        except OSError as error:
            _judge(error)
    raise NotFound("file not found")


def _judge(error: OSError) -> None:
    """Raise Unavailable unless the file is absent, or closed to the user of this process."""
    if error.errno in FORBIDDEN:
        logging.getLogger(LOGGER).warning("file: the service may not read it: %s", error)
    elif error.errno not in ABSENT:
        logging.getLogger(LOGGER).error("file: %s", error)
        raise Unavailable("the file cannot be read at the moment", retry_after=10) from error


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


def _archive(found: Archive) -> Response:
    """A zip that is made while it is sent; its length is known before."""
    sizes, roots = {}, {path: tops(path) for path in found.paths}
    for path in roots:
        try:
            file = _open(path, roots[path])
        except NotFound:
            continue
        sizes[path] = file.size
        file.close()
    if not sizes:
        raise NotFound("file not found")
    top = os.path.commonpath([os.path.dirname(path) for path in sizes])
    members = {os.path.relpath(path, top): path for path in sizes}  # of two spellings one
    zipped = ZipStream(sized=True)
    for name, path in members.items():
        zipped.add(_blocks(path, sizes[path], roots[path]), name, size=sizes[path])
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
    response.headers.set(
        "Content-Disposition", "inline" if shown else "attachment", **_spelt(name)
    )
    return response


def _spelt(name: str) -> dict[str, str]:
    """A file's name in ASCII, as a header is; if it is another, also as browsers read that."""
    if name.isascii():
        return {"filename": name}
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}


def _named(path: str) -> tuple[str, str]:
    """The media type of a file, and its name without what a header must not have."""
    last = os.path.basename(os.path.normpath(path))
    name = "".join(sign if sign.isprintable() else "_" for sign in last)
    kind, packed = mimetypes.guess_type(name)
    if name.lower().endswith(LOGS):
        kind = "text/plain"
    return "application/octet-stream" if packed or not kind else kind, name


def _is_one_range(size: int) -> bool:
    """Several parts at once, an end longer than all, and what is no range, get the whole."""
    found = parse_range_header(request.headers.get("Range"))
    if found is None or found.units != "bytes" or len(found.ranges) != 1:
        return False
    start, _ = found.ranges[0]
    return start is None or start >= -size
