"""What is said of a sync that was left armed: the data that is on its way, where there is some."""

from __future__ import annotations

from dataclasses import replace

from unit.reconcile.model.driver import Driver
from unit.reconcile.model.flows import pushed
from unit.reconcile.model.world import World

from vvol_replication.api.sync import SyncSpec
from vvol_replication.reconcile.core.left_armed import what_lands


def left_by(driver: Driver) -> str:
    """The words for what its cancelled request leaves."""
    driver.respecify(cancel=True)
    driver.run()
    assert driver.world.memory is not None
    return what_lands(driver.world.memory)


def test_a_snapshot_that_was_pushed_is_named() -> None:
    driver = pushed(World())
    said = left_by(driver)
    assert driver.status.operation is not None
    assert driver.status.operation.push is not None
    assert f"had pushed snapshot {driver.status.operation.push.snapshot} before it ended. When that snapshot" in said
    assert "must land first" not in said


def test_a_group_that_remembers_it_speaks_of_the_sync_and_not_of_a_request_that_waits() -> None:
    driver = pushed(World())
    left_by(driver)
    assert driver.world.memory is not None
    said = what_lands(driver.world.memory, then="the sync ends")
    assert "lands, the sync ends." in said
    assert "this request" not in said


def test_where_nothing_is_known_to_be_on_its_way_something_has_to_land() -> None:
    driver = Driver(World(), replace(SyncSpec(group="erp"), point_in_time_name="mine"))
    driver.until_step("arm")
    assert "Other data must land first: by the array's schedule" in left_by(driver)
