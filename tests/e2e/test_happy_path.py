"""From apply to a named, proven point in time, and what people and tools see on the way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from e2e import contract
from e2e.rig import ARM, PUSH, RECOVERY, SOURCE, TARGET, Rig, Site, ready, topology
from e2e.watching import Watch

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.rig import Object

FINALIZERS = ["replication.vvol.dev/in-flight"]
MONITOR_SECONDS = 20


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology("erp", "crm", "mail", "many", "calls")) as made:
        yield made


def finished(site: Site, name: str, group: str) -> Object:
    """A finished request that has let go of its object."""
    request = site.request(group, name)
    request.wait_complete()
    return request.wait("the finalizer to be gone", lambda obj: not obj["metadata"].get("finalizers"))


def is_progress(obj: Object) -> bool:
    return ready(obj)[0] in {"Transferring", "Verifying"}


def test_a_request_becomes_a_named_point_in_time_and_every_status_keeps_the_contract(
    rig: Rig, site: Site, tmp_path: Path
) -> None:
    site.wait_group(site.group("erp"))
    site.act("hold", "erp")
    with Watch(rig, "replicationsync", "before-upgrade", tmp_path) as watch:
        request = site.request(f"{site.prefix}erp", "before-upgrade", pointInTimeName="before-upgrade-42")
        moving = request.wait_reason("Transferring")
        site.act("land", "erp")
        rig.kubectl.wait_for_condition("replicationsync", "before-upgrade", "Complete")
        end = request.wait("the finalizer to be gone", lambda obj: not obj["metadata"].get("finalizers"))
        seen = watch.wait_version(end["metadata"]["resourceVersion"])

    assert moving["metadata"]["finalizers"] == FINALIZERS
    assert moving["status"]["transfer"]["percent"] == 0
    for obj in seen:
        contract.check(obj)
    assert contract.kstatus(seen[0]) == "InProgress"
    assert contract.kstatus(end) == "Current"
    request.assert_true_success("erp")
    assert end["status"]["pointInTime"]["name"] == "before-upgrade-42"
    assert stage.condition(end, "Named") is not None
    assert [one["call"] for one in site.simulator.journal()] == [ARM, PUSH]
    first_intent = next(obj for obj in seen if (obj["status"].get("operation") or {}).get("sync"))
    assert "task" not in first_intent["status"]["operation"]["sync"], "the intent is written before the call"
    assert first_intent["metadata"]["finalizers"] == FINALIZERS


def test_one_request_costs_four_writes_beside_progress(rig: Rig, site: Site, tmp_path: Path) -> None:
    site.wait_group(site.group("many"))
    with Watch(rig, "replicationsync", "writes", tmp_path) as watch:
        end = finished(site, "writes", f"{site.prefix}many")
        seen = watch.wait_version(end["metadata"]["resourceVersion"])
    counted = eventually(
        lambda: [
            one
            for one in rig.plane.writes(rig.namespace, "replicationsyncs")
            if one["objectRef"].get("name") == "writes" and "kubectl" not in one["userAgent"]
        ],
        what="the audit log to be complete",
        until=lambda found: len(found) >= len(seen) - 1,
    )

    assert all(one["responseStatus"]["code"] == 200 for one in counted)
    accepted = next(one for one in seen if one["status"].get("acceptedAt"))
    slowly_read = not accepted["status"]["operation"].get("sync")  # then its acceptance was shown by itself
    assert len(counted) - sum(map(is_progress, seen)) <= 4 + slowly_read


def test_one_request_costs_thirteen_storage_calls_beside_polling(site: Site) -> None:
    name = site.group("calls")
    site.wait_group(name)
    site.request(name).wait_complete()  # opens the sessions
    eventually(
        lambda: site.rig.kubectl.get("replicationgroup", name)["status"],
        what="the group to be read after that",
        until=lambda status: status.get("pointInTimeCount") == 1,
    )
    site.act("hold", "calls")
    site.simulator.reset_counters()
    started = time.monotonic()

    request = site.request(name)
    request.wait_reason("Transferring")
    before_landing = site.simulator.counters()
    site.act("land", "calls")
    request.wait_complete()
    after = site.simulator.counters()
    monitors = int((time.monotonic() - started) // MONITOR_SECONDS) + 1

    polls = before_landing[TARGET].pop("GET pgroup") - 1  # the first was the look before arming
    assert polls >= 1
    assert not {"Login", "POST auth/session"} & {call for calls in after.values() for call in calls}
    calls = {
        endpoint: {
            call: count
            for call, count in found.items()
            if call in {"GET pgroup", PUSH, ARM, "QueryReplicationGroupInfo", "QueryPointInTimeReplica"}
            or "Task" in call
        }
        for endpoint, found in after.items()
    }
    del calls[TARGET]
    # the group's own monitor lists points in time as well, when the request ends and twice a minute
    listed = max(2, calls[RECOVERY].pop("QueryPointInTimeReplica") - monitors)
    total = 1 + listed + sum(count for found in calls.values() for count in found.values())
    assert total + 1 <= 13, after  # and the look at the array connections, which the monitor reads as well


def test_kubectl_shows_the_request_in_its_columns(rig: Rig, site: Site) -> None:
    site.wait_group(site.group("crm"))
    request = site.request(f"{site.prefix}crm", "columns", pointInTimeName="friday")
    request.wait_complete()

    head, line = rig.kubectl("get", "replicationsync", "columns").stdout.splitlines()

    assert head.split()[:3] == ["NAME", "GROUP", "PHASE"]
    assert "POINT IN TIME" in head
    for word in ("columns", f"{site.prefix}crm", "Succeeded", "friday", "PointInTimeCreated"):
        assert word in line
    assert "columns" in rig.kubectl("get", "vvol").stdout, "all kinds are in the category"


def test_a_finished_request_stays_as_it_is_when_the_operator_comes_back(rig: Rig, site: Site) -> None:
    name = site.group("mail")
    site.wait_group(name)
    before = finished(site, "done", name)
    pushes = len(site.calls(PUSH))

    rig.end()
    rig.start()
    finished(site, "done-after", name)

    assert rig.kubectl.get("replicationsync", "done") == before
    assert len(site.calls(PUSH)) == pushes + 1


def test_endpoints_tell_who_they_are(rig: Rig, site: Site) -> None:
    state = site.simulator.state()
    vcenter = rig.kubectl.wait_for_condition("vcenter", f"{site.prefix}{RECOVERY}", "Ready")
    array = rig.kubectl.wait_for_condition("flasharray", f"{site.prefix}{SOURCE}", "Ready")

    status = vcenter["status"]
    assert status["instanceUUID"] == state["vcenters"][RECOVERY]["instanceUuid"]
    assert status["version"]
    assert status["observedGeneration"] == vcenter["metadata"]["generation"]
    assert status["lastReadAt"]
    assert {one["type"]: one["status"] for one in status["conditions"]} == {
        "Ready": "True", "Reachable": "True", "Authenticated": "True", "InventoryComplete": "True",
    }  # fmt: skip
    status = array["status"]
    assert status["arrayID"] == state["arrays"][SOURCE]["id"]
    assert status["arrayName"] == SOURCE
    assert status["version"] == "6.9.1"
    assert status["restVersion"] == "1.19"


def test_a_group_shows_both_sides_and_its_newest_points_in_time(rig: Rig, site: Site) -> None:
    name = site.group("mail")
    for _ in range(12):
        site.act("run-schedule", "mail")
    site.next_second()
    site.request(name, pointInTimeName="the-newest").wait_complete()

    group = rig.kubectl.wait_until(
        "replicationgroup",
        name,
        lambda obj: any(one.get("name") == "the-newest" for one in obj["status"].get("pointsInTime", ())),
        what="the newest point in time to be listed",
    )

    status, real = group["status"], site.world("mail")
    for side, shown, array in (
        (real["sourceGroup"], status["source"], SOURCE),
        (real["targetGroups"][0], status["target"], TARGET),
    ):
        assert shown["deviceGroupID"] == side["deviceGroupId"]
        assert shown["faultDomainID"] == side["faultDomainId"]
        assert shown["state"] == side["state"]
        assert shown["array"] == site.prefix + array
        assert shown["arrayID"] == site.simulator.array(array)["id"]
    assert status["source"]["protectionGroup"] == "mail"
    points = real["targetGroups"][0]["pointsInTime"]
    assert status["pointInTimeCount"] == len(points)
    assert len(status["pointsInTime"]) == 10
    times = [one["time"] for one in status["pointsInTime"]]
    assert times == sorted(times, reverse=True)
    assert {one["id"] for one in status["pointsInTime"]} <= {one["id"] for one in points}
    assert status["newestPointInTime"] == times[0]
    shown = contract_of(group)
    shown.pop("NamedPointExpiring", None)  # after other tests there is a named point, which arrays keep for a day
    assert shown == {"Ready": "True"}


def contract_of(obj: Object) -> dict[str, str]:
    return {one["type"]: one["status"] for one in obj["status"]["conditions"]}
