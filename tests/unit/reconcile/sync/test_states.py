"""Every state of a group x every method: the right calls, or a precise refusal or wait before any mutating call."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.world import BINDING, World

from vvol_replication.api.status import Phase
from vvol_replication.api.sync import Method, SyncSpec
from vvol_replication.domain.groups import GroupState

GOES = ("", Phase.RUNNING)
PREPARED = "prepared"
FAILED_OVER = ("GroupFailedOver", Phase.FAILED)

# What Ready says, and in which phase; where the request goes on, which mutating calls are made instead.
TABLE: dict[tuple[Method, str], tuple[str, Phase, tuple[str, ...]]] = {
    (Method.COORDINATED, "TARGET"): (*GOES, ("arm", "push")),
    (Method.COORDINATED, "SOURCE"): ("WrongState", Phase.WAITING, ()),
    (Method.COORDINATED, "FAILEDOVER"): (*FAILED_OVER, ()),
    (Method.COORDINATED, "REMOTE_FAILEDOVER"): (*FAILED_OVER, ()),
    (Method.COORDINATED, "INTEST"): ("InTest", Phase.WAITING, ()),
    (Method.COORDINATED, "UNKNOWN"): ("StateUnknown", Phase.WAITING, ()),
    (Method.COORDINATED, PREPARED): ("GroupPrepared", Phase.FAILED, ("arm",)),
    (Method.AWAIT_SCHEDULE, "TARGET"): (*GOES, ("arm",)),
    (Method.AWAIT_SCHEDULE, "SOURCE"): ("WrongState", Phase.WAITING, ()),
    (Method.AWAIT_SCHEDULE, "FAILEDOVER"): (*FAILED_OVER, ()),
    (Method.AWAIT_SCHEDULE, "REMOTE_FAILEDOVER"): (*FAILED_OVER, ()),
    (Method.AWAIT_SCHEDULE, "INTEST"): ("InTest", Phase.WAITING, ()),
    (Method.AWAIT_SCHEDULE, "UNKNOWN"): ("StateUnknown", Phase.WAITING, ()),
    (Method.AWAIT_SCHEDULE, PREPARED): ("GroupPrepared", Phase.FAILED, ("arm",)),
    # Nobody can be asked whether it changes: what is not in order is an end.
    (Method.ARRAY_ONLY, "TARGET"): (*GOES, ("push",)),
    (Method.ARRAY_ONLY, "SOURCE"): ("WrongSide", Phase.FAILED, ()),
    (Method.ARRAY_ONLY, "FAILEDOVER"): (*FAILED_OVER, ()),
    (Method.ARRAY_ONLY, "REMOTE_FAILEDOVER"): (*FAILED_OVER, ()),
    (Method.ARRAY_ONLY, "INTEST"): ("InTest", Phase.FAILED, ()),
    (Method.ARRAY_ONLY, "UNKNOWN"): ("StateUnknown", Phase.FAILED, ()),
    (Method.ARRAY_ONLY, PREPARED): (*GOES, ("push",)),
}


def test_the_table_is_whole() -> None:
    assert set(TABLE) == {(method, state) for method in Method for state in (*GroupState, PREPARED)}


def _driver(method: Method, state: str) -> Driver:
    world = World()
    if state == PREPARED:
        world.prepare()
    else:
        world.target_state = GroupState(state)
    driver = Driver(world, SyncSpec(group="erp", method=method))
    driver.bound = replace(BINDING, target=replace(BINDING.target, state=world.target_state))
    return driver


@pytest.mark.parametrize(("method", "state"), list(TABLE))
def test_a_state_and_a_method(method: Method, state: str) -> None:
    reason, phase, calls = TABLE[method, state]
    driver = _driver(method, state)
    for _ in range(12):
        driver.until_parked()
        if driver.ended:
            break
        driver.wait()
    assert tuple(step for step in driver.steps if step in ("arm", "push")) == calls
    assert driver.status.phase is phase
    assert not reason or driver.reason() == reason
    if phase is not Phase.RUNNING and state != PREPARED:
        assert state in driver.message(), "the state that was seen is told"


@pytest.mark.parametrize("method", [Method.COORDINATED, Method.AWAIT_SCHEDULE])
@pytest.mark.parametrize("state", [one for one in GroupState if one is not GroupState.SOURCE])
def test_the_source_group_has_to_be_a_source(method: Method, state: GroupState) -> None:
    driver = Driver(World(source_state=state), SyncSpec(group="erp", method=method))
    driver.until_parked()
    ended = state in (GroupState.FAILEDOVER, GroupState.REMOTE_FAILEDOVER)
    assert driver.status.phase is (Phase.FAILED if ended else Phase.WAITING)
    assert "arm" not in driver.steps


@pytest.mark.parametrize("state", [one for one in GroupState if one is not GroupState.SOURCE])
def test_for_the_arrays_alone_the_source_group_was_a_source_when_it_was_last_seen(state: GroupState) -> None:
    driver = Driver(World(), SyncSpec(group="erp", method=Method.ARRAY_ONLY))
    assert BINDING.source is not None
    driver.bound = replace(BINDING, source=replace(BINDING.source, state=state))
    driver.run()
    assert driver.status.phase is Phase.FAILED
    assert driver.world.copies == []
