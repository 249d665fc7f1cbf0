"""The alerts as Prometheus reads them: a file of rules, and a PrometheusRule for Prometheus' operator."""

from __future__ import annotations

from typing import Any

import yaml

from .alerts import endpoints, groups, operator, requests
from .alerts.alert import RUNBOOKS, Alert

GROUPS: dict[str, tuple[Alert, ...]] = {
    "vvol-operator": operator.ALERTS,
    "vvol-endpoints": endpoints.ALERTS,
    "vvol-groups": groups.ALERTS,
    "vvol-requests": requests.ALERTS,
}
"""All alerts, by the group of rules that they are in: the most far-reaching first."""
ALERTS: tuple[Alert, ...] = tuple(one for alerts in GROUPS.values() for one in alerts)


class _Text(str):
    """Is written as a block if it has several lines."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes keys in their order, and expressions of several lines as people write them."""


_Dumper.add_representer(
    _Text,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", str(text), style="|" if "\n" in text else None
    ),
)


def rule(alert: Alert) -> dict[str, Any]:
    """One rule, as in a file of rules."""
    return {
        "alert": alert.name,
        "expr": _Text(alert.expr),
        **({} if alert.holds == "0m" else {"for": alert.holds}),
        "labels": {"severity": str(alert.severity)},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": f"{RUNBOOKS}#{alert.anchor}",
        },
    }


def _groups() -> dict[str, Any]:
    return {"groups": [{"name": name, "rules": [rule(one) for one in alerts]} for name, alerts in GROUPS.items()]}


def _written(obj: dict[str, Any]) -> str:
    return yaml.dump(obj, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)


def plain() -> str:
    """The file for `rule_files` of Prometheus' configuration."""
    return _written(_groups())


def prometheus_rule() -> str:
    """The object for Prometheus' operator."""
    labels = {"app.kubernetes.io/name": "vvol-replication", "app.kubernetes.io/part-of": "vvol-replication"}
    head = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule"}
    return _written({**head, "metadata": {"name": "vvol-replication", "labels": labels}, "spec": _groups()})
