"""Alerts of the operator itself."""

from __future__ import annotations

from vvol_replication.metrics import catalogue as metrics

from .alert import INSTALLATION, Alert, Severity

_BY = f"by ({', '.join(INSTALLATION)})"
_BAD = f'{metrics.API_WRITES.name}{{outcome=~"denied|invalid|throttled|error|unanswered"}}'
_INSTALLATION = "the operator in namespace {{ $labels.namespace }}"

ABSENT = Alert(
    "VvolOperatorAbsent",
    Severity.CRITICAL,
    f"absent({metrics.BUILD.name})",
    "5m",
    "The operator is not there.",
    "Prometheus has no metrics of any replica: none runs, or none is scraped. While none runs, nothing is replicated "
    "on request, and no other alert of the operator can fire.",
    "there are no metrics of any replica",
)
NOBODY_LEADS = Alert(
    "VvolNobodyLeads",
    Severity.CRITICAL,
    f"max {_BY} ({metrics.LEADER.name}) == 0",
    "2m",
    f"No replica of {_INSTALLATION} acts.",
    "Replicas run, and none of them holds the Lease. No request goes on.",
    "`vvol_leader` is 0 in all replicas",
)
API_WRITES_FAIL = Alert(
    "VvolApiWritesFail",
    Severity.CRITICAL,
    f"sum {_BY} (increase({_BAD}[10m]))\n"
    f"  / sum {_BY} (increase({metrics.API_WRITES.name}[10m])) > 0.1\n"
    f"  and sum {_BY} (increase({_BAD}[10m])) > 3",
    "5m",
    f"Writes of {_INSTALLATION} to the API server fail.",
    "{{ $value | humanizePercentage }} of its writes failed within 10 minutes. A request does not go on before its "
    "status is written.",
    "more than 10% of the writes within 10 minutes failed, and more than 3. Conflicts and objects that are gone do not "
    "count",
)

ALERTS = (ABSENT, NOBODY_LEADS, API_WRITES_FAIL)
