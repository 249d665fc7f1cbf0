"""Deletion never hangs (invariant 12): in no phase, with no endpoint answering, of an object or a whole namespace."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

import pytest
from bench.rest import Api, syncs
from e2e.rig import ARM, PUSH, Rig, Site, topology

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from e2e.rig import Request

    from testbed.controlplane import ControlPlane

WITHIN = 10.0
ENDPOINTS = ("austin", "dallas", "flasharray-a", "flasharray-b")
FULL = 30
"""So many finished objects fill a namespace."""


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(*PHASES, "full")) as made:
        yield made


def dead(site: Site) -> None:
    """From now on no endpoint answers any call."""
    for endpoint in ENDPOINTS:
        site.hang(endpoint, "*")


def unread(site: Site, name: str, _: str) -> Request:
    """Accepted, and its group's roles cannot be read."""
    hanging = site.hang("dallas", "QueryReplicationGroupInfo")
    request = site.request(name)
    site.wait_hit(hanging)
    request.wait("acceptance", lambda obj: (obj.get("status") or {}).get("acceptedAt"))
    return request


def suspended(site: Site, name: str, _: str) -> Request:
    request = site.request(name, suspend=True)
    request.wait_reason("Suspended")
    return request


def queued(site: Site, name: str, group: str) -> Request:
    """Another request has the turn."""
    transferring(site, name, group)
    request = site.request(name)
    request.wait_reason("GroupBusy")
    return request


def arming(site: Site, name: str, _: str) -> Request:
    """The sync call hangs."""
    hanging = site.hang("dallas", ARM)
    request = site.request(name)
    site.wait_hit(hanging)
    return request


def armed(site: Site, name: str, group: str) -> Request:
    """The sync is armed, and its answer does not come."""
    site.hang("dallas", ARM, when="after")
    request = site.request(name)
    site.wait_effect(ARM, group)
    return request


def pushing(site: Site, name: str, _: str) -> Request:
    """The push hangs."""
    hanging = site.hang("flasharray-a", PUSH)
    request = site.request(name)
    site.wait_hit(hanging)
    return request


def transferring(site: Site, name: str, group: str) -> Request:
    site.act("hold", group)
    request = site.request(name)
    request.wait_reason("Transferring")
    return request


def awaiting(site: Site, name: str, _: str) -> Request:
    """The array's schedule is waited for."""
    request = site.request(name, method="AwaitSchedule")
    request.wait_reason("AwaitingTransfer")
    return request


def verifying(site: Site, name: str, group: str) -> Request:
    """The data has landed, and its point in time cannot be listed."""
    site.act("hold", group)
    request = site.request(name)
    request.wait_reason("Transferring")
    hanging = site.hang("dallas", "QueryPointInTimeReplica")
    site.act("land", group)
    site.wait_hit(hanging)
    return request


PHASES: dict[str, Callable[[Site, str, str], Request]] = {
    one.__name__: one for one in (unread, suspended, queued, arming, armed, pushing, transferring, awaiting, verifying)
}


@pytest.mark.parametrize("phase", PHASES)
def test_an_object_is_gone_at_once_although_no_endpoint_answers(phase: str, rig: Rig, site: Site) -> None:
    name = site.group(phase)
    site.wait_group(name)
    request = PHASES[phase](site, name, phase)
    request.wait("our finalizer", lambda obj: obj["metadata"].get("finalizers"))
    dead(site)
    before = len(site.calls(PUSH, phase))

    with Api(rig.plane.server, rig.plane.directory) as api:
        begun = time.monotonic()
        api.call("DELETE", f"{syncs(rig.namespace)}/{request.name}")
        names = eventually(
            lambda: {one["metadata"]["name"] for one in api.list_syncs(rig.namespace)},
            what=f"{request.name} to be gone",
            until=lambda names: request.name not in names,
            every=0.02,
        )
        seconds = time.monotonic() - begun

    assert request.name not in names
    assert seconds < WITHIN
    print(f"\ndeleted while {phase}: gone after {seconds:.2f} s")  # noqa: T201 - figures, for -s
    site.simulator.clear_faults()
    site.act("release", phase)
    site.wait_group(name)
    under_way = int(phase == "pushing")  # a call that was sent may still arrive; none is made any more
    assert len(site.calls(PUSH, phase)) <= before + under_way


def test_a_namespace_full_of_requests_can_be_deleted(control_plane: ControlPlane, rig: Rig, site: Site) -> None:
    namespace = f"e2e-{uuid.uuid4().hex[:10]}"
    control_plane.kubectl("create", "namespace", namespace)
    rig.end()
    rig.namespaces.append(namespace)
    rig.start()
    group = site.group("full", namespace=namespace)
    kubectl = control_plane.client.in_namespace(namespace)
    kubectl.wait_until("replicationgroup", group, lambda obj: stage.is_true(obj, "Ready"), what="Ready")
    history = [stage.sync(f"old-{number}", namespace, group, notAfter="2020-01-01T00:00:00Z") for number in range(FULL)]
    kubectl.apply(*history)
    kubectl("wait", "--for=condition=Finished", "--all", "replicationsyncs", "--timeout=60s")
    eventually(
        lambda: [one for one in kubectl.get("replicationsyncs")["items"] if one["metadata"].get("finalizers")],
        what="finished objects to carry no finalizer",
        until=lambda held: held == [],
    )
    site.act("hold", "full")
    running = site.request(group, namespace=namespace)
    running.wait_reason("Transferring")
    waiting = site.request(group, namespace=namespace)
    waiting.wait_reason("GroupBusy")
    dead(site)

    with control_plane.controllers("namespace-controller"):
        begun = time.monotonic()
        control_plane.kubectl("delete", "namespace", namespace, "--timeout=120s")
        seconds = time.monotonic() - begun

    assert control_plane.client.find("namespace", namespace) is None
    rig.namespaces.remove(namespace)
    print(f"\na namespace of {FULL + 2} requests, two in flight, was gone after {seconds:.1f} s")  # noqa: T201
    site.simulator.clear_faults()


def test_without_an_operator_finished_objects_hold_no_namespace(control_plane: ControlPlane, rig: Rig) -> None:
    namespace = f"e2e-{uuid.uuid4().hex[:10]}"
    control_plane.kubectl("create", "namespace", namespace)
    rig.end()
    rig.namespaces.append(namespace)
    rig.start()
    kubectl = control_plane.client.in_namespace(namespace)
    kubectl.apply(*(stage.sync(f"old-{n}", namespace, "any", notAfter="2020-01-01T00:00:00Z") for n in range(FULL)))
    kubectl("wait", "--for=condition=Finished", "--all", "replicationsyncs", "--timeout=60s")
    eventually(
        lambda: [one for one in kubectl.get("replicationsyncs")["items"] if one["metadata"].get("finalizers")],
        what="finished objects to carry no finalizer",
        until=lambda held: held == [],
    )
    rig.end()
    rig.namespaces.remove(namespace)

    with control_plane.controllers("namespace-controller"):
        control_plane.kubectl("delete", "namespace", namespace, "--timeout=120s")

    assert control_plane.client.find("namespace", namespace) is None
