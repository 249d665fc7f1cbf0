"""Alerts of requests: how they ended, and for whom they wait."""

from __future__ import annotations

from vvol_replication.api.reasons import Reason, ReasonInfo
from vvol_replication.api.reasons import Severity as ReasonSeverity
from vvol_replication.api.reasons.preparations import PREPARATIONS
from vvol_replication.api.reasons.requests import REQUESTS
from vvol_replication.api.reasons.storage import STORAGE
from vvol_replication.metrics import catalogue as metrics

from .alert import GROUP, Alert, Severity, seen

_REQUEST = (*GROUP, "kind", "reason")
_OF_GROUP = "ReplicationGroup {{ $labels.namespace }}/{{ $labels.group }}"
_UNKNOWN = (Reason.OUTCOME_UNKNOWN, Reason.SYNC_OUTCOME_UNKNOWN)
_DAY = 24 * 3600


_ENDPOINTS = {
    *(Reason.UNREACHABLE, Reason.TIMED_OUT_CALLING, Reason.CERTIFICATE_NOT_TRUSTED, Reason.LOGIN_FAILED),
    *(Reason.SECRET_NOT_FOUND, Reason.SECRET_KEY_MISSING, Reason.SECRET_VALUE_INVALID),
    *(Reason.CLOCK_OUT_OF_STEP, Reason.CLOCK_UNKNOWN, Reason.ANSWER_UNREADABLE, Reason.ENDPOINT_FAULT),
}
"""What stands at an endpoint as well, which has alerts of its own: one instead of one for each request."""
_MEANT = {Reason.SUSPENDED, Reason.GROUP_SUSPENDED}
"""What a person has asked for."""


def _waits_for_a_person(info: ReasonInfo) -> bool:
    return info.retried and info.severity is ReasonSeverity.WARNING


WAITS_FOR_A_PERSON = tuple(
    reason
    for reason, info in {**REQUESTS, **PREPARATIONS, **STORAGE}.items()
    if _waits_for_a_person(info) and reason not in _ENDPOINTS | _MEANT
)
"""The reasons of a request that waits, and does not go on before somebody does something."""


def _any(reasons: tuple[Reason, ...]) -> str:
    return "|".join(reasons)


def _ended(selector: str) -> str:
    return f"{seen(metrics.GROUP_LAST_END, _REQUEST, selector)} > time() - {_DAY}"


FAILED = Alert(
    "VvolRequestFailed",
    Severity.WARNING,
    _ended(f'{{outcome=~"Failed|Missed", reason!~"{_any(_UNKNOWN)}"}}'),
    "0m",
    f"The last {{{{ $labels.kind }}}} on {_OF_GROUP} failed.",
    "Its reason is {{ $labels.reason }}. It is never tried again: if the point in time or the preparation is still "
    "needed, somebody has to create a new request.",
    "the last request of its kind on the group failed or was missed, within the last 24 hours",
)
OUTCOME_UNKNOWN = Alert(
    "VvolOutcomeUnknown",
    Severity.CRITICAL,
    _ended(f'{{reason=~"{_any(_UNKNOWN)}"}}'),
    "0m",
    f"The outcome of the last {{{{ $labels.kind }}}} on {_OF_GROUP} is not known.",
    "Its reason is {{ $labels.reason }}. The call may or may not have taken effect, and the operator does not repeat "
    "it. Somebody has to look at the storage.",
    f"the last request of its kind on the group ended as {' or '.join(f'`{one}`' for one in _UNKNOWN)}, within the "
    "last 24 hours",
)
WAITS = Alert(
    "VvolRequestWaitsForPerson",
    Severity.WARNING,
    f'{seen(metrics.GROUP_IN_FLIGHT, _REQUEST, f"""{{reason=~"{_any(WAITS_FOR_A_PERSON)}"}}""")} > 0',
    "15m",
    f"A {{{{ $labels.kind }}}} on {_OF_GROUP} waits for a person.",
    "{{ $value }} of them wait with reason {{ $labels.reason }}. This does not pass by itself, and at the end of its "
    "timeout a request fails.",
    "a request has waited for 15 minutes for something that a person has to do, and that is not an endpoint",
)

ALERTS = (FAILED, OUTCOME_UNKNOWN, WAITS)
