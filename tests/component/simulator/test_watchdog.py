"""The VASA provider's rules, on the model alone with a clock in hand."""

from typing import Any

import pytest

from vvol_simulator.model import GroupDone, GroupError, ManualClock, SmsFaultError, SyncSuccess, VvolGroup, World
from vvol_simulator.topology import build, default_topology


class Stage:
    """The default world with handles on its erp group."""

    def __init__(self, **switches: Any) -> None:
        self.clock = ManualClock()
        self.world: World = build(default_topology() | {"switches": switches}, self.clock)
        self.erp = self.world.protection_group("erp")
        self.source: VvolGroup = self.world.vvol_group(self.erp, "source")
        self.target: VvolGroup = self.world.vvol_group(self.erp, "target")
        self.dallas, self.austin = self.world.site("dallas"), self.world.site("austin")

    def sync(self, name: str) -> Any:
        return self.world.vasa.start_sync(self.dallas, [self.target.id], name)

    def push(self, suffix: str) -> Any:
        return self.world.replication.take(self.erp, suffix, replicate=True, retained=True)

    def state(self, task: Any) -> str:
        return self.world.vasa.task_state(task)

    def points(self) -> list[tuple[str | None, str]]:
        points = self.world.vasa.points_in_time(self.target)
        return [(point.name, point.transfer.snapshot.suffix) for point in points]


def refusal(task: Any) -> str:
    result = task.ordered_results()[0]
    assert isinstance(result, GroupError)
    return result.faults[0].name


def test_the_landing_after_arming_gets_the_name() -> None:
    stage = Stage()
    task = stage.sync("before-upgrade")
    stage.clock.advance(3600 * 0.1)
    assert stage.state(task) == "running"
    stage.push("vr-1")
    stage.clock.advance(1.9)
    assert stage.state(task) == "running"
    stage.clock.advance(0.2)
    assert stage.state(task) == "success"
    result = task.ordered_results()[0]
    assert isinstance(result, SyncSuccess)
    assert (result.point_name, stage.points()) == ("before-upgrade", [("before-upgrade", "vr-1")])


def test_an_older_transfer_under_way_takes_the_credit() -> None:
    stage = Stage()
    stage.push("older")
    stage.clock.advance(1)
    task = stage.sync("mine")
    stage.push("vr-1")
    stage.clock.advance(1.5)
    assert stage.state(task) == "success"
    stage.clock.advance(1.5)
    assert stage.points() == [("mine", "older"), (None, "vr-1")]


def test_the_schedule_brings_data_at_its_own_time_whenever_somebody_looks() -> None:
    stage = Stage()
    task = stage.sync("scheduled")
    stage.clock.advance(2000)
    assert stage.points() == [("scheduled", "1"), (None, "2")]
    assert task.completed == pytest.approx(task.started + 902)
    transfers = [point.transfer for point in stage.world.vasa.points_in_time(stage.target)]
    assert transfers[1].snapshot.created - transfers[0].snapshot.created == pytest.approx(900)


@pytest.mark.parametrize("where", ["thrown", "groupError", "taskError"])
def test_a_second_sync_is_ongoing_in_the_switched_place(where: str) -> None:
    stage = Stage(syncOngoing=where)
    first = stage.sync("one")
    if where == "thrown":
        with pytest.raises(SmsFaultError) as caught:
            stage.sync("two")
        fault = caught.value.fault
    else:
        second = stage.sync("two")
        fault = second.error if where == "taskError" else second.ordered_results()[0].faults[0]
        assert stage.state(second) == ("error" if where == "taskError" else "success")
    assert (fault.name, fault.fields) == ("SyncOngoing", {"task": first.moid})
    stage.push("vr-1")
    stage.clock.advance(3)
    assert stage.points() == [("one", "vr-1")]


def test_the_wrong_side_the_wrong_site_and_the_wrong_state_are_told_apart() -> None:
    stage = Stage()
    vasa = stage.world.vasa
    assert refusal(vasa.start_sync(stage.austin, [stage.source.id], "x")) == "InvalidFunctionTarget"
    assert refusal(vasa.start_sync(stage.austin, [stage.target.id], "x")) == "NotFound"
    assert refusal(vasa.start_prepare(stage.dallas, [stage.target.id])) == "InvalidFunctionTarget"
    stage.world.switches.set("wrongSide", "NotFound")
    assert refusal(vasa.start_sync(stage.austin, [stage.source.id], "x")) == "NotFound"
    vasa.set_state(stage.target, "INTEST")
    result = stage.sync("x").ordered_results()[0]
    assert isinstance(result, GroupError)
    assert result.faults[0].fields == {"currentState": "INTEST", "desiredState": ["TARGET"]}
    stage.world.switches.set("groupFaults", "thrown")
    with pytest.raises(SmsFaultError, match="InvalidReplicationState"):
        stage.sync("x")


def test_a_prepared_group_answers_at_once_with_old_data() -> None:
    stage = Stage()
    task = stage.world.vasa.start_prepare(stage.austin, [stage.source.id])
    assert (stage.state(task), stage.target.prepared) == ("running", False)
    stage.clock.advance(2.1)
    assert (stage.state(task), stage.target.prepared) == ("success", True)
    assert isinstance(task.ordered_results()[0], GroupDone)
    empty = stage.sync("again")
    assert stage.state(empty) == "success"
    assert stage.points() == [(None, "1")]
    assert empty.ordered_results()[0].point_id == stage.world.vasa.points_in_time(stage.target)[0].id
    stage.world.vasa.set_state(stage.target, "FAILEDOVER")
    assert not stage.target.prepared


def test_a_prepare_credits_an_armed_sync_and_needs_its_peer() -> None:
    stage = Stage()
    task = stage.sync("armed")
    stage.world.vasa.start_prepare(stage.austin, [stage.source.id])
    stage.clock.advance(3)
    assert (stage.state(task), stage.points()) == ("success", [("armed", "1")])
    stage.world.links.join(stage.source.array_id, stage.target.array_id, connected=False)
    assert refusal(stage.world.vasa.start_prepare(stage.austin, [stage.source.id])) == "PeerNotReachable"


def test_a_prepare_can_look_at_power() -> None:
    stage = Stage(prepareWithPoweredOnVms="refuse")
    assert refusal(stage.world.vasa.start_prepare(stage.austin, [stage.source.id])) == "ResourceInUse"
    for vm in stage.austin.vms:
        vm.power = "poweredOff"
    assert stage.state(stage.world.vasa.start_prepare(stage.austin, [stage.source.id])) == "running"


def test_a_provider_that_pushes_by_itself() -> None:
    stage = Stage(providerPushesOnSync=True)
    task = stage.sync("mine")
    stage.clock.advance(2.1)
    assert (stage.state(task), stage.points()) == ("success", [("mine", "1")])


@pytest.mark.parametrize(("switch", "source_time"), [("sourceCreation", True), ("targetCompletion", False)])
def test_the_time_of_a_point_in_time_follows_the_switch(switch: str, *, source_time: bool) -> None:
    stage = Stage(pointInTimeTime=switch)
    stage.world.arrays[stage.target.array_id].skew = 100
    snapshot = stage.push("vr-1")
    stage.clock.advance(10)
    point = stage.world.vasa.points_in_time(stage.target)[0]
    assert point.time == (snapshot.created if source_time else snapshot.created + 2 + 100)


def test_the_provider_may_notice_late_and_tasks_may_queue() -> None:
    stage = Stage(vasaLagSeconds=30, taskQueuedSeconds=1)
    task = stage.sync("late")
    assert stage.state(task) == "queued"
    stage.push("vr-1")
    stage.clock.advance(5)
    assert (stage.state(task), stage.points()) == ("running", [])
    stage.clock.advance(30)
    assert (stage.state(task), stage.points()) == ("success", [("late", "vr-1")])


def test_a_forgotten_task_leaves_the_sync_armed() -> None:
    stage = Stage()
    task = stage.sync("mine")
    assert stage.dallas.forget_tasks() == 1
    with pytest.raises(SmsFaultError, match="ManagedObjectNotFound"):
        stage.dallas.task(task.moid)
    stage.push("vr-1")
    stage.clock.advance(3)
    assert stage.points() == [("mine", "vr-1")]


def test_one_transfer_is_released_while_the_others_stand_still() -> None:
    stage = Stage()
    stage.erp.hold.pull(None)
    stage.push("first")
    stage.push("second")
    stage.erp.hold.loosen("SECOND")
    stage.world.replication.refresh()
    stage.clock.advance(3)
    assert stage.points() == [(None, "second")]
    stage.erp.hold.loosen(None)
    stage.world.replication.refresh()
    stage.clock.advance(3)
    assert stage.points() == [(None, "second"), (None, "first")]


def test_a_broken_link_stops_a_transfer_where_it_is() -> None:
    stage = Stage()
    stage.push("vr-1")
    stage.clock.advance(1)
    link = stage.source.array_id, stage.target.array_id
    stage.world.timeline.settle()
    stage.world.links.join(*link, connected=False)
    stage.world.replication.refresh()
    stage.clock.advance(600)
    assert stage.points() == []
    assert stage.world.replication.active[0].progress(stage.world.time) == pytest.approx(0.5)
    stage.world.links.join(*link, connected=True)
    stage.world.replication.refresh()
    stage.clock.advance(1.1)
    assert stage.points() == [(None, "vr-1")]


def test_a_destroyed_replica_is_no_point_in_time_until_recovered() -> None:
    stage = Stage()
    stage.push("vr-1")
    stage.clock.advance(3)
    transfer = stage.world.vasa.points_in_time(stage.target)[0].transfer
    stage.world.replication.destroy_snapshot(stage.erp, transfer)
    assert stage.points() == []
    stage.world.replication.recover_snapshot(stage.erp, transfer)
    assert stage.points() == [(None, "vr-1")]


def test_a_destroyed_snapshot_is_eradicated_after_a_day_and_frees_its_suffix() -> None:
    stage = Stage()
    snapshot = stage.push("vr-1")
    stage.world.replication.destroy_snapshot(stage.erp, snapshot)
    stage.clock.advance(86_000)
    with pytest.raises(Exception, match="already exists"):
        stage.push("vr-1")
    stage.clock.advance(500)
    assert stage.push("vr-1") is not snapshot


def test_a_standby_provider_names_the_active_one() -> None:
    topology = default_topology()
    topology["vCenters"]["dallas"] = {"providers": [
        {"name": "ct0", "arrays": ["flasharray-b"], "active": False}, {"name": "ct1", "arrays": ["flasharray-b"]},
    ]}  # fmt: skip
    world = build(topology, ManualClock())
    site = world.site("dallas")
    target = world.vvol_group(world.protection_group("erp"), "target")
    with pytest.raises(SmsFaultError) as caught:
        world.vasa.start_sync(site, [target.id], "x", site.providers[0])
    mapping = [{"activeProvider": "vasaProvider-2", "faultDomainId": [target.id.fault_domain]}]
    assert (caught.value.fault.name, caught.value.fault.fields) == ("InactiveProvider", {"mapping": mapping})
    site.providers[1].status = "offline"
    with pytest.raises(SmsFaultError, match="ProviderUnavailable"):
        world.vasa.start_sync(site, [target.id], "x", site.providers[1])


def test_both_sides_in_one_vcenter_and_new_ids_after_a_reverse() -> None:
    topology = default_topology()
    topology["vCenters"] = {"one": {"arrays": ["flasharray-a", "flasharray-b"]}}
    world = build(topology, ManualClock())
    site = world.site("one")
    assert [domain.name for domain in world.fault_domains(site)] == ["flasharray-a", "flasharray-b"]
    assert len(world.vasa.groups_at(site)) == 6
    erp = world.protection_group("erp")
    before = world.vvol_group(erp, "source").id
    world.vasa.reassign(erp)
    after = world.vvol_group(erp, "source").id
    assert after != before
    assert after.fault_domain == before.fault_domain
    assert world.vvol_group(erp, "target").source == after
    assert {vm.name for vm in site.vms if after in vm.groups()} == {"erp-db", "erp-app"}
