"""A FailoverPreparation with kubectl: the guards that it waits at, the one call, the proof, what holds afterwards."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from e2e import contract
from e2e.preparing import app_of, bound, power, powered, prepare, prepares, wait_prepared
from e2e.rig import PROTECTED, PUSH, Rig, Site, ready
from e2e.watching import Watch

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GROUPS = ("road", "one", "hidden", "lost", "split", "other", "states", "wrong", "dry", "again", "columns")
STALE = {"started": "VMPoweredOn", "newer": "NewerDataArrived", "old": "ValidityEnded", "over": "GroupFailedOver"}


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(powered(*GROUPS, *STALE)) as made:
        yield made


def test_a_running_vm_is_waited_for_and_named_then_the_group_is_prepared_and_takes_no_sync(
    rig: Rig, site: Site, tmp_path: Path
) -> None:
    group = bound(site, "road")
    power(site, app_of("road"), "poweredOn")
    with Watch(rig, "failoverpreparation", "road", tmp_path) as watch:
        preparation = prepare(site, group, "road", validFor="4h")
        waiting = preparation.wait_reason("VMPoweredOn")
        assert f"'{app_of('road')}'" in ready(waiting)[1]
        assert waiting["status"]["phase"] == "Waiting"
        assert prepares(site, "road") == 0
        power(site, app_of("road"), "poweredOff")
        rig.kubectl.wait_for_condition("failoverpreparation", "road", "Complete")
        end = preparation.wait("no finalizer", lambda obj: not obj["metadata"].get("finalizers"))
        seen = watch.wait_version(end["metadata"]["resourceVersion"])

    for obj in seen:
        contract.check(obj)
    preparation.assert_prepared("road")
    status = end["status"]
    assert [one["name"] for one in status["machines"]] == [app_of("road"), "road-db"]
    assert status["machineCount"] == 2
    assert {one["result"] for one in status["checks"]} == {"Passed"}
    assert status["pointInTime"]["id"] in ready(end)[1]
    assert stage.is_true(end, "Valid")
    assert stage.is_true(end, "PointInTimeIdentified")
    first_intent = next(obj for obj in seen if (obj["status"].get("operation") or {}).get("prepare"))
    assert "task" not in first_intent["status"]["operation"]["prepare"], "the intent is written before the call"
    told = wait_prepared(site, group, "FailoverPrepared")
    assert told is not None
    assert status["pointInTime"]["id"] in told[2]

    refused = site.request(group).wait_finished()
    assert stage.is_true(refused, "Failed")
    assert ready(refused)[0] == "GroupPrepared"
    assert refused["status"]["pointInTime"]["id"] == status["pointInTime"]["id"]
    assert status["pointInTime"]["id"] in ready(refused)[1]
    assert site.calls(PUSH, "road") == []
    arrays = site.request(group, method="ArrayOnly").wait_complete()
    assert "pointInTime" not in arrays["status"]


def test_both_sides_may_be_in_one_vcenter(rig: Rig) -> None:
    described = powered("alone")
    arrays = [array for one in described["vCenters"].values() for array in one["arrays"]]
    described["vCenters"] = {PROTECTED: {**described["vCenters"][PROTECTED], "arrays": arrays}}
    with rig.site(described) as site:
        group = bound(site, "alone", recovery=site.prefix + PROTECTED)
        preparation = prepare(site, group)
        end = preparation.assert_prepared("alone")
        resolved = end["status"]["operation"]["resolved"]
        assert resolved["recoveryVCenterUUID"] == resolved["protectedVCenterUUID"]


def test_a_vm_that_the_account_may_not_see_does_not_vanish(site: Site) -> None:
    """Nor does one that it may see and not read; and a suspended one counts as on."""
    group, vm = bound(site, "hidden"), app_of("hidden")
    site.simulator.action("set-vm-access", vm=vm, hidden=True)
    preparation = prepare(site, group)
    preparation.wait_reason("MembersUnaccounted")
    site.simulator.action("set-vm-access", vm=vm, hidden=False, unreadable=["runtime.powerState"])
    told = preparation.wait_reason("VMPowerUnknown")
    assert f"'{vm}'" in ready(told)[1]
    power(site, vm, "suspended")
    site.simulator.action("set-vm-access", vm=vm, hidden=False, unreadable=[])
    told = preparation.wait_reason("VMSuspended")
    assert f"'{vm}'" in ready(told)[1]
    assert prepares(site, "hidden") == 0
    power(site, vm, "poweredOff")

    preparation.assert_prepared("hidden")


def test_a_vm_that_vcenter_has_lost_is_not_taken_for_off_and_is_named_with_its_host(site: Site) -> None:
    group, vm = bound(site, "lost"), app_of("lost")
    site.simulator.action("set-vm-shown", vm=vm, connection="disconnected")
    power(site, vm, "poweredOn")  # which vCenter does not see
    preparation = prepare(site, group)
    told = ready(preparation.wait_reason("VMPowerUnknown"))[1]
    assert f"'{vm}' (disconnected, host esxi-1.example.com, last seen poweredOff)" in told
    power(site, vm, "poweredOff")
    site.simulator.action("set-vm-shown", vm=vm, connection="inaccessible")
    eventually(
        lambda: ready(preparation.get())[1],
        what="its state in the message",
        until=lambda text: "(inaccessible, host esxi-1.example.com" in text,
        timeout=150,  # what is said in other words alone may wait a minute for its write
    )
    assert prepares(site, "lost") == 0
    site.simulator.action("set-vm-shown", vm=vm)

    preparation.assert_prepared("lost")


def test_a_vm_that_is_split_over_groups_counts_for_each(site: Site) -> None:
    site.simulator.action("set-vm-group", vm=app_of("split"), protectionGroup="flasharray-a:other", disk=0)
    power(site, app_of("split"), "poweredOn")
    made = {name: prepare(site, bound(site, name)) for name in ("split", "other")}
    for name, preparation in made.items():
        told = preparation.wait_reason("VMPoweredOn")
        assert f"'{app_of('split')}' (split over groups)" in ready(told)[1]
        assert prepares(site, name) == 0
    power(site, app_of("split"), "poweredOff")
    for name, preparation in made.items():
        end = preparation.assert_prepared(name)
        assert app_of("split") in {one["name"] for one in end["status"]["machines"]}


def test_a_test_failover_is_waited_for_and_a_group_that_failed_over_ends_it(site: Site) -> None:
    group = bound(site, "states")
    site.act("set-state", "states", state="INTEST")
    preparation = prepare(site, group)
    preparation.wait_reason("InTest")
    site.act("set-state", "states", state="FAILEDOVER")

    told = preparation.wait_failed("GroupFailedOver")

    assert "everse" in ready(told)[1]
    assert prepares(site, "states") == 0


def test_a_group_whose_roles_are_reversed_is_never_asked(site: Site) -> None:
    """The object names as source what is a target now."""
    group = bound(site, "wrong")
    for side, state in (("source", "TARGET"), ("target", "SOURCE")):
        site.act("set-state", "wrong", side=side, state=state)
    preparation = prepare(site, group)
    eventually(
        lambda: ready(preparation.get())[0], what="a refusal", until=lambda seen: seen in {"WrongState", "WrongSide"}
    )
    assert prepares(site, "wrong") == 0
    preparation.patch(cancel=True)
    preparation.wait_failed("Cancelled")


def test_a_dry_run_tells_what_the_real_one_would_refuse_and_changes_nothing(site: Site) -> None:
    group = bound(site, "dry")
    power(site, app_of("dry"), "poweredOn")
    before = len(site.simulator.journal())

    would = prepare(site, group, dryRun=True).wait_complete()
    power(site, app_of("dry"), "poweredOff")
    could = prepare(site, group, dryRun=True).wait_complete()

    told = [stage.condition(one, "Preparable") for one in (would, could)]
    assert [(one["status"], one["reason"]) for one in told if one] == [
        ("False", "VMPoweredOn"),
        ("True", "ChecksPassed"),
    ]
    assert {one["name"]: one["result"] for one in would["status"]["checks"]}["VirtualMachines"] == "Refused"
    assert {one["result"] for one in could["status"]["checks"]} == {"Passed"}
    assert ready(would)[0] == ready(could)[0] == "DryRun"
    assert [one for one in site.simulator.journal()[before:] if "dry" in str(one["arguments"])] == []
    assert not site.world("dry")["sourceGroup"]["prepared"]
    assert "prepared" not in site.rig.kubectl.get("replicationgroup", group)["status"]


def test_the_same_request_is_done_already_and_another_one_is_refused(site: Site) -> None:
    group = bound(site, "again")
    first = prepare(site, group, "again", requestID="CHG-4711").assert_prepared("again")
    site.rig.kubectl("delete", "failoverpreparation", "again", "--timeout=20s")

    same = prepare(site, group, "again", requestID="CHG-4711").wait_complete()
    other = prepare(site, group).wait_failed("AlreadyPrepared")

    assert ready(same)[0] == "AlreadyDone"
    for one in (same, other):
        assert one["status"]["pointInTime"]["id"] == first["status"]["pointInTime"]["id"]
    assert prepares(site, "again") == 1


def test_the_columns_of_kubectl_tell_the_story(site: Site) -> None:
    group = bound(site, "columns")
    power(site, app_of("columns"), "poweredOn")

    def row() -> dict[str, str]:
        head, line = site.rig.kubectl("get", "failoverpreparations", "columns").stdout.splitlines()
        places = [head.index(one) for one in ("GROUP", "PHASE", "REASON", "VALID", "POINT ID")]
        return {head[at:].split("  ")[0]: line[at:].split(" ")[0] for at in places}

    preparation = prepare(site, group, "columns")
    preparation.wait_reason("VMPoweredOn")
    assert row() == {"GROUP": group, "PHASE": "Waiting", "REASON": "VMPoweredOn", "VALID": "", "POINT ID": ""}
    power(site, app_of("columns"), "poweredOff")
    end = preparation.wait_complete()
    assert row() == {
        "GROUP": group,
        "PHASE": "Succeeded",
        "REASON": "FailoverPrepared",
        "VALID": "True",
        "POINT ID": end["status"]["pointInTime"]["id"],
    }
    assert "columns" in site.rig.kubectl("get", "failprep").stdout


def test_what_makes_a_preparation_stale_is_told_and_it_stays_ready(site: Site) -> None:
    groups = {name: bound(site, name) for name in STALE}
    more = {"old": {"validFor": "5s"}}
    made = {name: prepare(site, group, **more.get(name, {})) for name, group in groups.items()}
    ends = {name: one.assert_prepared(name) for name, one in made.items()}
    power(site, app_of("started"), "poweredOn")
    site.next_second()
    site.act("run-schedule", "newer")
    site.act("set-state", "over", state="FAILEDOVER")

    for name, reason in STALE.items():
        told = made[name].wait_valid(reason)
        valid = stage.condition(told, "Valid")
        assert valid is not None
        assert valid["status"] == "False"
        assert stage.is_true(told, "Ready")
        assert stage.is_true(told, "Complete")
        assert told["status"]["pointInTime"] == ends[name]["status"]["pointInTime"]
        eventually(
            lambda reason=reason: site.rig.kubectl.get("events.events.k8s.io", f"--field-selector=reason={reason}"),  # type: ignore[misc]
            what=f"the event {reason}",
            until=lambda found, name=name: any(one["regarding"]["name"] == made[name].name for one in found["items"]),  # type: ignore[misc]
        )
    valid = stage.condition(made["newer"].get(), "Valid")
    assert valid is not None
    assert ends["newer"]["status"]["pointInTime"]["id"] in valid["message"], "the advice is to fail over by id"
    wait_prepared(site, groups["over"], None)
    until = dt.datetime.fromisoformat(ends["old"]["status"]["validUntil"])
    finished = dt.datetime.fromisoformat(ends["old"]["status"]["finishedAt"])
    assert dt.timedelta(seconds=4) <= until - finished <= dt.timedelta(seconds=6)


def test_consent_has_to_repeat_the_name_of_the_group(site: Site) -> None:
    said = site.rig.kubectl.apply(
        stage.preparation("no", site.rig.namespace, "erp", not_after="2030-01-01T00:00:00Z", consent="crm"), check=False
    )
    assert "consent" in said
    assert site.rig.kubectl.find("failoverpreparation", "no") is None
