"""One alert, and the parts that the expressions of alerts have in common."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vvol_replication.metrics.catalogue import Metric

RUNBOOKS = "https://example.com/vvol-replication/docs/runbooks.md"
"""Where the page of runbooks is shown. The repository cannot know; the chart has a value for it."""
GROUP, SCHEDULE, ENDPOINT = ("namespace", "group"), ("namespace", "schedule", "group"), ("kind", "name")
INSTALLATION = ("namespace", "job")
"""The labels by which an expression has one series for each object; for each set of replicas."""
BRIDGE = "5m"
"""For how long a value is remembered that is not there: longer than a replica takes to follow another one."""


class Severity(StrEnum):
    """Whom it is for."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alerting rule.

    Parameters:
        name: in CamelCase. The page of runbooks has a chapter of that name.
        severity: critical: somebody is called at night. warning: somebody looks the next day.
        expr: PromQL. It has no labels of a process, so that one replica can follow another one.
        holds: for how long it must hold before it fires, as Prometheus writes durations; "0m": not at all.
        summary: one short sentence, with the names of the object.
        description: what was seen, and what it means. Both may have Prometheus' templates.
        when: in words, when it fires: for the page of alerts.
    """

    name: str
    severity: Severity
    expr: str
    holds: str
    summary: str
    description: str
    when: str

    @property
    def anchor(self) -> str:
        """Where its runbook is on the page."""
        return self.name.lower()


def seen(metric: Metric, by: tuple[str, ...], selector: str = "", back: str = BRIDGE, ago: str = "") -> str:
    """The last known value for each object, whichever replica knew it: it outlives a restart of the operator.

    `back`: how far it is looked for; `ago`: from when on, instead of now.
    """
    offset = f" offset {ago}" if ago else ""
    return f"max by ({', '.join(by)}) (last_over_time({metric.name}{selector}[{back}]{offset}))"


def extreme(which: str, metric: Metric, by: tuple[str, ...], window: str) -> str:
    """The largest (`max`) or smallest (`min`) value for each object within a window, of all replicas."""
    return f"{which} by ({', '.join(by)}) ({which}_over_time({metric.name}[{window}]))"
