"""How old a reading may be that the prepare call relies on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from component.engine.rig import Rig, running
from component.engine.steps import Step, does, takes
from component.engine.virtual import virtual

from vvol_replication.reconcile.core.tuning import Tuning


def age_of_power(rig: Rig) -> timedelta:
    """How long before the prepare call the VMs were asked for."""
    called = next(at for at, method, _ in rig.world.asked if method == "start_prepare")
    return called - max(at for at, method, _ in rig.world.asked if method == "members" and at <= called)


async def _goes_on() -> None:
    return None


@virtual
@pytest.mark.parametrize("look", range(4))
@pytest.mark.parametrize("slow", ["group", "snapshots", "connections", "points_in_time"])
async def test_power_is_no_older_than_it_may_be_where_another_answer_takes_long(slow: str, look: int) -> None:
    """The slow answer is asked for beside the members, or right after them, at each look there is."""
    async with running() as rig:

        def slowly() -> None:
            rig.world.before[slow] = [takes(30.0), takes(30.0)]

        steps: list[Step] = [*[_goes_on for _ in range(look)], does(slowly)]
        rig.world.before["members"] = steps
        rig.prepare("dr")
        await rig.until_prepared("dr")
        assert age_of_power(rig) <= Tuning().fresh + timedelta(seconds=0.1)
        assert rig.count("start_prepare") == 1


@virtual
@pytest.mark.parametrize("slow", ["group", "snapshots", "connections", "points_in_time"])
async def test_two_endpoints_that_always_take_long_do_not_keep_each_other_waiting(slow: str) -> None:
    """Each is slower than a reading may be old: asked for in turns, one of them would always be too old."""
    async with running() as rig:
        rig.world.before["members"] = [takes(12.0) for _ in range(40)]
        rig.world.before[slow] = [takes(25.0) for _ in range(40)]
        rig.prepare("dr")
        await rig.until_prepared("dr")
        assert rig.world.before["members"], "not before they are quick"
        assert age_of_power(rig) <= Tuning().fresh + timedelta(seconds=12.1)
        assert rig.count("start_prepare") == 1
