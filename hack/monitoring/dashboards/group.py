"""One group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders.dashboard import Row

from vvol_replication.metrics import catalogue as metrics

from .board import WHOLE, best, board, lines, number, rows

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

    from vvol_replication.metrics.catalogue import Metric

_HERE = '{namespace="$namespace", group="$group"}'
_SCHEDULE = ("schedule",)


def _only(metric: Metric) -> str:
    return f"max({metric.name}{_HERE})"


def build() -> Dashboard:
    """The dashboard."""
    made = board(
        "vvol-group",
        "vVol replication / Group",
        "One ReplicationGroup.",
        ("namespace", metrics.GROUP_READY, False),
        ("group", metrics.GROUP_READY, False),
    )
    age, named = f"time() - {_only(metrics.GROUP_NEWEST)}", f"time() - {_only(metrics.GROUP_NEWEST_NAMED)}"
    made.with_row(Row("Now"))
    for title, expr, says, unit in (
        ("Age of the newest point in time", age, "By the clock of the Prometheus server.", "s"),
        ("Objective", _only(metrics.GROUP_OBJECTIVE), "spec.recoveryPointObjective.", "s"),
        ("Age of the newest named one", named, "By the clock of the Prometheus server.", "s"),
        ("Points in time", _only(metrics.GROUP_POINTS), "Listed at the target.", "short"),
        (
            "Oldest request in flight",
            f"time() - {_only(metrics.GROUP_OLDEST)}",
            "Since it was accepted. Empty: none is in flight.",
            "s",
        ),
        (
            "Prepared for failover",
            f"time() - {_only(metrics.GROUP_PREPARED_SINCE)}",
            "For how long. Empty: it is not prepared.",
            "s",
        ),
    ):
        made.with_panel(number(title, expr, says, unit=unit))
    made.with_row(Row("How recent"))
    made.with_panel(
        lines(
            "Age against the objective",
            "Above the objective, it is missed.",
            (age, "age"),
            (_only(metrics.GROUP_OBJECTIVE), "objective"),
            unit="s",
        )
    )
    made.with_panel(
        lines("Points in time at the target", "How many are listed.", (_only(metrics.GROUP_POINTS), "points in time"))
    )
    made.with_row(Row("Requests"))
    made.with_panel(
        lines(
            "Requests in flight",
            "By kind, phase and reason.",
            (best(metrics.GROUP_IN_FLIGHT, ("kind", "phase", "reason"), _HERE), "{{kind}} {{phase}} {{reason}}"),
            width=WHOLE // 3,
        )
    )
    made.with_panel(
        lines(
            "Progress of the transfer",
            "As the target array says.",
            (_only(metrics.TRANSFER_PROGRESS), "progress"),
            unit="percentunit",
            width=WHOLE // 3,
        )
    )
    made.with_panel(
        lines(
            "Arrived bytes of the transfer",
            "As the target array says.",
            (_only(metrics.TRANSFER_BYTES), "bytes"),
            unit="bytes",
            width=WHOLE // 3,
        )
    )
    made.with_row(Row("State"))
    made.with_panel(
        rows(
            "State in vSphere",
            "Of both sides, as last known.",
            ("is so", best(metrics.GROUP_STATE, ("side", "state"), _HERE), "short"),
            width=WHOLE // 3,
        )
    )
    made.with_panel(
        rows(
            "Last request of each kind",
            "Also of before a restart of the operator.",
            ("ended ago", f"time() - {best(metrics.GROUP_LAST_END, ('kind', 'outcome', 'reason'), _HERE)}", "s"),
            width=WHOLE // 3,
        )
    )
    made.with_panel(
        rows(
            "Schedules of the group",
            "A next run in the past is overdue.",
            ("next run in", f"{best(metrics.SCHEDULE_NEXT, _SCHEDULE, _HERE)} - time()", "s"),
            ("missed", best(metrics.SCHEDULE_MISSED, _SCHEDULE, _HERE), "short"),
            width=WHOLE // 3,
        )
    )
    return made
