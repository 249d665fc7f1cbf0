"""How REST 1 is begun with at one array.

`purestorage`, and `setuptools` for it, are loaded with the first array that needs them: the others' operators start
faster and hold less, and nothing but REST 1 ends where a Python cannot load them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vvol_replication.storage.flasharray.http import Timeouts
from vvol_replication.storage.flasharray.metadata import IdentityPin, ResponseMetadata
from vvol_replication.storage.lane import Lane
from vvol_replication.storage.login import LoginGate
from vvol_replication.storage.redaction import Redactor
from vvol_replication.storage.tls import TLSTrust

if TYPE_CHECKING:
    from .family import REST1Array


@dataclass(frozen=True)
class REST1:
    """How REST 1 is begun with at one array."""

    address: str
    api_token: str = field(repr=False)
    trust: TLSTrust
    timeouts: Timeouts
    metadata: ResponseMetadata
    redactor: Redactor
    gate: LoginGate
    pin: IdentityPin
    leading: Callable[[], bool]
    workers: int

    def newest(self, offered: Sequence[str]) -> str | None:
        """The version to speak with an array that offers these, if there is one."""
        from .client import newest  # noqa: PLC0415 - see the module's docstring

        return newest(offered)

    def speak(self, rest: str) -> REST1Array:
        """The array over that version; nothing is sent yet."""
        from .client import Login  # noqa: PLC0415 - see the module's docstring
        from .family import REST1Array  # noqa: PLC0415
        from .sessions import Sessions  # noqa: PLC0415

        login = Login(self.address, self.api_token, self.gate, self.pin, rest)
        sessions = Sessions(login, self.trust, self.timeouts, self.metadata)
        lane = Lane(f"flasharray-{self.address}", self.workers)
        return REST1Array(
            rest, sessions, lane, self.timeouts, self.metadata, redactor=self.redactor, leading=self.leading
        )
