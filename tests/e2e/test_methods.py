"""The methods on real sockets: the arrays alone while vCenters are dead, and the array's own schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from e2e import contract
from e2e.rig import ARM, PROTECTED, PUSH, RECOVERY, SOURCE, Rig, Site, ready, topology

from testbed import stage

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS = ("alone", "tested", "prepared", "crossed", "scheduled", "older", "lost", "pushy")
VCENTERS = (PROTECTED, RECOVERY)


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(*GROUPS)) as made:
        yield made


def bound_group(site: Site, protection_group: str) -> str:
    name = site.group(protection_group)
    site.wait_group(name)
    return name


def snapshot(protection_group: str, suffix: str) -> str:
    return f"{SOURCE}:{protection_group}.{suffix}"


def test_the_arrays_alone_do_while_both_vcenters_are_dead_and_the_operator_was_restarted(rig: Rig, site: Site) -> None:
    name = bound_group(site, "alone")
    dead = [site.simulator.fault(one, "*", "resetBefore") for one in VCENTERS]
    rig.kill()
    rig.start()

    request = site.request(name, method="ArrayOnly")
    end = request.wait_complete()

    for one in dead:
        site.simulator.clear_faults(one["id"])
    contract.check(end)
    assert ready(end)[0] == "SnapshotReplicated"
    assert "pointInTime" not in end["status"]
    suffix = end["status"]["operation"]["suffix"]
    assert end["status"]["transfer"]["snapshot"] == snapshot("alone", suffix)
    assert [one["suffix"] for one in site.points("alone")] == [suffix]
    assert site.calls(ARM, "alone") == []
    assert len(site.calls(PUSH, "alone")) == 1


def test_the_arrays_alone_refuse_a_group_that_was_last_seen_in_a_test(rig: Rig, site: Site) -> None:
    site.act("set-state", "tested", state="INTEST")
    name = bound_group(site, "tested")
    rig.kubectl.wait_until(
        "replicationgroup", name, lambda obj: obj["status"]["target"]["state"] == "INTEST", what="INTEST to be seen"
    )

    end = site.request(name, method="ArrayOnly").wait_finished()

    contract.check(end)
    assert ready(end)[0] == "InTest"
    assert "INTEST" in ready(end)[1]
    assert site.calls(PUSH, "tested") == []


def test_a_prepared_group_is_replicated_by_the_arrays_alone(site: Site) -> None:
    site.act("run-schedule", "prepared")
    site.act("prepare", "prepared")

    end = site.request(bound_group(site, "prepared"), method="ArrayOnly").wait_complete()

    assert ready(end)[0] == "SnapshotReplicated"
    assert len(site.calls(PUSH, "prepared")) == 1


def test_the_schedule_brings_the_data_and_the_name_is_on_it(site: Site) -> None:
    request = site.request(bound_group(site, "scheduled"), method="AwaitSchedule", pointInTimeName="nightly")
    waiting = request.wait_reason("AwaitingTransfer")
    contract.check(waiting)
    assert "schedule of protection group 'scheduled'" in ready(waiting)[1]
    site.next_second()
    suffix = site.act("run-schedule", "scheduled")["suffix"]

    end = request.wait_complete()

    contract.check(end)
    (point,) = site.points("scheduled")
    assert ready(end)[0] == "ScheduledTransferLanded"
    assert (point["suffix"], point["name"]) == (suffix, "nightly")
    assert end["status"]["pointInTime"]["id"] == point["id"]
    assert end["status"]["transfer"]["snapshot"] == snapshot("scheduled", suffix)
    assert site.calls(PUSH, "scheduled") == []


def test_an_older_transfer_is_not_what_was_asked_for(site: Site) -> None:
    site.act("hold", "older")
    site.act("run-schedule", "older")
    request = site.request(bound_group(site, "older"), method="AwaitSchedule")
    request.wait_reason("OlderTransferInFlight")
    site.act("release", "older")
    request.wait_reason("AwaitingTransfer")
    site.next_second()
    suffix = site.act("run-schedule", "older")["suffix"]

    end = request.wait_complete()

    assert end["status"]["transfer"]["snapshot"] == snapshot("older", suffix)
    assert stage.is_true(end, "Named")


def test_a_killed_operator_finds_its_armed_sync_again_and_arms_no_second_one(rig: Rig, site: Site) -> None:
    request = site.request(bound_group(site, "lost"), method="AwaitSchedule")
    request.wait_reason("AwaitingTransfer")
    rig.kill()
    site.next_second()
    site.act("run-schedule", "lost")
    rig.start()

    end = request.wait_complete()

    assert stage.is_true(end, "Named")
    assert len(site.calls(ARM, "lost")) == 1


def test_a_provider_that_pushes_by_itself_brings_true_data_and_we_push_once(site: Site) -> None:
    site.act("set-transfer-seconds", "pushy", seconds=3)
    site.simulator.action("set-switch", name="providerPushesOnSync", value=True)
    try:
        end = site.request(bound_group(site, "pushy")).wait_complete()
    finally:
        site.simulator.action("set-switch", name="providerPushesOnSync", value=False)
    suffix = end["status"]["operation"]["suffix"]
    assert len(site.calls(PUSH, "pushy")) == 1
    assert suffix in {one["suffix"] for one in site.points("pushy")}
    named = stage.condition(end, "Named")
    assert named is not None
    if end["status"]["pointInTime"].get("name") != end["status"]["operation"]["pointInTimeName"]:
        assert named["reason"] in ("NameOnOtherPointInTime", "PointInTimeAmbiguous"), "it is on what the provider sent"
        assert end["status"]["namedPointInTime"]["name"] == end["status"]["operation"]["pointInTimeName"]
