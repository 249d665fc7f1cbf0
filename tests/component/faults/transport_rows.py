"""Rows of the way to an endpoint and back: no connection, wrong certificates, answers that are lost or strange."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .rows import (
    DONE,
    ENDPOINTS,
    IMPATIENT,
    INDETERMINATE,
    MUTATING,
    REFUSED,
    UNAVAILABLE,
    VCENTER,
    Act,
    Fault,
    Port,
    Row,
)
from .wires import CHANGES, READS, both

Ending = tuple[str, str]
"""Outcome and reason."""

_UNREACHABLE: Final = (UNAVAILABLE, "Unreachable")
_UNTRUSTED: Final = (UNAVAILABLE, "CertificateNotTrusted")
_LOST: Final = (INDETERMINATE, "AnswerLost")
_LATE: Final = (UNAVAILABLE, "TimedOutCalling")
_STRANGE: Final = (UNAVAILABLE, "AnswerUnreadable")
_FINE: Final = (DONE, "")

_CONNECTING: Final[tuple[tuple[str, Port, Ending], ...]] = (
    ("its host name cannot be resolved", Port(door="unresolved"), _UNREACHABLE),
    ("it takes the connection and never says a word", Port(door="silent", impatient=True), _UNREACHABLE),
    ("an SSH server listens at the address", Port(door="ssh"), _UNREACHABLE),
    ("the server there hangs up", Port(door="hangs up"), _UNREACHABLE),
    ("its certificate is of a CA that is not named", Port(trust="stranger"), _UNTRUSTED),
    ("its certificate is of a CA that the system does not know", Port(trust="system"), _UNTRUSTED),
    ("its certificate is for another host name", Port(door="other name"), _UNTRUSTED),
    ("its certificate has expired", Port(door="expired"), _UNTRUSTED),
)

_ANSWERS: Final[tuple[tuple[str, str, Mapping[str, Any], bool, Ending, Ending], ...]] = (
    ("the connection is reset before the call takes effect", "resetBefore", {}, False, _UNREACHABLE, _LOST),
    ("the connection is reset after the call took effect", "resetAfter", {}, False, _UNREACHABLE, _LOST),
    ("no answer comes, and the call takes no effect", "hang", {"when": "before"}, True, _LATE, _LOST),
    ("no answer comes, although the call took effect", "hang", {"when": "after"}, True, _LATE, _LOST),
    ("the answer comes late, within the time it may take", "slow", {"seconds": 0.1}, False, _FINE, _FINE),
    ("the answer ends in the middle", "truncated", {"bytes": 40}, False, _UNREACHABLE, _LOST),
    ("the answer is an HTML page with status 200", "garbage", {"when": "after"}, False, _STRANGE, _LOST),
    (
        "the answer is JSON of another kind",
        "garbage",
        {"when": "after", "body": '{"error": "json"}', "contentType": "application/json"},
        False,
        _STRANGE,
        _LOST,
    ),
    ("the answer is empty", "garbage", {"when": "after", "body": ""}, False, _STRANGE, _LOST),
)
"""Trouble, fault with its arguments, whether it takes patience, the end of a reading call, and of a changing one."""

_OTHERWISE: Final[Mapping[tuple[str, str, str], Ending]] = {
    (VCENTER, "group", "the answer ends in the middle"): _STRANGE,
}
"""By endpoint, call and trouble: where an endpoint's wire makes it end in another way."""


def rows() -> Iterator[Row]:
    """All of them, endpoint by endpoint."""
    for endpoint in ENDPOINTS:
        calls = (READS[endpoint], CHANGES[endpoint])
        bad = "spec.tls.caCertificates holds no readable certificate"
        yield Row("connecting", endpoint, bad, "connect", REFUSED, "InvalidCACertificates", port=Port(trust="broken"))
        for call in calls:
            refuse = (Act("refuse-connections", {"endpoint": "$endpoint"}),)
            yield Row("connecting", endpoint, "it refuses connections", call, *_UNREACHABLE, refuse)
            for trouble, port, ending in _CONNECTING:
                yield Row("connecting", endpoint, trouble, call, *ending, port=port)
        yield from _answers(endpoint)


def _answers(endpoint: str) -> Iterator[Row]:
    for trouble, kind, args, impatient, read, change in _ANSWERS:
        for call, wire in both(endpoint):
            usual = change if call in MUTATING else read
            outcome, reason = _OTHERWISE.get((endpoint, call, trouble), usual)
            yield Row(
                "answers that are lost or strange",
                endpoint,
                trouble,
                call,
                outcome,
                reason,
                (Fault(wire, kind, args),),
                IMPATIENT if impatient else Port(),
            )
    if endpoint == VCENTER:
        yield Row(
            "answers that are lost or strange",
            endpoint,
            "the connection is reset once",
            "group",
            DONE,
            orders=(Fault("QueryReplicationGroupInfo", "resetAfter", {"times": 1}),),
        )
