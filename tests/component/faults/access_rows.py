"""Rows of getting in: sessions that end, logins that are refused, rights, and another endpoint at the address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .rows import (
    ARRAYS,
    DONE,
    ENDPOINTS,
    IMPATIENT,
    REFUSED,
    REST1,
    UNAVAILABLE,
    VCENTER,
    Act,
    Ask,
    Fault,
    Guest,
    Port,
    Row,
)
from .wires import CHANGES, LOGINS, READS, both

_SESSIONS: Final = "sessions"
_LOGINS: Final = "logins"
_WHO: Final = "who answers"
_WRONG: Final = Port(credentials=False)


def rows() -> Iterator[Row]:
    """All of them, endpoint by endpoint."""
    for endpoint in ENDPOINTS:
        yield from _sessions(endpoint)
        yield from _logins(endpoint)
    yield from _secrets()
    yield from _limits()
    yield from _rights()
    yield from _identities()


def _sessions(endpoint: str) -> Iterator[Row]:
    twice = "EndpointFault" if endpoint == VCENTER else "LoginFailed"
    for call, wire in both(endpoint):
        once = (Ask("about"), Fault(wire, "expiredSession", {"times": 1}))
        yield Row(_SESSIONS, endpoint, "the session has ended", call, DONE, orders=once)
        always = (Ask("about"), Fault(wire, "expiredSession"))
        text = "the session has ended, and so has the one after it"
        yield Row(_SESSIONS, endpoint, text, call, UNAVAILABLE, twice, always)


def _logins(endpoint: str) -> Iterator[Row]:
    wrong = "password" if endpoint == VCENTER else "API token"
    for call in (READS[endpoint], CHANGES[endpoint]):
        refused = (UNAVAILABLE, "LoginFailed")
        yield Row(_LOGINS, endpoint, f"a wrong {wrong}", call, *refused, port=_WRONG)
        three = (Ask("about", times=3), Fault("*", "resetBefore"))
        yield Row(_LOGINS, endpoint, f"a wrong {wrong}, after three tries", call, *refused, three, _WRONG)
        hang = (Fault(LOGINS[endpoint], "hang"),)
        yield Row(_LOGINS, endpoint, "no answer to the login", call, UNAVAILABLE, "TimedOutCalling", hang, IMPATIENT)


def _secrets() -> Iterator[Row]:
    unusable = (REFUSED, "SecretValueInvalid")
    trouble = "a password that ends with a line break"
    yield Row(_LOGINS, VCENTER, trouble, "connect", *unusable, port=Port(ending="\n"))
    for endpoint in ARRAYS:
        for call in (READS[endpoint], CHANGES[endpoint]):
            yield Row(_LOGINS, endpoint, "an API token that ends with a line break", call, DONE, port=Port(ending="\n"))
        trouble = "an API token with a control character in it"
        yield Row(_LOGINS, endpoint, trouble, "connect", *unusable, port=Port(ending="\x07"))


def _limits() -> Iterator[Row]:
    for answer in ("http503", "fault"):
        orders = (
            Act("set-switch", {"name": "sessionLimitAnswer", "value": answer}),
            Act("set-session-limit", {"vCenter": "$endpoint", "limit": 0}),
        )
        trouble = f"as many sessions are open as it allows, said as {'HTTP 503' if answer == 'http503' else 'a fault'}"
        for call in ("group", "start_sync"):
            yield Row(_SESSIONS, VCENTER, trouble, call, UNAVAILABLE, "EndpointBusy", orders)
    for endpoint in ARRAYS:
        for answer, how in (("refused", "HTTP 400"), ("busy", "HTTP 503")):
            yield _limited(endpoint, f"as many sessions are open as it allows, said as {how}", answer)


def _limited(endpoint: str, trouble: str, answer: str) -> Row:
    orders = (
        Act("set-switch", {"name": "sessionLimit", "value": answer}),
        Act("set-array", {"array": "$endpoint", "sessionLimit": 1}),
        Guest(),
    )
    return Row(_SESSIONS, endpoint, trouble, "push", UNAVAILABLE, "EndpointBusy", orders)


def _rights() -> Iterator[Row]:
    readonly = Act("set-role", {"array": "$endpoint", "role": "readonly"})
    for endpoint in ARRAYS:
        for status in (400, 403):
            orders = (Act("set-switch", {"name": "readonlyStatus", "value": status}), readonly)
            trouble = f"the token's user may only read, said as HTTP {status}"
            yield Row("rights", endpoint, trouble, "push", REFUSED, "PermissionDenied", orders)
        for call in ("snapshots", "policies"):
            yield Row("rights", endpoint, "the token's user may only read", call, DONE, orders=(readonly,))
        wire = "GET pgroup" if endpoint == REST1 else "GET protection-groups"
        hidden = (Fault(wire, "httpStatus", {"status": 403}),)
        trouble = "the token's user may not read protection groups"
        yield Row("rights", endpoint, trouble, "policies", REFUSED, "PermissionDenied", hidden)
    missing: dict[str, Any] = {"name": "NoPermission", "fields": {"privilegeId": "StorageViews.View"}}
    for call, wire in both(VCENTER):
        trouble = "the account lacks a privilege that the fault names"
        lacking = (Fault(wire, "soapFault", missing),)
        yield Row("rights", VCENTER, trouble, call, REFUSED, "PermissionDenied", lacking)


def _identities() -> Iterator[Row]:
    changed = (REFUSED, "IdentityChanged")
    for call in ("group", "start_sync"):
        other = (
            Ask("about"),
            Act("set-identity", {"vCenter": "$endpoint", "instanceUuid": "uuid-of-another"}),
            Act("expire-sessions", {"endpoint": "$endpoint"}),
        )
        yield Row(_WHO, VCENTER, "another vCenter answers at the address", call, *changed, other)
    for endpoint in ARRAYS:
        for call in ("connections", "push"):
            expecting = Port(expected="id-of-another")
            yield Row(_WHO, endpoint, "another array answers at the address", call, *changed, port=expecting)
        for call in ("connections", "push"):
            away = (Ask("about"), Act("fail-over", {"array": "$endpoint", "seconds": 600}))
            trouble = "its other controller takes over: nobody answers yet"
            # The call before may find the old connection broken, or gone: either is true.
            yield Row(_WHO, endpoint, trouble, call, UNAVAILABLE, "Unreachable", (*away, Ask("connections")))
            back = (*away, Act("end-fail-over", {"array": "$endpoint"}))
            yield Row(_WHO, endpoint, "its other controller has taken over", call, DONE, orders=back)
