"""A preparation in trouble: one call whatever is lost or killed, refusals as providers word them, and the way back."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest
from e2e.preparing import (
    PREPARE,
    Preparation,
    app_of,
    bound,
    power,
    powered,
    prepare,
    prepared,
    prepares,
    wait_prepare,
    wait_prepared,
)
from e2e.rig import ARM, PROTECTED, PUSH, Rig, Site, ready

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_THE_TASK = ("groupError", "taskError")
REFUSALS = tuple(f"no-{one}" for one in ("grouperror", "taskerror", "thrown"))
GROUPS = ("outside", "asked", "off", "lag", "started", "lost", "gone", "called", "moving")


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(powered(*GROUPS, *REFUSALS)) as made:
        yield made


def switch(site: Site, name: str, value: object) -> None:
    site.simulator.action("set-switch", name=name, value=value)


@pytest.mark.parametrize(("protection_group", "named"), [("outside", "own"), ("asked", "asked")])
def test_a_group_that_somebody_else_prepared_is_found_by_a_sync_whatever_name_it_answers(
    protection_group: str, named: str, site: Site
) -> None:
    group = bound(site, protection_group)
    switch(site, "preparedSyncName", named)
    site.act("prepare", protection_group)
    (last,) = site.points(protection_group)

    sync = site.request(group, pointInTimeName="wanted").wait_finished()
    assert stage.is_true(sync, "Failed")
    assert ready(sync)[0] == "GroupPrepared"
    assert site.calls(PUSH, protection_group) == []
    told = wait_prepared(site, group, "PreparedOutside")
    assert told is not None
    assert last["id"] in told[2]
    prepare(site, group).wait_failed("AlreadyPrepared")
    assert prepares(site, protection_group) == 0

    site.act("unprepare", protection_group)
    site.request(group).assert_true_success(protection_group)
    wait_prepared(site, group, None)
    switch(site, "preparedSyncName", "own")


def test_a_failover_that_is_called_off_leads_back_to_syncs_and_to_another_preparation(rig: Rig, site: Site) -> None:
    group = bound(site, "off")
    preparation = prepare(site, group)
    preparation.assert_prepared("off")
    site.next_second()
    spec = {"spec": {"failoverCalledOffAt": f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"}}
    rig.kubectl("patch", "replicationgroup", group, "--type=merge", "--patch", json.dumps(spec))
    wait_prepared(site, group, "FailoverCalledOff")
    power(site, app_of("off"), "poweredOn")

    still = site.request(group).wait_finished()
    assert ready(still)[0] == "GroupPrepared", "the target was asked, and takes none"
    assert len(site.calls(ARM, "off")) == 1
    site.request(group, method="ArrayOnly").wait_complete()
    site.act("unprepare", "off")
    site.request(group).assert_true_success("off")
    wait_prepared(site, group, None)
    power(site, app_of("off"), "poweredOff")
    again = prepare(site, group).wait_complete()

    assert ready(again)[0] == "FailoverPrepared"
    assert prepares(site, "off") == 2
    eventually(
        lambda: stage.condition(preparation.get(), "Valid"),
        what="the first preparation to be told as stale",
        until=lambda valid: valid is not None and valid["status"] == "False",
    )


def test_a_provider_that_sees_the_landing_later_and_tells_another_time_is_waited_for(site: Site) -> None:
    group = bound(site, "lag")
    switch(site, "vasaLagSeconds", 3)
    switch(site, "pointInTimeTime", "targetCompletion")
    switch(site, "taskQueuedSeconds", 1)
    try:
        end = prepare(site, group).assert_prepared("lag")
    finally:
        for name, value in (("vasaLagSeconds", 0), ("pointInTimeTime", "sourceCreation"), ("taskQueuedSeconds", 0)):
            switch(site, name, value)
    assert stage.is_true(end, "PointInTimeIdentified")


@pytest.fixture
def guarded(site: Site) -> Iterator[Site]:
    """A provider that looks at the VMs' power."""
    switch(site, "prepareWithPoweredOnVms", "refuse")
    yield site
    switch(site, "prepareWithPoweredOnVms", "accept")
    switch(site, "groupFaults", "groupError")


def started_in_between(site: Site, name: str, group: str) -> Preparation:
    """A VM is started between the last check and the call."""
    hanging = site.hang(PROTECTED, PREPARE, times=1)
    preparation = prepare(site, group)
    site.wait_hit(hanging)
    power(site, app_of(name), "poweredOn")
    site.simulator.clear_faults(hanging)
    return preparation


@pytest.mark.parametrize("where", IN_THE_TASK)
def test_a_provider_that_refuses_running_vms_in_its_task_changes_nothing_and_is_the_end(
    where: str, guarded: Site
) -> None:
    name = f"no-{where.lower()}"
    group = bound(guarded, name)
    switch(guarded, "groupFaults", where)

    told = started_in_between(guarded, name, group).wait_failed("PrepareRefused")

    assert "Power off" in ready(told)[1]
    assert not guarded.world(name)["sourceGroup"]["prepared"]
    assert len(guarded.points(name)) == 1


def test_a_provider_that_refuses_the_call_itself_is_asked_again_when_all_vms_are_off(guarded: Site) -> None:
    group = bound(guarded, "no-thrown")
    switch(guarded, "groupFaults", "thrown")

    preparation = started_in_between(guarded, "no-thrown", group)

    preparation.wait_reason("VMPoweredOn")
    wait_prepared(guarded, group, None)
    power(guarded, app_of("no-thrown"), "poweredOff")
    preparation.assert_prepared("no-thrown")


def test_a_vm_that_is_started_between_check_and_call_is_reported(site: Site) -> None:
    """The provider does not look at power: what was done is told, and that it is stale from its first moment."""
    group = bound(site, "started")

    end = started_in_between(site, "started", group).assert_prepared("started")

    valid = stage.condition(end, "Valid")
    assert valid is not None
    assert (valid["status"], valid["reason"]) == ("False", "VMPoweredOn")
    assert f"'{app_of('started')}'" in ready(end)[1]


def test_a_lost_answer_is_looked_for_and_the_group_counts_as_prepared(site: Site) -> None:
    group = bound(site, "lost")
    site.simulator.fault(PROTECTED, PREPARE, "resetAfter", times=1)

    end = prepare(site, group).wait_failed("OutcomeUnknown")

    assert prepares(site, "lost") == 1
    assert end["status"]["pointInTime"]["id"] == site.points("lost")[-1]["id"], "the data is there: it is told"
    told = wait_prepared(site, group, "NotProven")
    assert told is not None
    assert ready(site.request(group).wait_finished())[0] == "GroupPrepared"
    prepare(site, group).wait_failed("AlreadyPrepared")
    assert prepares(site, "lost") == 1


def test_a_call_whose_fate_is_unknown_is_not_repeated_although_it_never_arrived(site: Site) -> None:
    group = bound(site, "gone")
    fault = site.simulator.fault(PROTECTED, PREPARE, "resetBefore")

    prepare(site, group).wait_failed("OutcomeUnknown")

    hits = next(one["hits"] for one in site.simulator.faults() if one["id"] == fault["id"])
    site.simulator.clear_faults(fault["id"])
    assert hits == 1
    assert prepares(site, "gone") == 0
    told = wait_prepared(site, group, "NotProven")
    assert told is not None
    prepare(site, group).wait_failed("AlreadyPrepared")


def test_an_operator_that_is_killed_inside_the_call_looks_and_does_not_ask_again(rig: Rig, site: Site) -> None:
    group = bound(site, "called")
    site.hang(PROTECTED, PREPARE, when="after", times=1)
    preparation = prepare(site, group)
    wait_prepare(site, "called")
    rig.kill()
    site.simulator.clear_faults()
    rig.start()

    end = preparation.wait_failed("OutcomeUnknown")

    assert prepares(site, "called") == 1
    assert end["status"]["pointInTime"]["id"] == site.points("called")[-1]["id"]
    assert wait_prepared(site, group, "NotProven") is not None


def test_an_operator_that_is_killed_while_the_last_sync_is_on_its_way_goes_on(rig: Rig, site: Site) -> None:
    group = bound(site, "moving")
    site.act("hold", "moving")
    preparation = prepare(site, group)
    preparation.wait("a task", lambda obj: (obj["status"].get("operation") or {}).get("prepare", {}).get("task"))
    rig.kill()
    assert prepared(site, group) is not None, "the group knows, whoever is there to tell"
    rig.start()
    preparation.wait_reason("Transferring")
    site.act("release", "moving")

    preparation.assert_prepared("moving")
    wait_prepared(site, group, "FailoverPrepared")
