"""All groups: how recent they are, what is under way, and how requests ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders.dashboard import Row

from vvol_replication.metrics import catalogue as metrics

from .board import GROUP, WHOLE, best, board, lines, number, rows

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

_HERE = '{namespace=~"$namespace"}'
_NAME = "{{namespace}}/{{group}}"
_NEWEST, _NAMED = best(metrics.GROUP_NEWEST, GROUP, _HERE), best(metrics.GROUP_NEWEST_NAMED, GROUP, _HERE)
_OBJECTIVE = best(metrics.GROUP_OBJECTIVE, GROUP, _HERE)
_END = (*GROUP, "kind", "outcome", "reason")
_SCHEDULE = ("namespace", "schedule", "group")


def _or_none(expr: str) -> str:
    return f"{expr} or vector(0)"


def build() -> Dashboard:
    """The dashboard."""
    made = board(
        "vvol-fleet",
        "vVol replication / Fleet",
        "All ReplicationGroups: how recent they are, what is under way, and how requests ended.",
        ("namespace", metrics.GROUP_READY, True),
    )
    made.with_row(Row("Now"))
    for title, expr, says, bad in (
        ("Groups", f"count({best(metrics.GROUP_READY, GROUP, _HERE)})", "ReplicationGroups.", None),
        (
            "Behind their objective",
            _or_none(f"sum({best(metrics.GROUP_VIOLATED, GROUP, _HERE)})"),
            "Groups whose newest point in time is older than the objective, or that have none.",
            1,
        ),
        (
            "Without a point in time",
            _or_none(f"count({best(metrics.GROUP_POINTS, GROUP, _HERE)} == 0)"),
            "Groups whose list of points in time is empty.",
            1,
        ),
        (
            "Prepared for failover",
            _or_none(f"sum({best(metrics.GROUP_PREPARED, GROUP, _HERE)})"),
            "Groups in which syncs bring no new data.",
            None,
        ),
        (
            "Syncs left armed",
            _or_none(f"count({best(metrics.GROUP_ARMED_SINCE, GROUP, _HERE)})"),
            "Groups where the next data that lands gets the name of a request that has ended.",
            1,
        ),
        (
            "Alerts that fire",
            _or_none('count(ALERTS{alertname=~"Vvol.+", alertstate="firing"})'),
            "Alerts of the operator, if this Prometheus has its rules.",
            1,
        ),
    ):
        made.with_panel(number(title, expr, says, bad=bad))
    made.with_row(Row("How recent"))
    made.with_panel(
        rows(
            "Groups by age",
            "By the clock of the Prometheus server. An empty cell is not known, or does not apply.",
            ("age", f"time() - {_NEWEST}", "s"),
            ("objective", _OBJECTIVE, "s"),
            ("part of the objective", f"(time() - {_NEWEST}) / {_OBJECTIVE}", "percentunit"),
            ("age of the newest named one", f"time() - {_NAMED}", "s"),
            ("points in time", best(metrics.GROUP_POINTS, GROUP, _HERE), "short"),
        )
    )
    made.with_panel(
        lines(
            "Age as part of the objective",
            "Above 100% the objective is missed.",
            (f"(time() - {_NEWEST}) / {_OBJECTIVE}", _NAME),
            unit="percentunit",
            width=WHOLE,
        )
    )
    made.with_row(Row("What is under way"))
    in_flight = metrics.GROUP_IN_FLIGHT.name
    for title, says, expr, called, unit in (
        (
            "Requests in flight",
            "By kind and phase.",
            f"sum by (kind, phase) ({in_flight}{_HERE})",
            "{{kind}} {{phase}}",
            "short",
        ),
        (
            "What requests wait for",
            "Requests that wait, by their reason.",
            f'sum by (kind, reason) ({in_flight}{{namespace=~"$namespace", phase="Waiting"}})',
            "{{kind}} {{reason}}",
            "short",
        ),
        (
            "Progress of transfers",
            "As the target arrays say.",
            best(metrics.TRANSFER_PROGRESS, GROUP, _HERE),
            _NAME,
            "percentunit",
        ),
    ):
        made.with_panel(lines(title, says, (expr, called), unit=unit, width=WHOLE // 3))
    made.with_row(Row("Recent ends, and schedules"))
    made.with_panel(
        rows(
            "Last request of each kind on a group",
            "Also of before a restart of the operator.",
            (
                "ended ago",
                f"time() - {best(metrics.GROUP_LAST_END, _END, _HERE)}",
                "s",
            ),
        )
    )
    made.with_panel(
        lines(
            "Requests that ended",
            "The first one of a kind and reason after a start of the operator is not counted.",
            (
                f"sum by (kind, outcome, reason) (increase({metrics.FINISHED.name}[$__rate_interval]))",
                "{{kind}} {{outcome}} {{reason}}",
            ),
        )
    )
    made.with_panel(
        rows(
            "Schedules",
            "A next run in the past is overdue.",
            ("next run in", f"{best(metrics.SCHEDULE_NEXT, _SCHEDULE, _HERE)} - time()", "s"),
            ("last success ago", f"time() - {best(metrics.SCHEDULE_LAST_SUCCESS, _SCHEDULE, _HERE)}", "s"),
            ("missed", best(metrics.SCHEDULE_MISSED, _SCHEDULE, _HERE), "short"),
            ("skipped", best(metrics.SCHEDULE_SKIPPED, _SCHEDULE, _HERE), "short"),
            width=WHOLE // 2,
        )
    )
    return made
