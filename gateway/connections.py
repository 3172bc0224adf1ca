"""Connections that collect a request in memory until all of it has arrived.

A thread gets a request when its head and its body have arrived, so no thread waits for the bytes
of a client. Gunicorn parses the head, and thereby decides where the body ends.
"""

import errno
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gunicorn.http.body import LengthReader
from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.http.message import Request
from gunicorn.http.unreader import Unreader
from gunicorn.workers.gthread import TConn

PIECE_BYTES = 2**16  # read from the socket, or given to the parser, at once
HEAD_BYTES = 2**16
LINE_BYTES = 8190  # the size line of a chunk
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?")
HEAD_END = b"\r\n\r\n"


class ClientSocket(socket.socket):
    """A socket whose sends fail if the client reads nothing during the timeout.

    Plain ``sendall`` limits the whole time, so that it would cut off a slow client.
    """

    def sendall(self, data, flags=0, /) -> None:
        """Send all of ``data``; raise ``BrokenPipeError`` if the client reads nothing."""
        rest = memoryview(data)
        with _broken_when_late():
            while rest:
                rest = rest[self.send(rest, flags) :]

    def sendfile(self, *args, **kwargs) -> int:
        """Send a file; raise ``BrokenPipeError`` if the client reads nothing."""
        with _broken_when_late():
            return super().sendfile(*args, **kwargs)


@contextmanager
def _broken_when_late() -> Iterator[None]:
    """Raise BrokenPipeError for a timeout: gunicorn logs all other errors of a connection."""
    try:
        yield
    except (BlockingIOError, TimeoutError):
        raise BrokenPipeError(errno.EPIPE, "the client reads nothing") from None


class _Bytes(Unreader):
    """The bytes of one request for gunicorn's parser, then the end of the stream."""

    def __init__(self, data: bytearray, end: int):
        super().__init__()
        self.end = end
        self._data = data
        self._position = 0

    def chunk(self, size_hint=None) -> bytes:
        start, stop = self._position, min(self._position + PIECE_BYTES, self.end)
        self._position = max(start, stop)
        return bytes(self._data[start:stop])


class Connection(TConn):
    """A connection and the arriving request; for gunicorn it is also the parser.

    ``since`` is the start of the request, ``None`` between two requests; ``deadline`` is the time
    at which the connection is closed if its client is too slow.
    """

    def __init__(self, cfg, sock: socket.socket, client, server, body_bytes: int):
        """``body_bytes`` is the largest body that any operation takes."""
        super().__init__(cfg, sock, client, server)
        self.initialized = True  # gunicorn would read the socket in a thread
        self.parser = self
        self.data = bytearray()
        self.request: Any = None  # of gunicorn, once the head has arrived
        self.since: float | None = None
        self.deadline = 0.0
        self.queued = 0.0
        self.inline = False
        self._body_bytes = body_bytes
        self._source = _Bytes(self.data, 0)
        self._line = 0  # where the size line of the next chunk starts
        self._whole = False

    def __next__(self) -> Request:
        """Return the request, to gunicorn."""
        return self.request

    def is_complete(self) -> bool:
        """Whether ``data`` begins with a whole request, or enough of it for a refusal.

        Raises gunicorn's errors about the head.
        """
        if self.request is None and not self._parse_head():
            return False
        start = self._source.end
        end = self._find_end(start)
        if end is not None and len(self.data) < end <= start + self._body_bytes:
            return False
        if end is None and len(self.data) <= start + 2 * self._body_bytes:  # with size lines
            return False
        self._whole = end is not None and start <= end <= len(self.data)
        self._source.end = end if end and self._whole else len(self.data)
        if not self._whole:
            self.request.force_close()  # the start of a next request is unknown
        return True

    def release(self) -> None:
        """Remove the answered request; the bytes behind it in ``data`` stay."""
        del self.data[: self._source.end]
        self.request, self.since = None, None

    def finish_body(self, deadline=None, max_bytes=None) -> bool:
        """Whether another request may follow: gunicorn and we agree about the end of the body."""
        body = self.request.body
        if not self._whole or body.failed:
            return False
        try:
            while body.read(PIECE_BYTES):
                pass
        except Exception:  # gunicorn's parser refuses the rest of the body
            return False
        return not self._source.read()

    def _parse_head(self) -> bool:
        start = (
            2 if self.data.startswith(b"\r\n") else 0
        )  # an empty line before the head is allowed
        end = self.data.find(HEAD_END, start, HEAD_BYTES)
        if end < 0:
            if len(self.data) >= HEAD_BYTES:
                raise LimitRequestHeaders(f"the head has more than {HEAD_BYTES} bytes")
            if self.data.count(b"\n") == self.data.count(b"\r\n"):
                return False
            end = len(self.data)  # a line without CR is a fault: the parser names it
        self._source = _Bytes(self.data, min(end + len(HEAD_END), len(self.data)))
        self.request = Request(self.cfg, self._source, self.client)
        self._line = self._source.end
        return True

    def _find_end(self, start: int) -> int | None:
        """The end of the body from ``start``; None if unknown yet, -1 for malformed chunks."""
        reader = self.request.body.reader
        if isinstance(reader, LengthReader):
            return start + reader.length
        while True:
            stop = self.data.find(b"\r\n", self._line, self._line + LINE_BYTES)
            if stop < 0:
                return -1 if len(self.data) >= self._line + LINE_BYTES else None
            size = CHUNK_SIZE.fullmatch(self.data, self._line, stop)
            if size is None:
                return -1
            if int(size[1], 16) == 0:
                end = self.data.find(HEAD_END, stop, stop + HEAD_BYTES)
                if end < 0:
                    return -1 if len(self.data) >= stop + HEAD_BYTES else None
                return end + len(HEAD_END)
            after = stop + 2 + int(size[1], 16)
            if len(self.data) < after + 2:
                return None
            if self.data[after : after + 2] != b"\r\n":
                return -1
            self._line = after + 2
