"""Rows of HTTP statuses in the place of an answer, as endpoints, proxies and load balancers give them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .rows import ARRAYS, INDETERMINATE, MUTATING, REFUSED, UNAVAILABLE, VCENTER, Fault, Row
from .wires import CHANGES, LOGINS, READS, both

_CHAPTER: Final = "HTTP statuses"
_BUSY: Final = (UNAVAILABLE, "EndpointBusy")
_FAULT: Final = (UNAVAILABLE, "EndpointFault")
_LOST: Final = (INDETERMINATE, "AnswerLost")

_AT_VCENTERS: Final = (
    (401, _FAULT, _FAULT),
    (403, _FAULT, _FAULT),
    (404, _FAULT, _FAULT),
    (429, _BUSY, _BUSY),
    (450, _FAULT, _FAULT),
    (500, (UNAVAILABLE, "AnswerUnreadable"), _LOST),
    (502, _FAULT, _LOST),
    (503, _BUSY, _LOST),
    (504, _FAULT, _LOST),
)
_AT_ARRAYS: Final = (
    (401, (UNAVAILABLE, "LoginFailed"), (UNAVAILABLE, "LoginFailed")),
    (403, (REFUSED, "PermissionDenied"), (REFUSED, "PermissionDenied")),
    (404, (REFUSED, "NotSupported"), (REFUSED, "NotSupported")),
    (429, _BUSY, _BUSY),
    (450, (REFUSED, "ArrayRefused"), (REFUSED, "ArrayRefused")),
    (500, _FAULT, _LOST),
    (502, _FAULT, _LOST),
    (503, _BUSY, _LOST),
    (504, _FAULT, _LOST),
)
"""Status, the end of a reading call, and of a changing one."""

_WAIT: Final = {"headers": {"Retry-After": "300"}}


def rows() -> Iterator[Row]:
    """All of them, endpoint by endpoint."""
    for endpoint in (VCENTER, *ARRAYS):
        for status, read, change in _AT_VCENTERS if endpoint == VCENTER else _AT_ARRAYS:
            for call, wire in both(endpoint):
                ending = change if call in MUTATING else read
                yield _row(endpoint, f"HTTP {status}", call, ending, Fault(wire, "httpStatus", {"status": status}))
        for status in (429, 503):
            for call, wire in both(endpoint):
                lost = endpoint == VCENTER and call in MUTATING and status >= 500
                args = {"status": status, **_WAIT}
                yield _row(
                    endpoint,
                    f"HTTP {status} with Retry-After",
                    call,
                    _LOST if lost else _BUSY,
                    Fault(wire, "httpStatus", args),
                )
        for call in (READS[endpoint], CHANGES[endpoint]):
            yield _row(
                endpoint, "HTTP 503 at the login", call, _BUSY, Fault(LOGINS[endpoint], "httpStatus", {"status": 503})
            )
            yield _row(
                endpoint,
                "an HTML page with status 200 at the login",
                call,
                (UNAVAILABLE, "AnswerUnreadable"),
                Fault(LOGINS[endpoint], "garbage"),
            )


def _row(endpoint: str, trouble: str, call: str, ending: tuple[str, str], fault: Fault) -> Row:
    return Row(_CHAPTER, endpoint, trouble, call, *ending, (fault,))
