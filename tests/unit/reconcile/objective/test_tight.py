"""`ObjectiveTooTight`, and what of an array's own schedule it is judged by."""

from __future__ import annotations

from datetime import timedelta

import pytest

from vvol_replication.api.group import ArrayPolicyStatus, RetentionStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.arrays import ProtectionPolicy, ReplicationSchedule, Retention
from vvol_replication.reconcile.objective.policy import policy_of, shown_policy, unknown_policy
from vvol_replication.reconcile.objective.tight import TOO_TIGHT, longest_interval, too_tight

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.parametrize("interval", [HOUR, 15 * MINUTE])
def test_what_comes_too_seldom_is_told_with_who_makes_it(interval: timedelta) -> None:
    wanted = too_tight(15 * MINUTE, interval)
    assert wanted is not None
    assert (wanted.type, wanted.status, wanted.reason) == (TOO_TIGHT, "True", Reason.OBJECTIVE_TOO_TIGHT)
    assert wanted.message.startswith("The protection group's own replication schedule lets up to ")
    other = too_tight(15 * MINUTE, interval, "ReplicationSchedule 'nightly'")
    assert other is not None
    assert other.message.startswith("ReplicationSchedule 'nightly' lets up to ")


@pytest.mark.parametrize(
    ("objective", "interval"), [(None, HOUR), (HOUR, None), (HOUR, HOUR - timedelta(seconds=1)), (None, None)]
)
def test_what_is_held_or_not_known_is_not_told(objective: timedelta | None, interval: timedelta | None) -> None:
    assert too_tight(objective, interval) is None


@pytest.mark.parametrize(
    ("schedule", "longest"),
    [
        (None, None),
        (ReplicationSchedule(enabled=False, every=HOUR), None),
        (ReplicationSchedule(enabled=True, every=None), None),
        (ReplicationSchedule(enabled=True, every=HOUR), HOUR),
        (ReplicationSchedule(enabled=True, every=HOUR, blackout=8 * HOUR), 8 * HOUR),
        (ReplicationSchedule(enabled=True, every=HOUR, blackout=MINUTE), HOUR),
    ],
)
def test_the_longest_time_between_two_replications(schedule: ReplicationSchedule | None, longest: object) -> None:
    assert longest_interval(schedule) == longest


ON, OFF = ReplicationSchedule(enabled=True, every=HOUR, blackout=8 * HOUR), ReplicationSchedule(False, None)  # noqa: FBT003 - off
KEPT = Retention(400 * 24 * HOUR, 4, 7)


@pytest.mark.parametrize(
    "policy",
    [
        ProtectionPolicy(ON, KEPT),
        ProtectionPolicy(OFF, None),
        ProtectionPolicy(None, Retention(None, 0, None)),
        ProtectionPolicy(None, Retention(timedelta(), 0, 0)),
    ],
)
def test_a_policy_is_read_back_from_a_status_as_it_was(policy: ProtectionPolicy) -> None:
    assert policy_of(shown_policy(policy)) == policy


def test_a_policy_as_it_is_shown() -> None:
    assert shown_policy(ProtectionPolicy(ON, KEPT)) == ArrayPolicyStatus(
        replicates=True, interval="1h", blackout="8h", retention=RetentionStatus(4, "9600h", 7)
    )


@pytest.mark.parametrize("shown", [None, unknown_policy("PermissionDenied"), shown_policy(ProtectionPolicy())])
def test_what_is_not_known_is_said_and_stays_unknown(shown: ArrayPolicyStatus | None) -> None:
    assert policy_of(shown) == ProtectionPolicy()
    assert shown is None or shown.unknown in {"PermissionDenied", "NotSupported"}


def test_a_retention_that_cannot_be_read_back_is_unknown() -> None:
    assert policy_of(ArrayPolicyStatus(retention=RetentionStatus(4, "a while", 7))) == ProtectionPolicy()
