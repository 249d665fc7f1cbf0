"""Situations of requests: in which their alerts fire, and in which not."""

from __future__ import annotations

from telemetry.alert_case import Case

from monitoring.alerts import requests

DAY = 24 * 60
SYNC = {"namespace": "erp-prod", "group": "erp", "kind": "ReplicationSync"}
FAILED, UNKNOWN, WAITS = requests.FAILED, requests.OUTCOME_UNKNOWN, requests.WAITS


def ended(outcome: str, reason: str, values: str, pod: str = "one") -> dict[str, str]:
    """How the last sync on the group ended, as one replica has it."""
    labels = (
        f'namespace="erp-prod",group="erp",kind="ReplicationSync",outcome="{outcome}",reason="{reason}",pod="{pod}"'
    )
    return {f"vvol_group_last_request_finished_timestamp_seconds{{{labels}}}": values}


def waiting(reason: str, values: str, pod: str = "one") -> dict[str, str]:
    """How many syncs wait for that reason, as one replica has it."""
    labels = f'namespace="erp-prod",group="erp",kind="ReplicationSync",phase="Waiting",reason="{reason}",pod="{pod}"'
    return {f"vvol_group_requests_in_flight{{{labels}}}": values}


CASES = (
    Case(FAILED, "it timed out", ended("Failed", "TimedOut", "600x60"), 20, SYNC | {"reason": "TimedOut"}),
    Case(FAILED, "it was missed", ended("Missed", "Missed", "600x60"), 20, SYNC | {"reason": "Missed"}),
    Case(FAILED, "it succeeded", ended("Succeeded", "Complete", "600x60"), 20),
    Case(FAILED, "somebody cancelled it", ended("Cancelled", "Cancelled", "600x60"), 20),
    Case(FAILED, "its outcome is unknown", ended("Failed", "SyncOutcomeUnknown", "600x60"), 20),
    Case(
        FAILED,
        "the next one succeeded",
        ended("Failed", "TimedOut", "600x20 stale") | ended("Succeeded", "Complete", "_x21 1200x60"),
        30,
    ),
    Case(FAILED, "it was two days ago", ended("Failed", "TimedOut", f"600x{3 * DAY}"), 2 * DAY + 20),
    Case(
        FAILED,
        "another replica takes over",
        ended("Failed", "TimedOut", "600x20 stale") | ended("Failed", "TimedOut", "_x24 600x60", "two"),
        23,
        SYNC | {"reason": "TimedOut"},
    ),
    Case(
        UNKNOWN,
        "the answer to the sync was lost",
        ended("Failed", "SyncOutcomeUnknown", "600x60"),
        20,
        SYNC | {"reason": "SyncOutcomeUnknown"},
    ),
    Case(UNKNOWN, "it failed", ended("Failed", "TimedOut", "600x60"), 20),
    Case(
        UNKNOWN,
        "the next one succeeded",
        ended("Failed", "SyncOutcomeUnknown", "600x20 stale") | ended("Succeeded", "Complete", "_x21 1200x60"),
        30,
    ),
    Case(
        WAITS,
        "there is no such group",
        waiting("GroupNotFound", "1x60"),
        16,
        SYNC | {"reason": "GroupNotFound"},
        "1",
    ),
    Case(WAITS, "it has waited for ten minutes", waiting("GroupNotFound", "1x60"), 10),
    Case(WAITS, "another one has its turn", waiting("GroupBusy", "1x60"), 60),
    Case(WAITS, "somebody suspended it", waiting("Suspended", "1x60"), 60),
    Case(WAITS, "an endpoint cannot be reached", waiting("Unreachable", "1x60"), 60),
    Case(WAITS, "it goes on", waiting("GroupNotFound", "1x8 stale _x30"), 16),
    Case(
        WAITS,
        "the operator is restarted while it waits",
        waiting("TargetNotAllowed", "2x8 stale") | waiting("TargetNotAllowed", "_x12 2x30", "two"),
        16,
        SYNC | {"reason": "TargetNotAllowed"},
        "2",
    ),
)
