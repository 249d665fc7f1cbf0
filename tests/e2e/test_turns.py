"""One operation at a time on a protection group, in order of acceptance, whoever asked (invariant 4)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from e2e.rig import ARM, PUSH, Rig, Site, ready, topology

from testbed import stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.rig import Request

    from testbed.controlplane import ControlPlane

TOGETHER = 20


@pytest.fixture(scope="module")
def rig(control_plane: ControlPlane, crds: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """An operator that acts in two namespaces."""
    assert crds
    made = Rig(control_plane, tmp_path_factory.mktemp("operator"))
    made.namespaces.append(f"e2e-{uuid.uuid4().hex[:10]}")
    control_plane.kubectl("create", "namespace", made.namespaces[-1])
    with made.running():
        yield made


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology("erp", "shared", transfer_seconds=0.05)) as made:
        yield made


def assert_one_at_a_time(site: Site, protection_group: str, requests: list[Request]) -> list[str]:
    """Armed, pushed, landed, and only then the next; the suffixes in the order in which they were pushed."""
    calls = [one for one in site.simulator.journal() if one["call"] in {ARM, PUSH} and one["tookEffect"]]
    assert [one["call"] for one in calls] == [ARM, PUSH] * len(requests)
    landed = {one["suffix"]: one["completed"] for one in site.world(protection_group)["transfers"]}
    pushed = [one["arguments"]["suffix"] for one in calls if one["call"] == PUSH]
    armed_at = [one["time"] for one in calls if one["call"] == ARM]
    for suffix, next_armed in zip(pushed, armed_at[1:], strict=False):
        assert landed[suffix] <= next_armed
    return pushed


def test_twenty_requests_at_once_each_get_their_own_point_in_time_in_order(rig: Rig, site: Site) -> None:
    """Who finds the turn free takes it; all who had to wait get it in the order of their acceptance."""
    group = site.group("erp")
    site.wait_group(group)
    site.act("hold", "erp")
    names = [f"together-{number:02}" for number in range(TOGETHER)]

    rig.plane.client.apply(*(stage.sync(one, rig.namespace, group) for one in names))
    requests = [site.known(one) for one in names]
    for request in requests:
        request.wait("a place", lambda obj: ready(obj)[0] in {"Transferring", "GroupBusy"})
    site.act("release", "erp")
    for request in requests:
        request.wait_complete(timeout=120)

    done = [request.assert_true_success("erp") for request in requests]
    first, *rest = assert_one_at_a_time(site, "erp", requests)
    by_acceptance = sorted(done, key=lambda obj: obj["status"]["acceptedAt"])
    accepted = [obj["status"]["operation"]["suffix"] for obj in by_acceptance]
    accepted.remove(first)
    assert rest == accepted
    assert len({obj["status"]["pointInTime"]["id"] for obj in done}) == TOGETHER


def test_two_namespaces_on_one_protection_group_take_turns(rig: Rig, site: Site) -> None:
    here, there = rig.namespaces
    groups = [site.group("shared", namespace=one, name="shared") for one in (here, there)]
    for namespace in (here, there):
        rig.plane.client.in_namespace(namespace).wait_for_condition("replicationgroup", "shared", "Ready")
    before = len(site.simulator.journal())
    site.act("hold", "shared")

    first = site.request(groups[0], "one", namespace=here, requestID="same-id")
    first.wait_reason("Transferring")
    second = site.request(groups[1], "one", namespace=there, requestID="same-id")
    waiting = second.wait_reason("GroupBusy")
    assert f"{here}/one" in ready(waiting)[1]
    assert len(site.simulator.journal()) == before + 2
    site.act("release", "shared")

    first.assert_true_success("shared")
    second.assert_true_success("shared")
    assert first.suffix() != second.suffix(), "a request id counts within its namespace"
