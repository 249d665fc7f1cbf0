"""Situations of the operator: in which its alerts fire, and in which not."""

from __future__ import annotations

from telemetry.alert_case import Case

from monitoring.alerts import operator

_HERE = 'namespace="vvol-replication-system",job="vvol-replication"'
HERE = {"namespace": "vvol-replication-system", "job": "vvol-replication"}


def of(metric: str, values: str, pod: str = "one", labels: str = "") -> dict[str, str]:
    """A series of one replica."""
    return {f'vvol_{metric}{{{_HERE},pod="{pod}"{labels}}}': values}


def writes(outcome: str, values: str, pod: str = "one") -> dict[str, str]:
    """Writes of one replica to the API server that ended so."""
    labels = f',verb="patch",resource="replicationsyncs/status",outcome="{outcome}"'
    return of("api_writes_total", values, pod, labels)


ABSENT, NOBODY, WRITES = operator.ABSENT, operator.NOBODY_LEADS, operator.API_WRITES_FAIL

CASES = (
    Case(ABSENT, "it was never there", {}, 6, {}),
    Case(ABSENT, "its last replica ended six minutes ago", of("build_info", "1x9 stale _x30"), 17, {}),
    Case(ABSENT, "it runs", of("build_info", "1x30"), 20),
    Case(ABSENT, "it is restarted", of("build_info", "1x9 stale _x3 1x30"), 20),
    Case(
        ABSENT,
        "one of two replicas ended",
        of("build_info", "1x9 stale _x30") | of("build_info", "1x40", "two"),
        20,
    ),
    Case(NOBODY, "both replicas wait", of("leader", "1x4 0x30") | of("leader", "0x40", "two"), 8, HERE),
    Case(NOBODY, "one of two acts", of("leader", "1x40") | of("leader", "0x40", "two"), 20),
    Case(NOBODY, "the other one takes over", of("leader", "1x9 stale") | of("leader", "0x10 1x30", "two"), 12),
    Case(NOBODY, "the new pod waits for the old Lease to end", of("leader", "1x9 stale _x2 0 1x30"), 14),
    Case(NOBODY, "no replica is there", of("leader", "0x4 stale _x30"), 12),
    Case(
        WRITES,
        "a role is missing: nothing can be written",
        writes("ok", "100x40") | writes("denied", "1+2x40"),
        30,
        HERE,
        "100%",
    ),
    Case(
        WRITES,
        "one in five has no answer",
        writes("ok", "0+4x40") | writes("unanswered", "0+1x40"),
        30,
        HERE,
        "20%",
    ),
    Case(WRITES, "one in fifty has no answer", writes("ok", "0+49x40") | writes("unanswered", "0+1x40"), 30),
    Case(WRITES, "there are many conflicts", writes("ok", "0+4x40") | writes("conflict", "0+4x40"), 30),
    Case(WRITES, "two of two failed", writes("ok", "10x40") | writes("error", "0x19 1 2x40"), 28),
    Case(
        WRITES,
        "the operator was restarted and counts from 0",
        writes("ok", "0+9x20 0+9x20") | writes("error", "50x20 0x20"),
        30,
    ),
    Case(
        WRITES,
        "it fails before and after a restart",
        writes("ok", "0+1x20 0+1x20") | writes("error", "0+3x20 0+3x20"),
        30,
        HERE,
        "75%",
    ),
)
