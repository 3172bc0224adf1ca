"""A TCP proxy in front of a database server, which counts what clients send and can drop it."""

import select
import socket
import threading
from contextlib import contextmanager


class Proxy:
    """Forwards between ``port`` and ``server``; ``sent`` is the number of messages of clients."""

    def __init__(self, server):
        self.sent, self._server = 0, server
        self.messages = []  # of clients, as bytes
        self.fatal = None  # a statement after which the connection is cut, before its answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pairs, self._clients, self._dead = {}, set(), set()

    def swallow(self):
        """Drop what the connections of this moment send; new ones work."""
        self._dead.update(self._pairs)

    def cut(self):
        """End the connections of this moment; new ones work."""
        for client in self._clients & self._pairs.keys():
            client.shutdown(socket.SHUT_RDWR)

    def run(self, over):
        """Forward until ``over`` is set."""
        while not over.is_set():
            for side in select.select([self._listener, *self._pairs], [], [], 0.05)[0]:
                if side is self._listener:
                    client, other = side.accept()[0], socket.create_connection(self._server)
                    self._pairs.update({client: other, other: client})
                    self._clients.add(client)
                elif side in self._pairs:  # its other side may just have ended it
                    self._pass_on(side)

    def _pass_on(self, side):
        try:
            data = side.recv(2**20)
            if data and side not in self._dead:
                if side in self._clients:
                    self.sent += 1
                    self.messages.append(data)
                self._pairs[side].sendall(data)
                if self.fatal and self.fatal in data:
                    self.fatal = None
                    self._pairs[side].recv(2**20)
                    side.shutdown(socket.SHUT_RDWR)
        except OSError:  # one of them is gone
            data = b""
        if not data:
            other = self._pairs.pop(side)
            self._pairs.pop(other)
            [each.close() for each in (side, other)]

    def close(self):
        """Close all connections."""
        [each.close() for each in (self._listener, *self._pairs)]


@contextmanager
def proxy(server):
    """A proxy to the address ``server`` that runs until the block ends."""
    made, over = Proxy(server), threading.Event()
    thread = threading.Thread(target=made.run, args=(over,))
    thread.start()
    try:
        yield made
    finally:
        over.set()
        thread.join()
        made.close()
