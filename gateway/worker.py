"""A gunicorn worker whose main loop reads requests; only whole ones get a thread.

Differences to gunicorn's own ``gthread``:

* Heads and bodies are read without blocking. A client that is too slow is closed.
* The main loop answers ``/health``, even if all threads are busy.
* A slow kind of request does not occupy all threads: see ``gateway.bulkheads``.
* An ending worker accepts the connections that the kernel has queued for it, closes its listener
  at once, and keeps idle connections for a moment: requests that arrive on them are answered.
* A worker whose master process has ended ends too.
"""

import errno
import re
import selectors
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from http import HTTPStatus

from gunicorn import util
from gunicorn.http import wsgi
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import ThreadWorker

from gateway.bulkheads import Bulkheads, Kind, kind_of, refusal
from gateway.connections import PIECE_BYTES, ClientSocket, Connection
from shared.config import API_ROOT

CLIENT_SECONDS = 15  # for a client to send a request; more for a body that keeps coming:
BODY_BYTES_PER_SECOND = 100_000
SEND_SECONDS = 30  # in which a client must read some of its answer
PATIENCE_SECONDS = 5  # for a request whose kind occupies its share of the threads
LINGER_SECONDS = 0.5  # for idle connections of an ending worker
CLOSING_SECONDS = 2  # for a client to read the last answer and close
SWEEP_SECONDS = 0.1  # between two searches for expired connections
LARGE_BODIES = 8  # as many of the largest allowed size are collected at once
NOT_NOW = (errno.EAGAIN, errno.ECONNABORTED, errno.EMFILE, errno.ENFILE)
HEALTH = re.compile(rf"({API_ROOT}(/[a-z]+)?)?/health")


class Worker(ThreadWorker):
    """The worker of ``gateway.server``; ``app.body_bytes`` is the largest body of a request."""

    alive: bool

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._bulkheads = Bulkheads(self.cfg.threads)
        self._kinds: dict[Connection, Kind] = {}  # of the whole requests that have no thread yet
        self._reading: set[Connection] = set()
        self._closing: set[Connection] = set()
        self._next_sweep = 0.0

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """A pool with a thread for each request that the bulkheads admit."""
        return ThreadPoolExecutor(self._bulkheads.size)

    def handle_quit(self, sig, frame) -> None:
        """End at once.

        ``ThreadWorker`` first takes the lock of its pool. Ctrl-C and the master send two signals,
        and the second one could interrupt the first while it holds that lock.
        """
        super(ThreadWorker, self).handle_quit(sig, frame)

    def run(self) -> None:
        """Serve until a signal; then finish the accepted requests."""
        wake = self.method_queue
        self.poller.register(wake.fileno(), selectors.EVENT_READ, wake.run_callbacks)
        while self.alive:
            self.set_accept_enabled(self._has_room() or bool(self._reading))
            self._turn()
            if not self.is_parent_alive():
                self.alive = False
        self._stop_listening()
        end = time.monotonic() + self.cfg.graceful_timeout
        while self._reading or self._kinds or len(self._bulkheads):
            if time.monotonic() > end:
                self.log.warning("%s requests were cut off at the end", len(self._bulkheads))
                break
            self._turn()

    def _turn(self) -> None:
        """Handle events, queued requests and expired connections."""
        self.notify()
        self.wait_for_and_dispatch_events(0.1 if self._kinds or not self.alive else 0.5)
        self._start_queued()
        now = time.monotonic()
        if now > self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            for conn in [c for c in [*self._reading, *self._closing] if c.deadline < now]:
                self._expire(conn)

    # ---------------------------------------------------------------- connections

    def accept(self, listener) -> bool:
        """Take a connection; return whether there was one."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno == errno.EMFILE and self._reading:
                self._make_room()
            elif error.errno not in NOT_NOW:
                raise
            return False
        if not self._has_room() and self._reading:
            self._make_room()
        sock = ClientSocket(sock.family, sock.type, sock.proto, sock.detach())
        conn = Connection(self.cfg, sock, client, listener.getsockname(), self.app.body_bytes)
        conn.since = time.monotonic()
        self._watch(conn, CLIENT_SECONDS)
        self._receive(conn)
        return True

    def _has_room(self) -> bool:
        held = len(self._reading) + len(self._closing) + len(self._kinds) + len(self._bulkheads)
        return held < self.worker_connections

    def _make_room(self) -> None:
        self._drop(min(self._reading, key=lambda conn: conn.deadline))

    def _stop_listening(self) -> None:
        """Accept the queued connections of this worker, and close its listeners.

        Idle connections stay for a moment: their clients may be sending a request.
        """
        self.set_accept_enabled(False)
        for listener in self.sockets:
            listener.setblocking(False)
            while self.accept(listener):
                pass
            listener.close()
        last = time.monotonic() + LINGER_SECONDS
        for conn in self._reading:
            if not conn.data:
                conn.deadline = min(conn.deadline, last)

    def _watch(self, conn: Connection, seconds: float) -> None:
        """Read from the client, for at most so many seconds."""
        conn.deadline = time.monotonic() + seconds
        conn.sock.setblocking(False)
        self._reading.add(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._receive, conn))

    def _unwatch(self, conn: Connection) -> None:
        if conn in self._reading or conn in self._closing:
            self.poller.unregister(conn.sock)
        self._reading.discard(conn)
        self._closing.discard(conn)

    def _expire(self, conn: Connection) -> None:
        if conn in self._reading and not conn.data:
            self._receive(conn)  # a request that arrived since the last sweep
            if conn.data:
                return
        if conn in self._reading and conn.data:
            self._answer_error(conn, HTTPStatus.REQUEST_TIMEOUT, "the request came too slowly")
        else:
            self._drop(conn)

    def _receive(self, conn: Connection, _=None) -> None:
        try:
            data = conn.sock.recv(PIECE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(conn)
            return
        conn.data += data
        conn.since = conn.since or time.monotonic()
        sent = len(conn.data) / BODY_BYTES_PER_SECOND
        conn.deadline = conn.since + CLIENT_SECONDS + sent
        self._advance(conn)

    def _advance(self, conn: Connection) -> None:
        """Queue the request if it is complete."""
        try:
            complete = conn.is_complete()
        except (NoMoreData, StopIteration):
            self._drop(conn)
            return
        except Exception as error:  # gunicorn has many errors, and an answer for each
            self.handle_error(None, conn.sock, conn.client, error)
            self._close(conn)
            return
        request = conn.request
        if request is not None and request._expected_100_continue:
            request._expected_100_continue = False  # else gunicorn would send it again
            if not complete:
                self._send(conn, b"HTTP/1.1 100 Continue\r\n\r\n")
        if not complete:
            self._bound_memory()
            return
        self._unwatch(conn)
        if request.method in ("GET", "HEAD") and HEALTH.fullmatch(request.path):
            conn.inline = True
            keep = self.handle(conn)
            conn.inline = False
            self.method_queue.defer(self._resume, conn, keep)  # pipelined requests in later turns
        else:
            conn.queued = time.monotonic()
            self._kinds[conn] = kind_of(request.method, request.path)

    def _bound_memory(self) -> None:
        """Refuse the largest of the arriving bodies, if all together are too large."""
        held = sum(len(each.data) for each in [*self._reading, *self._kinds])
        if self._reading and held > LARGE_BODIES * self.app.body_bytes:
            largest = max(self._reading, key=lambda each: len(each.data))
            status = HTTPStatus.SERVICE_UNAVAILABLE
            self._answer_error(largest, status, "too many large bodies at once: try again")

    def _resume(self, conn: Connection, keep: bool) -> None:
        """Continue with the next request of the connection, or close it."""
        if not keep:
            self._close(conn)
            return
        conn.release()
        if conn.data:
            conn.since = time.monotonic()
            self._watch(conn, CLIENT_SECONDS)
            self._advance(conn)
        else:
            self._watch(conn, self.cfg.keepalive if self.alive else LINGER_SECONDS)

    def _send(self, conn: Connection, data: bytes) -> None:
        try:
            conn.sock.sendall(data)
        except OSError:
            self._drop(conn)

    def _answer_error(self, conn: Connection, status: HTTPStatus, text: str) -> None:
        """Refuse a request that is not complete."""
        with suppress(OSError):
            util.write_error(conn.sock, status.value, status.phrase, text)
        self._close(conn)

    def _close(self, conn: Connection) -> None:
        """Shut the connection down, and wait without blocking until the client has read all.

        If it were closed at once, with unread bytes, the client would lose the answer.
        """
        self._unwatch(conn)
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        conn.data.clear()
        conn.deadline = time.monotonic() + CLOSING_SECONDS
        self._closing.add(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._discard, conn))

    def _discard(self, conn: Connection, _) -> None:
        try:
            data = conn.sock.recv(PIECE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(conn)

    def _drop(self, conn: Connection) -> None:
        self._unwatch(conn)
        conn.close()

    # ---------------------------------------------------------------- requests

    def _start_queued(self) -> None:
        late = time.monotonic() - PATIENCE_SECONDS
        for conn, kind in list(self._kinds.items()):  # the oldest first
            if self._bulkheads.admits(kind):
                del self._kinds[conn]
                self._bulkheads.start(conn, kind)
                self.enqueue_req(conn)
            elif conn.queued < late and self._bulkheads.is_held(kind):
                del self._kinds[conn]
                self._refuse(conn)
            elif conn.queued >= late and not self._bulkheads.has_room():
                break

    def finish_request(self, conn: Connection, fs: Future) -> None:
        """Continue after a thread has answered a request."""
        self._bulkheads.finish(conn)
        self._resume(conn, fs.exception() is None and fs.result())

    def handle_request(self, req, conn: Connection) -> bool:
        """Run the app; the client must read the answer in time, in the main loop at once."""
        conn.sock.settimeout(0 if conn.inline else SEND_SECONDS)
        return super().handle_request(req, conn)

    def _refuse(self, conn: Connection) -> None:
        """Answer 503 to a request whose kind occupies its share of the threads."""
        response, environ = wsgi.create(
            conn.request, conn.sock, conn.client, conn.server, self.cfg
        )
        response.force_close()
        with suppress(OSError):
            for piece in refusal(environ)(environ, response.start_response):
                response.write(piece)
        self._close(conn)
