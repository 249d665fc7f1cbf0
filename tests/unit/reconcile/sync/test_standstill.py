"""A transfer that does not move is told as one, and since when; whoever waits for it looks at the link then."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from unit.reconcile.model.driver import TUNING, Driver
from unit.reconcile.model.world import World

from vvol_replication.api.sync import Method, SyncSpec
from vvol_replication.api.times import parse_time

STALLED = TUNING.stalled


def told(driver: Driver) -> datetime | None:
    """Since when nothing has moved, as the status says it."""
    found = re.search(r"The transfer has not moved since (\S+Z)\. Check the replication network", driver.message())
    return parse_time(found[1]) if found else None


def own(world: World) -> Driver:
    driver = Driver(world)
    driver.until_step("push")
    world.begin()
    return driver


def the_schedules(world: World) -> Driver:
    driver = Driver(world, SyncSpec(group="erp", method=Method.AWAIT_SCHEDULE))
    driver.until_step("arm")
    world.schedule()
    world.begin()
    return driver


def an_older_one(world: World) -> Driver:
    world.schedule()
    world.begin()
    return Driver(world)


def only_at_the_source(world: World) -> Driver:
    world.rows_shown_at_target = False
    return an_older_one(world)


@pytest.mark.parametrize("followed", [own, the_schedules, an_older_one, only_at_the_source])
def test_since_when_a_transfer_stands_still_is_told_after_a_while(followed: Callable[[World], Driver]) -> None:
    world = World()
    driver = followed(world)
    driver.until_parked()
    driver.wait()
    seen = world.now
    end = seen + 2 * STALLED
    first = None
    while world.now < end and first is None:
        driver.until_parked()
        first = told(driver)
        driver.wait()
    assert first is not None
    assert seen - timedelta(seconds=40) <= first <= seen + timedelta(seconds=1)
    assert STALLED <= world.now - first <= STALLED + timedelta(seconds=40)
    driver.until_parked()
    assert told(driver) == first, "the same words: no write without news"
    world.schedule()
    world.begin()
    driver.wait()
    for _ in range(20):
        driver.until_parked()
        driver.wait()
    if followed is not only_at_the_source:
        assert told(driver) is None, "something moves"
