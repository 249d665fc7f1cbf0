"""A TCP proxy that can be cut: a partition between one process and what it talks to."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 65536


class Proxy:
    """Carries bytes to one loopback port. While it is cut, connections stay open and new ones are taken: silence."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._through = threading.Event()
        self._through.set()
        self._closed = False
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    @classmethod
    @contextlib.contextmanager
    def start(cls, target: int) -> Iterator[Proxy]:
        """One in front of that port; ends with leaving."""
        proxy = cls(target)
        try:
            yield proxy
        finally:
            proxy.end()

    def cut(self) -> None:
        """From now on nothing comes through, either way, and nobody is told."""
        self._through.clear()

    def mend(self) -> None:
        """What was held back arrives late, and everything goes on."""
        self._through.set()

    def end(self) -> None:
        """Close everything."""
        self._closed = True
        self._through.set()
        for one in (self._listener, *tuple(self._open)):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                taken, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(taken,), name="proxy-connection", daemon=True).start()

    def _carry(self, taken: socket.socket) -> None:
        self._through.wait()
        with contextlib.suppress(OSError), taken, socket.create_connection(("127.0.0.1", self._target)) as target:
            pair = {taken, target}
            self._open |= pair
            try:
                self._exchange({taken: target, target: taken})
            finally:
                self._open -= pair

    def _exchange(self, pairs: dict[socket.socket, socket.socket]) -> None:
        with selectors.DefaultSelector() as selector:
            for one in pairs:
                selector.register(one, selectors.EVENT_READ)
            while not self._closed:
                for key, _ in selector.select(0.5):
                    source = key.fileobj
                    assert isinstance(source, socket.socket)  # noqa: S101 - only sockets were registered
                    data = source.recv(_CHUNK)
                    self._through.wait()
                    if not data:
                        return
                    pairs[source].sendall(data)
