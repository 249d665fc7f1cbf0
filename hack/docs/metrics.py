"""The page of metrics: every one that the operator has, from its catalogue."""

from __future__ import annotations

from itertools import groupby

from vvol_replication.metrics.catalogue import METRICS, OUTCOMES, Per

_HEAD = """# Metrics

With `--http-port`, the operator serves `/metrics` on the port of `/livez` and `/readyz`. It is plain HTTP. The scraper
chooses OpenMetrics or Prometheus' text format, and whether the answer is gzipped. Each replica serves its own metrics.
A replica that waits for the Lease has only those *for each process*, and `vvol_leader` is 0.

- **Values come from the statuses** in the API server, if a status has them. So they survive a restart. When an object
  is deleted, its series are gone with the next scrape. While nothing changes, the status of an endpoint is written
  every minute, and the status of a group every five minutes. So `vvol_…_last_read_timestamp_seconds` can be that much
  too old.
- **Counters and histograms start again at 0** with the process. Those of storage calls also do so with each new session
  to the endpoint. Those of schedules do not: they are in the statuses.
- **A counter with labels appears with its first event.** `increase()` does not see that event.
  `vvol_group_last_request_finished_timestamp_seconds` shows how requests ended too, by group, also after a restart.
- **Times are times**, in seconds since 1970. They are never ages. The age of the newest point in time is
  `time() - vvol_group_newest_point_in_time_timestamp_seconds`, by the clock of the Prometheus server. The meaning of
  each metric says which clock its time is from.
- **An absent series means "not known" or "does not apply".** A 0 is never a guess.
- **Labels have names of objects and words of closed lists**: kinds, phases, [reasons](reasons.md), operations. They
  never have the name of a request, or a text or version from an endpoint.
- **`namespace` and `name` are those of the object.** Some scrapers set labels of these names on their targets. For
  example, Prometheus' operator sets `namespace`. Then ask it to keep the labels of this page: `honorLabels: true` in a
  ServiceMonitor, `honor_labels: true` in `scrape_configs`. Otherwise they are renamed to `exported_namespace`.
"""

_CHAPTERS = {
    Per.GROUP: (
        "For each ReplicationGroup",
        "`namespace` and `group` name the object. What is in its status is there right after a restart.",
    ),
    Per.SCHEDULE: (
        "For each ReplicationSchedule",
        "`namespace` and `schedule` name the object, `group` its ReplicationGroup: empty if the spec cannot be read.",
    ),
    Per.ENDPOINT: (
        "For each VCenter and FlashArray",
        (
            "`kind` is `VCenter` or `FlashArray`, and `name` is the name of the object. An operation is one question "
            "or one change, with one call or several calls. Those of a VCenter are `about`, `inventory`, `group`, "
            "`points_in_time`, `start_sync`, `start_prepare`, `task` and `members`. Those of a FlashArray are `about`, "
            "`connections`, `protection_group`, `snapshots`, `transfers`, `policies` and `push`. "
            "The [glossary](glossary.md#words) explains the outcomes."
        ),
    ),
    Per.PROCESS: ("For each process", "All labels are words of closed lists."),
}

_TAIL = """## Phases of a request

When the request ends, its phases are counted by the times in its ledger. A phase is not counted if one of its times is
not known, or if it ends before it begins because two clocks differ.

| phase | from | until |
|---|---|---|
| `queue` | accepted | its turn on the protection group |
| `arming` | right before the last call that starts the sync | its task was seen pending |
| `push` | right before the call that pushes | the transfer begins, by the target array's clock |
| `transfer` | the transfer begins | it is completed. Both by the target array's clock |
| `verify` | the transfer is completed, by the target array's clock | the request has succeeded |
| `total` | accepted | ended |

## Outcomes of a write to the API server

| outcome | answer |
|---|---|
"""


def render() -> str:
    """The page as Markdown."""
    lines = [_HEAD]
    for per, members in groupby(METRICS, key=lambda one: one.per):
        title, text = _CHAPTERS[per]
        lines += [f"## {title}", "", text, ""]
        lines += ["| metric | type | labels | meaning | absent | series |", "|---|---|---|---|---|---|"]
        for one in members:
            labels = ", ".join(f"`{label}`" for label in one.labels)
            cells = (f"`{one.name}`", one.type, labels, one.help, one.absent or "never", one.series)
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    outcomes = "\n".join(f"| `{word}` | {meaning} |" for word, meaning in OUTCOMES.items())
    return "\n".join([*lines, _TAIL.rstrip("\n"), outcomes, ""])
