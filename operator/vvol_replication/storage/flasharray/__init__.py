"""FlashArrays over their REST APIs. `connect` makes the port to one; REST 1 goes through `purestorage`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vvol_replication.domain.outcomes import Refused
from vvol_replication.storage import words

from .adapter import REST1Array
from .exchange import Timeouts

if TYPE_CHECKING:
    from vvol_replication.domain.ports import ArrayPort
    from vvol_replication.storage.login import LoginGate
    from vvol_replication.storage.tls import TLSTrust

__all__ = ["Timeouts", "connect"]

_REST1: Final = frozenset({"Auto", "REST1"})
_DEFAULT_TIMEOUTS: Final = Timeouts()


def connect(
    address: str,
    api_token: str,
    *,
    trust: TLSTrust,
    rest_version: str = "Auto",
    workers: int = 2,
    timeouts: Timeouts = _DEFAULT_TIMEOUTS,
    gate: LoginGate | None = None,
    expected_id: str | None = None,
) -> ArrayPort | Refused:
    """The port to the array at `address` (`host` or `host:port`); makes no call yet.

    `rest_version` is the API's word: `Auto`, `REST1` or `REST2`. `workers` bounds threads and sessions. `trust` stays
    the caller's. `gate` is shared by all who log in there with this token; `expected_id` is the array that must answer.
    """
    if rest_version not in _REST1:
        return Refused(
            words.NOT_SUPPORTED,
            f"FlashArray {address}: REST 2 is not in this version; set restVersion: REST1 or Auto",
        )
    return REST1Array(address, api_token, trust, workers=workers, timeouts=timeouts, gate=gate, expected_id=expected_id)
