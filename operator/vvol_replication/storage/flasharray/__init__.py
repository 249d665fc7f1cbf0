"""FlashArrays over their REST APIs. `connect` makes the port to one; `rest1` and `rest2` are the families it may speak.

REST 1 goes through `purestorage`, REST 2 through a client of our own. What both share lies here: `errors` (failures,
the array's words and what they mean), `metadata` (who answers, what answers say beside their content), `names`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vvol_replication.domain.outcomes import Refused
from vvol_replication.domain.ports import ArrayPort
from vvol_replication.storage import reasons
from vvol_replication.storage.login import LoginGate
from vvol_replication.storage.redaction import Redactor
from vvol_replication.storage.tls import TLSTrust

from .adapter import FlashArray
from .families import Families, Speaker
from .http import Http, Timeouts
from .metadata import IdentityPin, ResponseMetadata
from .rest1.beginning import REST1
from .rest2.family import REST2

__all__ = ["Timeouts", "connect"]

_DEFAULT_TIMEOUTS: Final = Timeouts()
_FAMILIES: Final = {"Auto": ("REST2", "REST1"), "REST1": ("REST1",), "REST2": ("REST2",)}
"""What each word of `restVersion` allows, in order of preference."""


def connect(
    address: str,
    api_token: str,
    *,
    trust: TLSTrust,
    leading: Callable[[], bool],
    rest_version: str = "Auto",
    workers: int = 2,
    timeouts: Timeouts = _DEFAULT_TIMEOUTS,
    gate: LoginGate | None = None,
    expected_id: str | None = None,
) -> ArrayPort | Refused:
    """The port to the array at `address` (`host` or `host:port`); makes no call yet.

    `rest_version` is the API's word: `Auto`, `REST1` or `REST2`. `workers` bounds calls at once, threads and sessions.
    `trust` stays the caller's. `gate` is shared by all who log in there with this token; `expected_id` is the array
    that must answer. `leading` is asked right before a request that changes something.
    """
    if rest_version not in _FAMILIES:
        return Refused(
            reasons.NOT_SUPPORTED,
            f"FlashArray {address}: restVersion {rest_version!r} is none of {', '.join(_FAMILIES)}",
        )
    redactor, pin = Redactor(api_token), IdentityPin(expected_id)
    metadata = ResponseMetadata(redactor.sessions)
    gate = gate or LoginGate()
    http = Http(address, trust, timeouts, metadata, leading=leading, at_once=workers)
    speakers: dict[str, Speaker] = {
        "REST1": REST1(address, api_token, trust, timeouts, metadata, redactor, gate, pin, leading, workers),
        "REST2": REST2(address, api_token, http, metadata, redactor, gate, pin),
    }
    allowed = [speakers[name] for name in _FAMILIES[rest_version]]
    families = Families(rest_version, allowed, http, patience=timeouts.call)
    return FlashArray(address, redactor, timeouts, http, families, at_once=workers)
