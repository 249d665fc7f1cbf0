"""VCenters and FlashArrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders.dashboard import Row

from vvol_replication.metrics import catalogue as metrics

from .board import best, board, lines, quantile, rows

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

_HERE = '{name=~"$name"}'
_BY = ("kind", "name")
_NAME = "{{kind}} {{name}}"


def build() -> Dashboard:
    """The dashboard."""
    made = board(
        "vvol-endpoints",
        "vVol replication / Endpoints",
        "VCenters and FlashArrays: whether they answer, and how their calls end.",
        ("name", metrics.ENDPOINT_READY, True),
    )
    made.with_row(Row("Now"))
    made.with_panel(
        rows(
            "Endpoints",
            "1: yes, 0: no. An empty cell is not known, or does not apply.",
            ("ready", best(metrics.ENDPOINT_READY, _BY, _HERE), "short"),
            ("reachable", best(metrics.ENDPOINT_UP, _BY, _HERE), "short"),
            ("logged in", best(metrics.ENDPOINT_LOGGED_IN, _BY, _HERE), "short"),
            ("read ago", f"time() - {best(metrics.ENDPOINT_LAST_READ, _BY, _HERE)}", "s"),
            ("certificate expires in", f"{best(metrics.ENDPOINT_CERTIFICATE, _BY, _HERE)} - time()", "s"),
            ("clock is ahead by", best(metrics.ENDPOINT_SKEW, _BY, _HERE), "s"),
        )
    )
    made.with_row(Row("Over time"))
    made.with_panel(lines("Reachable", "1: it answers.", (best(metrics.ENDPOINT_UP, _BY, _HERE), _NAME)))
    made.with_panel(
        lines(
            "Repeated readings",
            "Readings that were started because the reading before had failed.",
            (f"sum by (kind, name) (increase({metrics.ENDPOINT_RETRIES.name}{_HERE}[$__rate_interval]))", _NAME),
        )
    )
    made.with_row(Row("Calls"))
    made.with_panel(
        lines(
            "Calls by outcome",
            "In a second.",
            (
                f"sum by (kind, name, outcome) (rate({metrics.CALLS.name}{_HERE}[$__rate_interval]))",
                f"{_NAME} {{{{outcome}}}}",
            ),
            unit="cps",
        )
    )
    made.with_panel(
        lines(
            "Duration of calls, 95th percentile",
            "With the wait for their turn and the login.",
            (quantile(0.95, metrics.CALL_DURATION, _BY, _HERE, "$__rate_interval"), _NAME),
            unit="s",
        )
    )
    made.with_panel(
        lines("Calls that wait", "For `spec.maxConcurrentCalls`.", (best(metrics.CALLS_WAITING, _BY, _HERE), _NAME))
    )
    made.with_panel(
        lines(
            "Difference of clocks",
            "Between a FlashArray and the operator, in either direction.",
            (f"abs({best(metrics.ENDPOINT_SKEW, _BY, _HERE)})", _NAME),
            unit="s",
        )
    )
    return made
