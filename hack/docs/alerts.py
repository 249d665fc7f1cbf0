"""The page of alerts: every one, when it fires, and where its runbook is."""

from __future__ import annotations

from monitoring.alerts.alert import BRIDGE, RUNBOOKS
from monitoring.rules import GROUPS

_WAYS = (
    (
        "Prometheus' operator, and Helm",
        (
            "`metrics.prometheusRule.enabled: true` in the "
            "[values of the chart](../charts/vvol-replication/README.md#values). "
            "`metrics.prometheusRule.labels` has the labels by which your Prometheus finds rules"
        ),
    ),
    (
        "Prometheus' operator, and kustomize",
        "the component `manifests/monitoring/alerts`: `components: [../../monitoring/alerts]` in an overlay",
    ),
    ("Prometheus alone", "the file `manifests/monitoring/rules.yaml`, in `rule_files` of Prometheus' configuration"),
)
_HEAD = """# Alerts

The repository has alerts for Prometheus. They use the [metrics](metrics.md) of the operator. Each has a
[runbook](runbooks.md), which says what to look at first.

| you have | install |
|---|---|
"""
_NOTES = """
- **`runbook_url`** of an alert is a chapter of [runbooks](runbooks.md). As shipped it begins with
  `ADDRESS`.
  Set `metrics.prometheusRule.runbookURL` to the address where your team reads that page. In the two files, replace it.
- **Severities.** `critical`: call somebody at night. `warning`: look at it the next day.
- **`namespace` and `name` are those of the object.** The scraper has to
  [keep these labels](metrics.md#metrics): `honorLabels: true`.
- **A restart of the operator changes nothing.** While its metrics are missing, their last values count for up
  to BRIDGE. So an alert also ends up to BRIDGE late if an object was deleted, or if another replica has taken over.
- **Without metrics there are no alerts**, except `VvolOperatorAbsent`. Let somebody know if Prometheus itself stops.
- **An endpoint that comes and goes** has an alert of its own. `VvolEndpointUnreachable` needs 5 minutes without an
  answer.
- **A suspended request is meant to be so.** It has no alert.
""".replace("ADDRESS", RUNBOOKS).replace("BRIDGE", BRIDGE)
_TITLES = {
    "vvol-operator": "The operator",
    "vvol-endpoints": "VCenters and FlashArrays",
    "vvol-groups": "ReplicationGroups and ReplicationSchedules",
    "vvol-requests": "Requests",
}


def render() -> str:
    """The page as Markdown."""
    ways = "".join(f"| {have} | {install} |\n" for have, install in _WAYS)
    lines = [_HEAD + ways + _NOTES]
    for group, alerts in GROUPS.items():
        lines += [f"## {_TITLES[group]}", "", "| alert | severity | fires when | for |", "|---|---|---|---|"]
        for one in alerts:
            link = f"[`{one.name}`](runbooks.md#{one.anchor})"
            holds = "" if one.holds == "0m" else one.holds
            lines.append(f"| {link} | {one.severity} | {one.when} | {holds} |")
        lines.append("")
    return "\n".join(lines)
