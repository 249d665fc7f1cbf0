"""Fields of a ReplicationSync against a real API server: ids, ages, what is left armed, what is deleted in time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from e2e import contract
from e2e.rig import ARM, PUSH, SOURCE, TARGET, Rig, Site, ready, topology

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS = ("ids", "twice", "skewed", "armed", "ttl", "owned", "renamed", "called", "destroyed")
LONG = 45.0


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(*GROUPS)) as made:
        yield made


def bound_group(site: Site, protection_group: str) -> str:
    name = site.group(protection_group)
    site.wait_group(name)
    return name


def test_a_request_id_stands_for_one_request_also_when_the_object_is_created_again(rig: Rig, site: Site) -> None:
    name = bound_group(site, "ids")
    first = site.request(name, requestID="CHG-1", pointInTimeName="before-upgrade")
    first.assert_true_success("ids")

    second = site.request(name, requestID="CHG-1", pointInTimeName="before-upgrade").wait_complete()
    assert ready(second)[0] == "AlreadyDone"
    contract.check(second)
    for different in ({"method": "AwaitSchedule"}, {"pointInTimeName": "another"}):
        spec = {"requestID": "CHG-1", "pointInTimeName": "before-upgrade", **different}
        end = site.request(name, **spec).wait_finished()
        assert ready(end)[0] == "RequestIDConflict"
        contract.check(end)
    rig.kubectl("delete", "replicationsync", "--all", "--timeout=60s")
    again = site.request(name, requestID="CHG-1", pointInTimeName="before-upgrade").wait_complete()

    assert ready(again)[0] == "AlreadyDone"
    assert stage.is_true(again, "Named")
    assert len(site.calls(PUSH, "ids")) == 1
    assert len(site.calls(ARM, "ids")) == 1


def test_the_same_name_twice_is_told_with_the_id_to_use(site: Site) -> None:
    name = bound_group(site, "twice")
    site.request(name, pointInTimeName="nightly").assert_true_success("twice")
    site.next_second()

    end = site.request(name, pointInTimeName="nightly").wait_complete()

    named = stage.condition(end, "Named")
    assert named is not None
    assert (named["status"], named["reason"]) == ("True", "NameAlsoOnOlderPointInTime")
    assert end["status"]["pointInTime"]["id"] in named["message"]


def test_by_a_clock_that_is_off_nothing_is_young(rig: Rig, site: Site) -> None:
    name = bound_group(site, "skewed")
    site.act("run-schedule", "skewed")
    site.simulator.action("set-skew", endpoint=TARGET, seconds=300)
    try:
        rig.kill()
        rig.start()  # the clocks are read anew
        end = site.request(name, maxAge="10m").wait_complete()
    finally:
        site.simulator.action("set-skew", endpoint=TARGET, seconds=0)
    assert ready(end)[0] == "PointInTimeCreated"
    assert "maxAge cannot be checked" in ready(end)[1]
    assert len(site.calls(PUSH, "skewed")) == 1


def test_a_sync_that_is_left_armed_is_remembered_and_the_next_request_goes_under_it(rig: Rig, site: Site) -> None:
    name = bound_group(site, "armed")
    first = site.request(name, method="AwaitSchedule", pointInTimeName="nightly")
    first.wait_reason("AwaitingTransfer")
    first.patch(cancel=True)
    first.wait_finished()
    remembers = rig.kubectl.get("replicationgroup", name)["status"]["armedSync"]
    assert remembers["request"] == f"{rig.namespace}/{first.name}"
    assert remembers["pointInTimeName"] == "nightly"
    rig.kill()
    rig.start()

    named = site.request(name, pointInTimeName="mine")
    waiting = named.wait_reason("EarlierSyncArmed")
    assert "must land first" in ready(waiting)[1]
    derived = site.request(name).wait_complete()
    last = named.wait_complete()

    told = stage.condition(derived, "Named")
    assert told is not None
    assert (told["status"], told["reason"]) == ("False", "NamedForEarlierRequest")
    assert derived["status"]["pointInTime"]["name"] == "nightly"
    assert stage.is_true(last, "Named")
    assert len(site.calls(ARM, "armed")) == 2
    rig.kubectl.wait_until(
        "replicationgroup", name, lambda obj: "armedSync" not in obj["status"], what="the memory to go", timeout=LONG
    )


def test_a_finished_object_with_a_ttl_goes_and_one_that_a_tool_owns_stays(rig: Rig, site: Site) -> None:
    gone = site.request(bound_group(site, "ttl"), ttlSecondsAfterFinished=2)
    owned = stage.sync("owned-by-flux", rig.namespace, bound_group(site, "owned"), ttlSecondsAfterFinished=0)
    owned["metadata"]["labels"] = {"kustomize.toolkit.fluxcd.io/name": "apps"}
    rig.plane.client.apply(owned)

    stays = site.known("owned-by-flux").wait_complete()
    contract.check(stays)
    ignored = stage.condition(stays, "TTLIgnored")
    assert ignored is not None
    assert ignored["reason"] == "OwnedByTool"
    assert "Flux" in ignored["message"]
    eventually(
        lambda: rig.kubectl.find("replicationsync", gone.name),
        what="the object to be deleted",
        until=lambda found: found is None,
        timeout=LONG,
    )
    assert rig.kubectl.find("replicationsync", "owned-by-flux") is not None
    assert len(site.calls(PUSH, "ttl")) == 1


def test_an_array_that_is_renamed_on_the_way_is_the_same_array(site: Site) -> None:
    site.act("hold", "renamed")
    request = site.request(bound_group(site, "renamed"))
    request.wait_reason("Transferring")
    site.simulator.action("rename-array", array=SOURCE, name="flasharray-z")
    try:
        site.simulator.action("release", protectionGroup="renamed")
        end = request.wait_complete(timeout=90)
    finally:
        site.simulator.action("rename-array", array="flasharray-z", name=SOURCE)
    assert ready(end)[0] == "PointInTimeCreated"
    assert stage.is_true(end, "Named")
    assert json.dumps(end["status"]["transfer"]["snapshot"])


def test_a_protection_group_that_is_renamed_on_the_way_is_the_same_group(rig: Rig, site: Site) -> None:
    site.act("hold", "called")
    name = bound_group(site, "called")
    request = site.request(name)
    request.wait_reason("Transferring")
    site.simulator.action("rename-group", protectionGroup=f"{SOURCE}:called", name="called-anew")
    site.act("release", "called-anew")

    end = request.wait_complete(timeout=90)

    assert ready(end)[0] == "PointInTimeCreated"
    assert stage.is_true(end, "Named")
    assert end["status"]["transfer"]["snapshot"].startswith(f"{SOURCE}:called-anew.")
    told = rig.kubectl.wait_until(
        "replicationgroup",
        name,
        lambda obj: ready(obj)[0] == "SourceGroupNotFound",
        what="the group to tell its new name",
        timeout=LONG,
    )
    assert f"'{SOURCE}:called-anew'" in ready(told)[1]


def test_a_snapshot_that_is_eradicated_under_the_request_is_an_end(site: Site) -> None:
    site.act("hold", "destroyed")
    request = site.request(bound_group(site, "destroyed"))
    request.wait_reason("Transferring")
    suffix = request.suffix()
    for target in ({"target": TARGET}, {}):
        site.act("destroy-snapshot", "destroyed", suffix=suffix, **target)
        site.act("eradicate", "destroyed", suffix=suffix, **target)

    end = request.wait_finished()

    contract.check(end)
    assert ready(end)[0] == "SnapshotDestroyed"
    assert len(site.calls(PUSH, "destroyed")) == 1
