"""GitOps: whatever is applied again, replaced, labelled or restored, nothing is done twice (invariants 1 and 11).

The whole numbers of rounds and objects: `make reapply`.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from bench.rest import Api
from e2e import contract
from e2e.reapply import Storm, beside, ours
from e2e.rig import PUSH, Rig, Site, ready, topology

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.reapply import Object
    from e2e.rig import Request

ROUNDS = int(os.environ.get("REAPPLY_ROUNDS", "50"))
HISTORY = int(os.environ.get("REAPPLY_OBJECTS", "40"))
SEED = int(os.environ.get("REAPPLY_SEED", "1"))
STORMY = ("finished", "alone", "running", "suspended")
OLD = [f"old-{number}" for number in range(10)]
PAST = "2020-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(*STORMY, *OLD)) as made:
        yield made


@pytest.fixture
def api(rig: Rig) -> Iterator[Api]:
    with Api(rig.plane.server, rig.plane.directory) as made:
        yield made


def bound_group(site: Site, protection_group: str) -> str:
    name = site.group(protection_group)
    site.wait_group(name)
    return name


def applied(site: Site, group: str, name: str, **spec: object) -> tuple[Request, Object]:
    """A request as GitOps applies it, and its manifest."""
    manifest = stage.sync(name, site.rig.namespace, group, **spec)
    site.rig.plane.client.apply(manifest, options=("--server-side", "--field-manager=gitops"))
    return site.known(name), manifest


def stormy_objects(site: Site) -> dict[str, tuple[Request, Object]]:
    """One request in each state that lasts."""
    groups = {name: bound_group(site, name) for name in STORMY}
    site.act("hold", "running")
    made = {
        "finished": applied(site, groups["finished"], "finished", pointInTimeName="before-upgrade"),
        "alone": applied(site, groups["alone"], "alone", method="ArrayOnly", requestID="CHG-1"),
        "expired": applied(site, groups["finished"], "expired", notAfter=PAST),
        "cancelled": applied(site, groups["suspended"], "cancelled", suspend=True, cancel=True),
        "suspended": applied(site, groups["suspended"], "suspended", suspend=True),
        "running": applied(site, groups["running"], "running"),
    }
    for name in ("finished", "alone", "expired", "cancelled"):
        made[name][0].wait_finished()
        made[name][0].wait("no finalizer", lambda obj: not obj["metadata"].get("finalizers"))
    made["running"][0].wait_reason("Transferring")
    made["queued"] = applied(site, groups["running"], "queued")
    made["queued"][0].wait_reason("GroupBusy")
    made["suspended"][0].wait_reason("Suspended")
    return made


def test_a_storm_of_applies_touches_no_storage_and_only_what_is_ours(rig: Rig, site: Site, api: Api) -> None:
    objects = stormy_objects(site)
    before = site.simulator.journal()
    told = {name: one.get()["status"] for name, (one, _) in objects.items()}
    written = len(ours(rig.plane, rig.namespace))
    storm = Storm(api, rig.namespace, [manifest for _, manifest in objects.values()], SEED)

    begun = time.monotonic()
    storm.blow(ROUNDS)
    seconds = time.monotonic() - begun

    for name, (request, manifest) in objects.items():
        rig.kubectl.apply(manifest, options=("--server-side", "--field-manager=gitops", "--force-conflicts"))
        obj = request.wait(
            "the last edit to be seen",
            lambda obj: obj["status"].get("observedGeneration") == obj["metadata"]["generation"],
        )
        contract.check(obj)
        assert obj["metadata"]["generation"] == 1, "an apply of the same manifest changed the spec"
        assert obj["spec"] == manifest["spec"]
        for part in ("phase", "operation", "pointInTime", "finishedAt", "acceptedAt"):
            assert obj["status"].get(part) == told[name].get(part), (name, part)
    assert site.simulator.journal() == before
    wrote = ours(rig.plane, rig.namespace)
    assert [text for one in wrote if (text := beside(one))] == []
    print(  # noqa: T201 - figures, for -s
        f"\n{ROUNDS} rounds on {len(objects)} objects in {seconds:.0f} s: {dict(storm.done)}; "
        f"{len(wrote) - written} writes of ours during it, 0 beside status and our finalizer; 0 mutating storage calls"
    )

    site.act("release", "running")
    for name in ("running", "queued"):
        objects[name][0].assert_true_success("running")
    objects["suspended"][0].patch(suspend=False)
    objects["suspended"][0].assert_true_success("suspended")
    pushes = {name: len(site.calls(PUSH, name)) for name in STORMY}
    assert pushes == {"finished": 1, "alone": 1, "running": 2, "suspended": 1}
    assert [text for one in ours(rig.plane, rig.namespace) if (text := beside(one))] == []


def test_history_applied_to_an_empty_cluster_does_nothing(rig: Rig, site: Site, api: Api) -> None:
    groups = [bound_group(site, name) for name in OLD]
    numbers = range(HISTORY)
    manifests = [
        stage.sync(
            f"history-{number}",
            rig.namespace,
            groups[number % len(groups)],
            **({"requestID": f"OLD-{number}"} if number % 2 else {"notAfter": PAST}),
        )
        for number in numbers
    ]
    executed = [one for one in manifests if "requestID" in one["spec"]]
    for one in executed:
        api.create(one)
    finished(api, rig.namespace, executed)
    rig.end()
    for one in executed:
        api.call("DELETE", path(rig.namespace, one))
    before = site.simulator.journal()
    assert len([one for one in before if one["call"] == PUSH]) >= len(executed)

    for one in manifests:
        api.create(one)
    rig.start()

    begun = time.monotonic()
    ends = finished(api, rig.namespace, manifests)
    seconds = time.monotonic() - begun
    reasons = {one["metadata"]["name"]: ready(one)[0] for one in ends}
    wanted = {one["metadata"]["name"]: "AlreadyDone" if "requestID" in one["spec"] else "Expired" for one in manifests}
    assert reasons == wanted
    assert site.simulator.journal() == before
    for one in ends:
        contract.check(one)
    print(f"\n{HISTORY} historical objects: all terminal {seconds:.0f} s after the start, 0 mutating calls")  # noqa: T201


def path(namespace: str, manifest: Object) -> str:
    return f"/apis/{stage.API_VERSION}/namespaces/{namespace}/replicationsyncs/{manifest['metadata']['name']}"


def finished(api: Api, namespace: str, manifests: list[Object]) -> list[Object]:
    """Wait until all of these are finished and held by nothing; the objects."""
    names = {one["metadata"]["name"] for one in manifests}

    def look() -> list[Object]:
        return [one for one in api.list_syncs(namespace) if one["metadata"]["name"] in names]

    return eventually(
        look,
        what=f"{len(names)} requests to finish",
        until=lambda found: (
            len(found) == len(names)
            and all(stage.is_true(one, "Finished") and not one["metadata"].get("finalizers") for one in found)
        ),
        timeout=120 + 3 * len(names),
        every=0.5,
    )
