"""A protection group that is renamed while a request is under way is told by both of its names."""

from __future__ import annotations

import pytest
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.flows import landed
from unit.reconcile.model.world import World

from vvol_replication.api.sync import Method, SyncSpec
from vvol_replication.reconcile.core.steps import Push

BOTH = "'erp-new' (renamed, it was 'erp' when this request began)"


@pytest.mark.parametrize("method", [Method.COORDINATED, Method.ARRAY_ONLY])
def test_the_push_says_which_protection_group_it_is_and_was(method: Method) -> None:
    driver = Driver(World(), SyncSpec(group="erp", method=method))
    driver.until_step("record")
    driver.group_called = "erp-new"
    driver.until_step("push")
    assert driver.decision is not None
    assert isinstance(driver.decision.step, Push)
    assert driver.decision.step.protection_group == "erp-new"
    assert BOTH in driver.message()
    landed(driver)
    driver.run()
    assert driver.status.operation is not None
    assert driver.status.operation.resolved is not None
    assert driver.status.operation.resolved.protection_group == "erp"


def test_one_that_is_not_there_says_that_a_rename_is_followed() -> None:
    driver = Driver(World(group_present=False))
    driver.until_parked()
    assert driver.reason() == "ProtectionGroupNotFound"
    assert "If it was renamed, this goes on when vSphere lists the new name" in driver.message()


def test_a_sync_whose_task_was_not_seen_lately_is_not_said_to_be_armed_for_certain() -> None:
    driver = Driver(World())
    driver.until_step("push")
    driver.until_parked()
    driver.respecify(cancel=True)
    driver.world.tick(1)
    driver.until_parked()
    assert "The sync is still armed:" in driver.message("Named")

    other = Driver(World())
    other.until_step("push")
    other.until_parked()
    other.respecify(cancel=True)
    other.world.tick(3600)
    other.until_parked()
    assert "may still be armed" in other.message("Named")
