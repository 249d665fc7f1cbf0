"""A dry run: every check reported, nothing asked for, and what the real run would do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from unit.reconcile.model.world import BINDING
from unit.reconcile.preparation.case import AWAY, NOW, SPEC, TUNING, decide, says, seen, text, vm
from unit.reconcile.preparation.test_before_the_call import ENDS, WAITS

from vvol_replication.api.preparation import CheckResult
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.members import Membership, PowerState
from vvol_replication.reconcile.binding.world import Unbound
from vvol_replication.reconcile.core.observation import Observation, Query
from vvol_replication.reconcile.core.steps import Finish, Park, Read

DRY = replace(SPEC, dry_run=True)


def test_when_all_is_well_the_group_could_be_prepared() -> None:
    decision = decide(spec=DRY)
    assert isinstance(decision.step, Finish)
    assert says(decision, "Complete") == ("True", "DryRun")
    assert says(decision, "Preparable") == ("True", "ChecksPassed")
    assert [one.result for one in decision.status.checks] == [CheckResult.PASSED] * 8


@pytest.mark.parametrize("case", [*WAITS, *ENDS])
def test_it_predicts_what_the_real_run_would_refuse(case: str) -> None:
    readings, more, reason = {**WAITS, **ENDS}[case]
    decision = decide(seen(readings, **more), spec=DRY)
    assert says(decision, "Complete") == ("True", "DryRun")
    status = "Unknown" if case == "unreachable" else "False"
    assert says(decision, "Preparable") == (status, reason)
    assert ("would fail" if case in ENDS else "would wait") in text(decision, "Preparable")


def test_it_has_ended_and_does_not_say_that_it_goes_on() -> None:
    on = {Query.MEMBERS: Membership((vm(PowerState.ON),))}
    dry = decide(seen(on), spec=DRY)
    told = [text(dry), text(dry, "Preparable"), *(one.message or "" for one in dry.status.checks)]
    assert any(said.endswith("is powered on. Shut it down.") for said in told)
    told.append(text(decide(seen(behind="prod/one"), spec=DRY)))
    assert not any("goes on by itself" in said for said in told)
    assert text(decide(seen(on))).endswith("Then the preparation goes on by itself.")


def test_whoever_has_the_turn_is_told() -> None:
    decision = decide(seen(behind="prod/one"), spec=DRY)
    assert says(decision, "Preparable") == ("False", "GroupBusy")


def test_readings_are_taken_once_and_a_failed_one_is_told_as_it_is() -> None:
    first = decide(Observation(confirmed=True, bound=BINDING), spec=DRY)
    assert isinstance(first.step, Read)
    failed = decide(seen({Query.MEMBERS: AWAY}), spec=DRY)
    found = {one.name: one for one in failed.status.checks}
    assert found["VirtualMachines"].result is CheckResult.NOT_CHECKED
    assert found["VirtualMachines"].message == AWAY.message
    assert found["Arrays"].result is CheckResult.PASSED


@pytest.mark.parametrize(
    "bound", [None, Unbound(Reason.GROUP_NOT_FOUND, "Create it. The request goes on by itself then.")]
)
def test_what_is_not_there_yet_gets_the_settle_time(bound: Any) -> None:
    waiting = decide(replace(seen(), bound=bound), spec=DRY, now=NOW - timedelta(minutes=2))
    assert isinstance(waiting.step, Park)
    late = decide(replace(seen(), bound=bound), spec=DRY, now=NOW - timedelta(minutes=2) + TUNING.settle)
    assert isinstance(late.step, Park if bound is None else Finish)
    if bound is not None:
        assert says(late, "Preparable") == ("False", "GroupNotFound")
        assert text(late, "Preparable").endswith("Create it.")
        assert late.status.checks[0].result is CheckResult.PASSED
        assert {one.result for one in late.status.checks[1:]} == {CheckResult.NOT_CHECKED}


def test_a_suspended_group_would_make_it_wait_unless_something_would_end_it() -> None:
    suspended = replace(BINDING, suspended=True)
    assert says(decide(replace(seen(), bound=suspended), spec=DRY), "Preparable") == ("False", "GroupSuspended")
    readings, _, reason = ENDS["failed over"]
    over = decide(replace(seen(readings), bound=suspended), spec=DRY)
    assert says(over, "Preparable") == ("False", reason)
    on = decide(replace(seen({Query.MEMBERS: Membership((vm(PowerState.ON),))}), bound=suspended), spec=DRY)
    assert says(on, "Preparable") == ("False", "GroupSuspended")
