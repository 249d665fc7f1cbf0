"""Lists of stages: each lets pass what it is not for, in order, and a list that decides nothing is a defect."""

from __future__ import annotations

from datetime import timedelta

import pytest
from unit.reconcile.model.driver import TUNING, Driver
from unit.reconcile.model.world import BINDING, RESOLVED, World
from unit.reconcile.preparation.case import NOW, SPEC

from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.sync import Method, SyncStatus
from vvol_replication.reconcile.core.observation import Observation
from vvol_replication.reconcile.core.request import Preparation
from vvol_replication.reconcile.core.stages import Stage, first_decision
from vvol_replication.reconcile.core.steps import Decided, Park
from vvol_replication.reconcile.preparation import decide as preparation
from vvol_replication.reconcile.sync import decide as sync
from vvol_replication.reconcile.sync.arming import ask_for_sync, push_when_pending
from vvol_replication.reconcile.sync.await_schedule import arm_for_schedule, await_credit
from vvol_replication.reconcile.sync.context import ActiveSync

SEEN = Observation(confirmed=True, bound=BINDING)


def test_the_first_that_decides_ends_the_way() -> None:
    asked: list[int] = []

    def stage(number: int, *, decides: bool) -> Stage[str, SyncStatus]:
        def look(context: str) -> Decided[SyncStatus] | None:
            assert context == "context"
            asked.append(number)
            return Decided(Park(NOW + timedelta(seconds=number)), SyncStatus()) if decides else None

        return look

    decided = first_decision([stage(1, decides=False), stage(2, decides=True), stage(3, decides=True)], "context")
    assert decided is not None
    assert decided.step == Park(NOW + timedelta(seconds=2))
    assert asked == [1, 2]
    assert first_decision([stage(4, decides=False)], "context") is None


@pytest.mark.parametrize("stage", [ask_for_sync, push_when_pending, arm_for_schedule, await_credit])
def test_a_request_without_an_intent_passes_what_follows_from_one(stage: Stage[ActiveSync, SyncStatus]) -> None:
    driver = Driver(World())
    assert stage(ActiveSync(driver.request, driver.status, SEEN, driver.world.now, TUNING, RESOLVED)) is None


def test_a_sync_that_no_stage_decides_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver(World())
    monkeypatch.setattr(sync, "IN_ITS_TURN", dict.fromkeys(Method, ()))
    with pytest.raises(TypeError, match="no stage of Coordinated decides"):
        sync.decide_sync(driver.request, driver.status, SEEN, driver.world.now, TUNING)


def test_a_sync_has_no_turn_without_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver(World())
    monkeypatch.setattr(sync, "BEFORE_ITS_TURN", ())
    with pytest.raises(TypeError, match="without a bound group"):
        sync.decide_sync(driver.request, driver.status, Observation(), driver.world.now, TUNING)


def test_a_preparation_that_no_stage_decides_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    request = Preparation("u1", "prod", "dr", 1, NOW, SPEC)
    monkeypatch.setattr(preparation, "BOUND", ())
    with pytest.raises(TypeError, match="no stage of a preparation decides"):
        preparation.decide_preparation(request, PreparationStatus(), SEEN, NOW, TUNING)


def test_a_preparation_acts_on_nothing_without_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    request = Preparation("u1", "prod", "dr", 1, NOW, SPEC)
    monkeypatch.setattr(preparation, "BEFORE_IT_IS_BOUND", ())
    with pytest.raises(TypeError, match="without a bound group"):
        preparation.decide_preparation(request, PreparationStatus(), Observation(), NOW, TUNING)
