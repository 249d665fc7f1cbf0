"""The operator is killed wherever it hurts, and goes on from what API server and arrays remember (invariant 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from e2e.rig import ARM, PUSH, RECOVERY, SOURCE, TARGET, Rig, Site, ready, topology

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from e2e.rig import Request


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(*POINTS, "all", "cold")) as made:
        yield made


def accepted(site: Site, _group: str) -> Callable[[Request], None]:
    """Accepted, and nothing else: the roles cannot be read."""
    hanging = site.hang(RECOVERY, "QueryReplicationGroupInfo")

    def reached(request: Request) -> None:
        site.wait_hit(hanging)
        request.wait("acceptance", lambda obj: (obj.get("status") or {}).get("acceptedAt"))

    return reached


def intent_recorded(site: Site, _group: str) -> Callable[[Request], None]:
    """The intent is written, the sync call has not been executed."""
    hanging = site.hang(RECOVERY, ARM, times=1)

    def reached(request: Request) -> None:
        site.wait_hit(hanging)
        assert request.get()["status"]["operation"]["sync"]["armings"] >= 1

    return reached


def armed(site: Site, group: str) -> Callable[[Request], None]:
    """The sync is armed, its answer has not arrived."""
    site.hang(RECOVERY, ARM, times=1, when="after")

    def reached(_: Request) -> None:
        site.wait_effect(ARM, group)

    return reached


def pushed(site: Site, group: str) -> Callable[[Request], None]:
    """The push is made, its answer has not arrived."""
    site.act("hold", group)
    site.hang(SOURCE, PUSH, times=1, when="after")

    def reached(_: Request) -> None:
        site.wait_effect(PUSH, group)

    return reached


def transferring(site: Site, group: str) -> Callable[[Request], None]:
    """The transfer is under way."""
    site.act("hold", group)

    def reached(request: Request) -> None:
        request.wait_reason("Transferring")

    return reached


def landed(site: Site, group: str) -> Callable[[Request], None]:
    """The data has landed, and the operator is about to find its point in time."""
    site.act("hold", group)

    def reached(request: Request) -> None:
        request.wait_reason("Transferring")
        hanging = site.hang(RECOVERY, "QueryPointInTimeReplica")
        site.act("land", group)
        site.wait_hit(hanging)

    return reached


POINTS = {
    "accepted": accepted,
    "intent-recorded": intent_recorded,
    "armed": armed,
    "pushed": pushed,
    "transferring": transferring,
    "landed": landed,
}


def kill_and_restart(rig: Rig, site: Site) -> None:
    rig.kill()
    site.simulator.clear_faults()
    rig.start()


@pytest.mark.parametrize("point", POINTS)
def test_killed_once_and_started_again(point: str, rig: Rig, site: Site) -> None:
    group = site.group(point)
    site.wait_group(group)
    reached = POINTS[point](site, point)
    request = site.request(group, pointInTimeName="only-once")
    reached(request)

    kill_and_restart(rig, site)
    if point == "transferring":
        request.wait_reason("Transferring")
    site.act("release", point)

    request.assert_true_success(point)
    assert len(site.calls(PUSH, point)) == 1
    assert len(site.points(point)) == 1
    assert site.pending(point) is None
    request.wait("the finalizer to be gone", lambda obj: not obj["metadata"].get("finalizers"))


def test_killed_at_every_point_one_after_the_other(rig: Rig, site: Site) -> None:
    group = site.group("all")
    site.wait_group(group)
    accepted(site, "all")
    request = site.request(group, pointInTimeName="only-once")
    request.wait("acceptance", lambda obj: (obj.get("status") or {}).get("acceptedAt"))
    for point in ("intent-recorded", "armed", "pushed"):
        rig.kill()
        site.simulator.clear_faults()
        reached = POINTS[point](site, "all")
        rig.start()
        reached(request)
    kill_and_restart(rig, site)
    request.wait_reason("Transferring")
    landed(site, "all")(request)
    kill_and_restart(rig, site)

    request.assert_true_success("all")
    assert len(site.calls(PUSH, "all")) == 1
    assert len(site.points("all")) == 1


@pytest.mark.parametrize("endpoint", [RECOVERY, TARGET])
def test_a_cold_start_with_an_unreachable_endpoint_heals_by_itself(endpoint: str, rig: Rig, site: Site) -> None:
    group = site.group("cold")
    site.wait_group(group)
    site.act("hold", "cold")
    under_way = site.request(group)
    under_way.wait_reason("Transferring")
    rig.kill()
    site.simulator.action("refuse-connections", endpoint=endpoint)

    new = site.request(group)
    site.act("release", "cold")
    rig.start()
    kind = "vcenter" if endpoint == RECOVERY else "flasharray"
    told = rig.kubectl.wait_until(
        kind, site.prefix + endpoint, lambda obj: ready(obj)[0] == "Unreachable", what="Ready to say Unreachable"
    )
    reachable = stage.condition(told, "Reachable")
    assert reachable is not None
    assert reachable["status"] == "False"
    site.wait_group(group, "Ready=False")
    new.wait("acceptance", lambda obj: (obj.get("status") or {}).get("acceptedAt"))
    site.simulator.action("accept-connections", endpoint=endpoint)

    under_way.assert_true_success("cold")
    new.assert_true_success("cold")
    eventually(
        lambda: rig.kubectl.get(kind, site.prefix + endpoint),
        what="the endpoint to be well again",
        until=lambda obj: stage.is_true(obj, "Ready"),
    )
