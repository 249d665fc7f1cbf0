"""Ports of the loopback that stay one test's own, also while nobody listens on them."""

from __future__ import annotations

import socket


def reserve() -> socket.socket:
    """Return a socket that holds a free port until it is closed, and never listens on it.

    Whoever connects is refused, a server of the holder's may listen there and end, and no other server is given the
    port: the system gives out only ports that no socket is bound to.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


def port_of(held: socket.socket) -> int:
    """Return the port that it holds."""
    port: int = held.getsockname()[1]
    return port
