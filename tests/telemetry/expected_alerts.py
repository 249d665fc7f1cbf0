"""What the expression of each alert has to find in the scenario: as it is, or with another threshold or window.

Most thresholds are hours. Where the scenario does not reach one, the same expression is asked with another one, so
that it finds something; as it is it has to find nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.alerts import endpoints, groups, operator, requests
from monitoring.alerts.alert import Alert


@dataclass(frozen=True)
class Found:
    """The rows that an expression finds, by their labels.

    `instead`: texts of the expression, and what to ask instead of each.
    """

    alert: Alert
    rows: frozenset[str]
    instead: tuple[tuple[str, str], ...] = ()

    def asked(self) -> str:
        """The expression that finds these rows."""
        expr = self.alert.expr
        for text, other in self.instead:
            assert text in expr, (self.alert.name, text)
            expr = expr.replace(text, other)
        return expr


def _found(alert: Alert, *rows: str, instead: tuple[tuple[str, str], ...] = ()) -> Found:
    return Found(alert, frozenset(rows), instead)


_VCENTERS = ("kind=VCenter, name=austin", "kind=VCenter, name=dallas")
_PAIR = ("kind=FlashArray, name=flasharray-a", "kind=FlashArray, name=flasharray-b")
_LATE, _LOCKED, _GARBLED, _GONE = (f"kind=FlashArray, name={name}" for name in ("late", "locked", "garbled", "gone"))
_WITH_CERTIFICATE = (*_VCENTERS, *_PAIR, _LATE, _LOCKED, _GARBLED)
_TIMED_OUT = "group=bi, kind=ReplicationSync, reason=TimedOut"

FOUND: tuple[Found, ...] = (
    _found(operator.ABSENT, "", instead=(("absent(", "count("),)),
    _found(operator.NOBODY_LEADS, "", instead=(("== 0", "== 1"),)),
    _found(operator.API_WRITES_FAIL, "", instead=(('"denied|', '"ok|denied|'),)),
    _found(endpoints.UNREACHABLE, _GONE),
    _found(endpoints.LOGIN_FAILED, _LOCKED),
    _found(endpoints.NOT_READ, _GARBLED),
    _found(endpoints.FLAPPING, *_VCENTERS, *_PAIR, _LATE, _LOCKED, _GONE, instead=((">= 6", ">= 0"),)),
    _found(endpoints.CERTIFICATE_EXPIRES, *_WITH_CERTIFICATE, instead=(("< 1814400", "< 2592000"),)),
    _found(endpoints.CERTIFICATE_EXPIRES_NOW, *_WITH_CERTIFICATE, instead=(("< 259200", "< 2592000"),)),
    _found(endpoints.CLOCK_SKEW, _LATE),
    _found(groups.OBJECTIVE_VIOLATED, "group=hr"),
    _found(groups.OBJECTIVE_NEAR, "group=erp", "group=crm", instead=(("> 0.8", "> 0"),)),
    _found(groups.OBJECTIVE_UNKNOWN, "group=erp", "group=crm", instead=((" > ", " < "), ("unless", "and"))),
    _found(groups.NO_POINT_IN_TIME, "group=hr"),
    _found(groups.TRANSFER_STALLED, "group=crm", instead=(("[30m]", "[3s]"), ("[10m] offset 25m", "[3s] offset 2s"))),
    _found(groups.PREPARATION_STALE, "group=web"),
    _found(groups.PREPARED_FOR_LONG, "group=web", instead=(("> 14400", "> 0"),)),
    _found(groups.SYNC_LEFT_ARMED, "group=bi", instead=(("> 3600", "> 0"),)),
    _found(groups.SCHEDULE_MISSED, "group=hr, schedule=hr-often"),
    _found(requests.FAILED, _TIMED_OUT),
    _found(requests.OUTCOME_UNKNOWN, _TIMED_OUT, instead=(("OutcomeUnknown|", "TimedOut|"),)),
    _found(requests.WAITS, "group=dev, kind=FailoverPreparation, reason=VMPoweredOn"),
)
FIRING = {
    "VvolRequestFailed": {"group": "bi", "kind": "ReplicationSync", "reason": "TimedOut"},
    "VvolScheduleMissed": {"group": "hr", "schedule": "hr-often"},
}
"""The alerts that fire at once, with their labels beside namespace, severity and name."""
