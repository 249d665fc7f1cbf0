"""What a connection to one vCenter is made with: where, as whom, and how long anything may take."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Timeouts:
    """In seconds.

    `connect` and `answer` bound one connection attempt and one silence of the server; `call` and `inventory` bound one
    call of the port with all that it needs; `close` bounds logging out.
    """

    connect: float = 10.0
    answer: float = 30.0
    call: float = 60.0
    inventory: float = 300.0
    close: float = 5.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """User name and password. Neither shows in a repr."""

    username: str = field(repr=False)
    password: str = field(repr=False)


def parse_address(address: str) -> tuple[str, int]:
    """`host`, `host:port`, `[v6]` or `[v6]:port`; the port is 443 where none is given."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit() and (host.count(":") == 0 or host.endswith("]")):
        return host, int(port)
    return address, 443
