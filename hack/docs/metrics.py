"""The page of metrics: every one that the operator tells, from its catalogue."""

from __future__ import annotations

from itertools import groupby

from vvol_replication.metrics.catalogue import METRICS, OUTCOMES, Per

_HEAD = """# Metrics

Started with `--http-port`, the operator serves `/metrics` beside `/livez` and `/readyz`: plain HTTP, in OpenMetrics or
Prometheus' text format, whichever the scraper prefers, gzipped if it takes that. Each replica serves its own: one that
stands by has what is *per process* only, with `vvol_leader` 0.

- **Values come from the statuses**, as the API server holds them, wherever those have them: they survive a restart, and
  the series of an object that was deleted are gone with the next scrape. Where nothing changes, a status is written
  every minute for an endpoint and every five for a group: `vvol_…_last_read_timestamp_seconds` may lag by so much.
- **Counters and histograms begin anew** with the process, those of storage calls also with each new session of their
  endpoint; but for those of schedules, which are in the statuses.
- **A counter with labels appears with its first event**, and `increase()` does not see that one. How requests ended is
  in `vvol_group_last_request_finished_timestamp_seconds` as well, by the names of their groups, also after a restart.
- **Times are times**, in seconds since 1970, never ages: `time() - vvol_group_newest_point_in_time_timestamp_seconds`
  is an age, as the Prometheus server sees it. By whose clock a time is, its row says.
- **A series that is absent says "not known", or "does not apply"**; a 0 is never a guess.
- **Labels hold names of objects and words of closed lists**: kinds, phases, [reasons](reasons.md), operations. Names of
  requests, texts of endpoints, and versions that they tell are in none.
- **`namespace` and `name` are the object's.** A scraper that sets labels of the same names on its targets, as
  Prometheus' operator does with `namespace`, has to leave ours alone: `honorLabels: true` in a ServiceMonitor,
  `honor_labels: true` in `scrape_configs`. Otherwise ours are called `exported_namespace`.
"""

_CHAPTERS = {
    Per.GROUP: (
        "For each ReplicationGroup",
        "`namespace` and `group` name the object. What its status has is there from the first second after a restart.",
    ),
    Per.SCHEDULE: (
        "For each ReplicationSchedule",
        "`namespace` and `schedule` name the object, `group` its ReplicationGroup: empty if the spec cannot be read.",
    ),
    Per.ENDPOINT: (
        "For each VCenter and FlashArray",
        (
            "`kind` is `VCenter` or `FlashArray`, `name` the object's. Operations are what is asked of it, each "
            "one call or several on the wire: `about`, `inventory`, `group`, `points_in_time`, `start_sync`, "
            "`start_prepare`, `task` and `members` of a VCenter; `about`, `connections`, `protection_group`, "
            "`snapshots`, `transfers` and `push` of a FlashArray. Outcomes are in the [glossary](glossary.md#words)."
        ),
    ),
    Per.PROCESS: ("For each process", "The labels are all words of closed lists."),
}

_TAIL = """## Phases of a request

By the times in the ledger, when the request ends; a phase of which one end is not known, or whose end is before its
beginning because two clocks differ, is not counted.

| phase | from | until |
|---|---|---|
| `queue` | accepted | its turn on the protection group |
| `arming` | the sync is about to be asked for, the last time | its task was seen pending |
| `push` | the push is about to be asked for | the transfer begins, by the target array's clock |
| `transfer` | the transfer begins | it is completed; both by the target array's clock |
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
