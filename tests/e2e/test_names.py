"""The wrong-name race: the watchdog credits whatever lands next, and the operator tells the truth about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from e2e.rig import ARM, PUSH, RECOVERY, Rig, Site, ready, topology

from testbed import stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.rig import Object, Request

GROUPS = ("waited", "before", "after", "after-created", "refused", "derived", "many", "prior")


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(*GROUPS)) as made:
        yield made


@pytest.fixture(autouse=True)
def switched_back(site: Site) -> Iterator[None]:
    yield
    site.simulator.clear_faults()
    site.simulator.action("set-switch", name="pointInTimeTime", value="sourceCreation")
    site.simulator.action("set-switch", name="targetRowBeforeStart", value=True)


def named(obj: Object) -> tuple[str, str]:
    found = stage.condition(obj, "Named")
    assert found is not None, obj["status"]
    return found["status"], found["reason"]


def bound_group(site: Site, protection_group: str) -> str:
    name = site.group(protection_group)
    site.wait_group(name)
    return name


def test_an_older_transfer_under_way_is_waited_for(site: Site) -> None:
    group = bound_group(site, "waited")
    site.act("hold", "waited")
    scheduled = site.act("run-schedule", "waited")["suffix"]

    request = site.request(group, pointInTimeName="mine")
    waiting = request.wait_reason("OlderTransferInFlight")
    assert site.calls(ARM, "waited") == []
    assert scheduled in ready(waiting)[1]
    site.next_second()
    site.act("release", "waited")

    request.assert_true_success("waited")
    assert [(one["suffix"], one["name"]) for one in site.points("waited")] == [
        (scheduled, None),
        (request.suffix(), "mine"),
    ]
    assert len(site.calls(ARM, "waited")) == 1


def test_a_transfer_that_starts_after_the_look_and_lands_before_the_push_is_not_ours(site: Site) -> None:
    group = bound_group(site, "before")
    site.act("hold", "before")
    call = site.hang(RECOVERY, ARM, times=1)
    request = site.request(group, pointInTimeName="mine")
    site.wait_hit(call)
    scheduled = site.act("run-schedule", "before")["suffix"]
    task = site.hang(RECOVERY, "QuerySmsTaskInfo", times=1)
    site.simulator.clear_faults(call)
    site.wait_hit(task)

    site.act("land", "before", suffix=scheduled)
    site.next_second()
    site.act("release", "before")
    site.simulator.clear_faults(task)

    request.assert_true_success("before")
    calls = [one["call"] for one in (*site.calls(ARM, "before"), *site.calls(PUSH, "before"))]
    assert calls == [ARM, ARM, PUSH], "armed again before the push"
    assert [one["suffix"] for one in site.points("before")] == [scheduled, request.suffix()]


def pushed_behind_a_hidden_transfer(site: Site, group: str, protection_group: str, **spec: str) -> tuple[Request, str]:
    """A request that was pushed while an older transfer was queued where nobody could see it."""
    site.simulator.action("set-switch", name="targetRowBeforeStart", value=False)
    site.act("hold", protection_group, queued=True)
    older = str(site.act("run-schedule", protection_group)["suffix"])
    site.next_second()
    request = site.request(group, **spec)
    site.wait_effect(PUSH, protection_group)
    request.wait_reason("Transferring")
    return request, older


def test_a_name_that_went_to_an_older_point_in_time_is_asked_for_again_at_once(site: Site) -> None:
    group = bound_group(site, "after")
    site.simulator.action("set-switch", name="pointInTimeTime", value="targetCompletion")
    request, older = pushed_behind_a_hidden_transfer(site, group, "after", pointInTimeName="mine")

    site.act("land", "after", suffix=older)
    site.wait_effect(ARM, "after", 2)
    site.next_second()
    site.act("land", "after")

    end = request.assert_true_success("after")
    assert named(end) == ("True", "NameAlsoOnOlderPointInTime")
    assert [(one["suffix"], one["name"]) for one in site.points("after")] == [
        (older, "mine"),
        (request.suffix(), "mine"),
    ]


def test_ours_is_told_from_an_older_one_within_its_transfer(site: Site) -> None:
    """With times of creation, ours lies within the older transfer as well; that one has a point of its own."""
    group = bound_group(site, "after-created")
    request, older = pushed_behind_a_hidden_transfer(site, group, "after-created")

    site.act("land", "after-created", suffix=older)
    site.wait_effect(ARM, "after-created", 2)
    site.act("land", "after-created")

    end = request.wait_complete()
    assert end["status"]["pointInTime"]["id"] == request.point("after-created")["id"]
    assert request.suffix() in ready(end)[1]


def test_an_explicit_name_on_an_older_point_in_time_is_a_failure_with_the_true_one(site: Site) -> None:
    group = bound_group(site, "refused")
    site.simulator.action("set-switch", name="pointInTimeTime", value="targetCompletion")
    request, older = pushed_behind_a_hidden_transfer(site, group, "refused", pointInTimeName="mine")
    refusal = site.simulator.fault(RECOVERY, ARM, "groupError", name="ProviderUnavailable")

    site.act("land", "refused", suffix=older)
    site.wait_hit(refusal["id"])
    site.next_second()
    site.act("land", "refused")

    end = request.wait_finished()
    assert stage.is_true(end, "Failed"), end["status"]
    reason, message = ready(end)
    assert reason == "NameOnOlderPointInTime"
    true_one = request.point("refused")
    (wrong_one,) = [one for one in site.points("refused") if one["suffix"] == older]
    assert end["status"]["pointInTime"]["id"] == true_one["id"]
    assert end["status"]["pointInTime"]["time"][:19] == true_one["time"][:19]
    assert true_one["id"] in message
    assert wrong_one["id"] in message
    assert len(site.calls(PUSH, "refused")) == 1


def test_a_derived_name_on_an_older_point_in_time_is_complete_and_not_named(site: Site) -> None:
    group = bound_group(site, "derived")
    site.simulator.action("set-switch", name="pointInTimeTime", value="targetCompletion")
    request, older = pushed_behind_a_hidden_transfer(site, group, "derived")
    refusal = site.simulator.fault(RECOVERY, ARM, "groupError", name="ProviderUnavailable")

    site.act("land", "derived", suffix=older)
    site.wait_hit(refusal["id"])
    site.next_second()
    site.act("land", "derived")

    end = request.wait_complete()
    assert named(end) == ("False", "NameOnOlderPointInTime")
    assert end["status"]["pointInTime"]["id"] == request.point("derived")["id"]
    assert len(site.calls(PUSH, "derived")) == 1


def test_a_strangers_sync_is_waited_for(site: Site) -> None:
    """An armed sync that nobody knows: ours waits until something lands, and is credited to nothing of it."""
    group = bound_group(site, "prior")
    site.act("hold", "prior")
    # A request that is cancelled after arming leaves its sync armed: where the group that remembers it is created anew,
    # it is a stranger's to the next one.
    left = site.request(group, method="AwaitSchedule", pointInTimeName="left-behind")
    left.wait_reason("AwaitingTransfer")
    left.patch(cancel=True)
    cancelled = left.wait_finished()
    assert ready(cancelled)[0] == "Cancelled"
    assert named(cancelled)[1] == "NameStillPending"
    pending = site.pending("prior")
    assert pending is not None
    assert pending["name"] == "left-behind"

    site.rig.kubectl("delete", "replicationgroup", group, "--timeout=60s")
    site.wait_group(site.group("prior"))

    request = site.request(group, pointInTimeName="mine")
    request.wait_reason("SyncOngoing")
    assert site.calls(PUSH, "prior") == []
    scheduled = site.act("run-schedule", "prior")["suffix"]
    site.next_second()
    site.act("land", "prior", suffix=scheduled)
    site.act("release", "prior")

    request.assert_true_success("prior")
    assert [(one["suffix"], one["name"]) for one in site.points("prior")] == [
        (scheduled, "left-behind"),
        (request.suffix(), "mine"),
    ]
