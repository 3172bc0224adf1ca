"""Answers with files: those of the site, whole, in parts or many in one zip, and made ones.

The paths come from the database, where clients wrote them: only regular files below the file
roots of the site are read, wherever links lead (see shared.file_roots).
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
from hashlib import blake2b
from http import HTTPStatus
from io import BytesIO
from pathlib import PurePath
from typing import IO, Any, cast
from urllib.parse import quote

from flask import Response, request
from marshmallow import Schema, fields
from werkzeug.http import parse_range_header
from werkzeug.wsgi import FileWrapper
from zipstream import ZipStream

from shared.errors import NotFound, Stale, TooLarge, Unavailable
from shared.file_roots import FileRoots
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


class FileQuery(Schema):
    """The options of a file: whether a browser shows it or stores it."""

    download = fields.Boolean(
        load_default=False, metadata={"description": "keep it, also where it could be shown"}
    )


@dataclass(frozen=True)
class Archive:
    """Files that are sent as one zip called ``name``, without those that are absent."""

    name: str
    paths: Iterable[str]


@dataclass(frozen=True)
class Document:
    """A file called ``name`` that the service made; its ETag is a hash of its bytes."""

    name: str
    content: bytes


def answer(
    content: str | None | Archive | Document, roots: FileRoots, download: bool = False
) -> Response:
    """Send the file at a path, an archive or a document; NotFound if there is nothing to be read.

    With ``download`` a browser is told to keep the file, not to show it.
    """
    if isinstance(content, Archive):
        return _archive(content, roots)
    file: File | _MadeFile
    if isinstance(content, Document):
        name, file = content.name, _MadeFile(content.content)
    else:
        name, file = str(content), _open(content, roots.above(content))
    try:
        body: Any = FileWrapper(cast(IO[bytes], file), BLOCK)
        response = _response(body, *_named(name), download)
        response.content_length = file.size
        if isinstance(file, File):
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


def send(file: IO[bytes], kind: str, name: str) -> Response:
    """Send a written temporary file of the media type ``kind``, to be saved as ``name``."""
    size = file.tell()
    file.seek(0)
    body: Any = FileWrapper(file, BLOCK)
    response = _response(body, kind, name, True)
    response.content_length = size
    return response


def read_bytes(path: str, roots: FileRoots, most: int) -> bytes:
    """The bytes of a file; TooLarge for more than ``most``, NotFound as for ``answer``."""
    with closing(open_file(path, roots)) as file:
        return file.read_all(most)


def open_file(path: str, roots: FileRoots) -> "File":
    """The file at ``path``, to be closed; NotFound as for ``answer``."""
    return _open(path, roots.above(path))


class File:
    """A file with the length that it had when it was opened, even if it grows meanwhile.

    If it gets shorter, reading raises and the connection ends: the length was already sent.
    """

    def __init__(self, raw: IO[bytes]):
        status = os.fstat(raw.fileno())
        self.size, self.changed = status.st_size, datetime.fromtimestamp(status.st_mtime, UTC)
        self.tag = f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"
        self._raw = raw
        self.seek, self.tell, self.close = raw.seek, raw.tell, raw.close

    def seekable(self) -> bool:
        """True: a part is read without the bytes before it."""
        return True

    def read(self, most: int) -> bytes:
        """The next ``most`` bytes, fewer at the end."""
        most = max(0, min(most, self.size - self.tell()))
        block = self._raw.read(most)
        if len(block) < most:
            raise RuntimeError("the file got shorter while it was sent")
        return block

    def read_all(self, most: int) -> bytes:
        """All bytes; TooLarge for more than ``most``."""
        if self.size > most:
            raise TooLarge(f"a file of more than {most} bytes")
        return self.read(most)


class _MadeFile(BytesIO):
    """The bytes of a document, with the attributes of a file."""

    def __init__(self, content: bytes):
        super().__init__(content)
        self.size, self.tag = len(content), blake2b(content, digest_size=12).hexdigest()


def _open(path: str | None, roots: Iterable[str]) -> File:
    """The regular file at ``path``, below one of ``roots``; else NotFound.

    Unavailable if the file system fails, e.g. if a file server does not answer.
    """
    for root in roots:
        try:
            return File(os.fdopen(_below(os.path.realpath(root), path or ""), "rb"))
        except ValueError:
            continue
        except OSError as error:
            _check_absent(error)
    raise NotFound("file not found")


def _check_absent(error: OSError) -> None:
    """Raise Unavailable unless the file is absent, or not readable by the user of this process."""
    if error.errno in FORBIDDEN:
        logging.getLogger(LOGGER).warning("file: the service may not read it: %s", error)
    elif error.errno not in ABSENT:
        logging.getLogger(LOGGER).error("file: %s", error)
        raise Unavailable("the file cannot be read at the moment", retry_after=10) from error


def _below(root: str, path: str) -> int:
    """Open a regular file by its real path, without following links between ``root`` and it."""
    if not os.path.isabs(path) or ".." in path.split("/"):
        raise ValueError("not the path of a file")
    *folders, name = PurePath(os.path.realpath(path, strict=True)).relative_to(root).parts
    directory = os.open(root, DIRECTORY)
    try:
        for folder in folders:
            parent, directory = directory, os.open(folder, DIRECTORY, dir_fd=directory)
            os.close(parent)
        _check_regular(os.stat(name, dir_fd=directory, follow_symlinks=False))
        file = os.open(name, REGULAR, dir_fd=directory)
    finally:
        os.close(directory)
    try:
        _check_regular(os.fstat(file))
    except ValueError:
        os.close(file)
        raise
    return file


def _check_regular(status: os.stat_result) -> None:
    """Raise ValueError for devices, pipes and folders: opening some of them has effects."""
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("not a regular file")


def _archive(archive: Archive, roots: FileRoots) -> Response:
    """A zip that is made while it is sent; its length is computed before."""
    sizes, folders = {}, {path: roots.above(path) for path in archive.paths}
    for path in folders:
        try:
            file = _open(path, folders[path])
        except NotFound:
            continue
        sizes[path] = file.size
        file.close()
    if not sizes:
        raise NotFound("file not found")
    top = os.path.commonpath([os.path.dirname(path) for path in sizes])
    members = {
        os.path.relpath(path, top): path for path in sizes
    }  # one of two spellings of a path
    zipped = ZipStream(sized=True)
    for name, path in members.items():
        zipped.add(_blocks(path, sizes[path], folders[path]), name, size=sizes[path])
    response = _response(iter(zipped), "application/zip", archive.name, True)
    response.content_length = len(zipped)
    return response


def _blocks(path: str, size: int, folders: list[str]) -> Iterator[bytes]:
    """The first ``size`` bytes of a file, which is opened when the first block is read."""
    with closing(_open(path, folders)) as file:
        while block := file.read(min(BLOCK, size)):
            size -= len(block)
            yield block


def _response(body: Iterator[bytes], kind: str, name: str, download: bool) -> Response:
    """``body`` with the headers for browsers."""
    response = Response(body, mimetype=kind, headers=HEADERS, direct_passthrough=True)
    inline = kind.startswith(SHOWN) and not download
    response.headers.set(
        "Content-Disposition", "inline" if inline else "attachment", **_file_name(name)
    )
    return response


def _file_name(name: str) -> dict[str, str]:
    """A file's name for Content-Disposition: in ASCII, and in UTF-8 if that differs (RFC 6266)."""
    if name.isascii():
        return {"filename": name}
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}


def _named(path: str) -> tuple[str, str]:
    """The media type of a file, and its name with ``_`` for signs that no header may have."""
    last = os.path.basename(os.path.normpath(path))
    name = "".join(sign if sign.isprintable() else "_" for sign in last)
    kind, packed = mimetypes.guess_type(name)
    if name.lower().endswith(LOGS):
        kind = "text/plain"
    return "application/octet-stream" if packed or not kind else kind, name


def _is_one_range(size: int) -> bool:
    """Whether a single range of the file is asked for.

    Several ranges, a last part longer than the file, and an invalid header get the whole file.
    """
    header = parse_range_header(request.headers.get("Range"))
    if header is None or header.units != "bytes" or len(header.ranges) != 1:
        return False
    start, _ = header.ranges[0]
    return start is None or start >= -size
