"""Beginnings that several tests share."""

from __future__ import annotations

from unit.reconcile.model.driver import Driver
from unit.reconcile.model.world import World

from vvol_replication.api.sync import SyncSpec


def pushed(world: World, spec: SyncSpec | None = None) -> Driver:
    """A request whose push was just answered."""
    driver = Driver(world, spec)
    driver.until_step("push")
    return driver


def landed(driver: Driver) -> None:
    """Its transfer begins and lands; the poller tells."""
    driver.until_parked()
    driver.world.begin()
    driver.world.tick(3)
    driver.world.land()
    driver.poll()
