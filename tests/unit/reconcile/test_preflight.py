"""Can a push reach the target? Words of arrays that the model of the other tests does not vary."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.reconcile.driver import Driver
from unit.reconcile.world import World

from vvol_replication.domain.arrays import ArrayConnection, ProtectionGroup, ReplicationTarget
from vvol_replication.domain.outcomes import Done

TARGET = (ReplicationTarget("fa-b", allowed=True),)
GOOD = ProtectionGroup("erp", "fa-a", TARGET)


@pytest.mark.parametrize(
    ("group", "connections", "reason"),
    [
        (
            replace(GOOD, source="fa-z"),
            (ArrayConnection("fa-b", "id-b", connected=True, status="connected"),),
            "NotSource",
        ),
        (
            replace(GOOD, targets=()),
            (ArrayConnection("fa-b", "id-b", connected=True, status="connected"),),
            "NotATarget",
        ),
        (GOOD, (), "ArraysNotConnected"),
        (GOOD, (ArrayConnection("fa-b", "id-other", connected=True, status="connected"),), "ArraysNotConnected"),
        (GOOD, (ArrayConnection("FA-B", None, connected=True, status="connected"),), None),
        (
            replace(GOOD, targets=(ReplicationTarget("b-seen-from-a", allowed=True),)),
            (ArrayConnection("b-seen-from-a", "id-b", connected=True, status="connected"),),
            None,
        ),
    ],
)
def test_what_stands_in_the_way_of_a_push(
    group: ProtectionGroup, connections: tuple[ArrayConnection, ...], reason: str | None
) -> None:
    driver = Driver(World())
    driver.step()
    moment = driver.world.now
    assert driver.seen.protection_group is not None
    assert driver.seen.connections is not None
    driver.seen = replace(
        driver.seen,
        protection_group=replace(driver.seen.protection_group, outcome=Done(group), at=moment),
        connections=replace(driver.seen.connections, outcome=Done(connections), at=moment),
    )
    driver.step()
    assert driver.steps[-1] == ("record" if reason is None else "park")
    assert reason is None or driver.reason() == reason
