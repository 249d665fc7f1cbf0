"""The operator itself: its replicas, its writes, and what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders.dashboard import Row

from vvol_replication.metrics import catalogue as metrics

from .board import WHOLE, best, board, lines, number, quantile, rows

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

_HERE = '{job=~"$job"}'
_RATE = "$__rate_interval"
_OPEN = f"{metrics.FDS.name}{_HERE} / {metrics.MOST_FDS.name}{_HERE}"


def _median(window: str = "") -> str:
    return quantile(0.5, metrics.PHASE_DURATION, ("kind", "phase"), _HERE, window)


def build() -> Dashboard:
    """The dashboard."""
    made = board(
        "vvol-operator",
        "vVol replication / Operator",
        "The replicas of the operator, and what they write, wait for and use.",
        ("job", metrics.BUILD, True),
    )
    made.with_row(Row("Now"))
    for title, expr, says, unit in (
        ("Replicas", f"count({metrics.BUILD.name}{_HERE})", "That Prometheus scrapes.", "short"),
        ("Replicas that act", f"sum({metrics.LEADER.name}{_HERE})", "It should be 1.", "short"),
        ("Newest start", f"time() - max({metrics.STARTED.name}{_HERE})", "How long ago a replica last started.", "s"),
    ):
        made.with_panel(number(title, expr, says, unit=unit))
    made.with_panel(
        rows(
            "Versions",
            "Of the running replicas.",
            ("replicas", f"count by (version, python_version) ({metrics.BUILD.name}{_HERE})", "short"),
            width=WHOLE // 2,
            height=4,
        )
    )
    made.with_row(Row("The API server"))
    made.with_panel(
        lines(
            "Writes by outcome",
            "In a second. Conflicts and objects that are gone are normal.",
            (f"sum by (outcome) (rate({metrics.API_WRITES.name}{_HERE}[{_RATE}]))", "{{outcome}}"),
            unit="wps",
            width=WHOLE // 3,
        )
    )
    made.with_panel(
        lines(
            "Renewals of the Lease",
            "In a second. Nothing is shown without `--leader-elect`.",
            (f"sum(rate({metrics.LEASE_RENEWALS.name}{_HERE}[{_RATE}]))", "took effect"),
            (f"sum(rate({metrics.LEASE_FAILURES.name}{_HERE}[{_RATE}]))", "failed"),
            unit="ops",
            width=WHOLE // 3,
        )
    )
    made.with_panel(
        lines(
            "Time since the API server last showed an object",
            "By kind. It grows while nothing changes.",
            (f"time() - {best(metrics.WATCH_EVENT, ('kind',), _HERE)}", "{{kind}}"),
            unit="s",
            width=WHOLE // 3,
        )
    )
    made.with_row(Row("Requests"))
    made.with_panel(
        lines(
            "Requests in flight",
            "By kind and phase.",
            (f"sum by (kind, phase) ({metrics.IN_FLIGHT.name}{_HERE})", "{{kind}} {{phase}}"),
        )
    )
    made.with_panel(
        lines(
            "Phases of ended requests, median",
            "Of those that ended within the range of the dashboard. "
            "Where these are fewer than two: of all since the start of the operator.",
            (f"{_median('$__range')}\n  or {_median()}", "{{kind}} {{phase}}"),
            unit="s",
        )
    )
    made.with_row(Row("The process"))
    for title, says, expr, unit in (
        (
            "Lag of the event loop, 99th percentile",
            "How late timers are.",
            quantile(0.99, metrics.LOOP_LAG, ("instance",), _HERE, _RATE),
            "s",
        ),
        ("CPU", "Cores.", f"rate({metrics.CPU.name}{_HERE}[{_RATE}])", "short"),
        ("Memory", "Resident.", f"{metrics.RESIDENT.name}{_HERE}", "bytes"),
        (
            "Open files",
            "Part of the limit.",
            _OPEN,
            "percentunit",
        ),
    ):
        made.with_panel(lines(title, says, (expr, "{{instance}}"), unit=unit, width=WHOLE // 4))
    return made
