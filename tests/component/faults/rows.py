"""What a row of the table of faults is: one trouble at one endpoint, one call, and what becomes of it.

Rows are data, so that the page `docs/faults.md` is made from them without a server, and each is played on a socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

VCENTER: Final = "vCenter"
REST1: Final = "FlashArray, REST 1"
REST2: Final = "FlashArray, REST 2"
ARRAYS: Final = (REST1, REST2)
ENDPOINTS: Final = (VCENTER, *ARRAYS)

DONE: Final = "Done"
REFUSED: Final = "Refused"
UNAVAILABLE: Final = "Unavailable"
INDETERMINATE: Final = "Indeterminate"

MUTATING: Final = frozenset({"start_sync", "start_prepare", "push"})
"""The calls of the ports that change something."""


@dataclass(frozen=True)
class Fault:
    """A fault ordered for a wire call at the row's endpoint; `site` names another one."""

    call: str
    kind: str
    args: Mapping[str, Any] = field(default_factory=dict)
    site: str = ""


@dataclass(frozen=True)
class Act:
    """An action of the simulator. `$endpoint` in an argument is the row's endpoint."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ask:
    """A call of the port before the one that the row is about."""

    call: str
    times: int = 1


@dataclass(frozen=True)
class Guest:
    """Somebody else's session at the row's array."""


Order = Fault | Act | Ask | Guest


@dataclass(frozen=True)
class Port:
    """How the port is made, where that is part of the trouble.

    `trust`: `own` (the simulator's CA), `stranger`, `system`, or `broken` (PEM that cannot be read). `door`: a hostile
    server in the simulator's place, by its name in `hostile`. `credentials`: whether they are the right ones; `ending`:
    what the Secret has behind the password or token.
    `impatient`: short timeouts. `expected`: the identity that must answer. `rest`: another `restVersion`.
    """

    trust: str = "own"
    door: str = ""
    credentials: bool = True
    ending: str = ""
    impatient: bool = False
    expected: str = ""
    rest: str = ""


USUAL: Final = Port()
IMPATIENT: Final = Port(impatient=True)


@dataclass(frozen=True)
class Row:
    """One row. `outcome` is the class's name; `inside` says what a `Done` holds, or what it does not."""

    chapter: str
    endpoint: str
    trouble: str
    call: str
    outcome: str
    reason: str = ""
    orders: tuple[Order, ...] = ()
    port: Port = USUAL
    inside: str = ""
    about: str = "erp"
    """The protection group that it is about."""
    fault: str = ""
    """The entry of the vSphere table of faults that this row shows."""

    @property
    def key(self) -> str:
        """Names the row, for its message and its test."""
        return f"{self.endpoint} / {self.call} / {self.trouble}"
