"""What people set on a request: suspend, cancel, notAfter, and deletion, which never hangs (invariant 12)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from e2e import contract
from e2e.rig import ARM, PUSH, RECOVERY, SOURCE, TARGET, Rig, Site, ready, topology

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS = ("suspended", "group-suspended", "cancelled", "late-cancel", "expired", "missed", "deleted", "gone", "timeout")
DELETED_WITHIN = 10


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(*GROUPS)) as made:
        yield made


@pytest.fixture(autouse=True)
def sound_again(site: Site) -> Iterator[None]:
    yield
    site.simulator.clear_faults()


def bound_group(site: Site, protection_group: str, **spec: Any) -> str:
    name = site.group(protection_group, **spec)
    site.wait_group(name)
    return name


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_suspended_request_does_nothing_until_it_is_resumed(site: Site) -> None:
    request = site.request(bound_group(site, "suspended"), suspend=True)
    held = request.wait_reason("Suspended")
    contract.check(held)
    assert site.calls(ARM, "suspended") == []

    request.patch(suspend=False)

    request.assert_true_success("suspended")


def test_a_suspended_group_holds_all_its_requests(rig: Rig, site: Site) -> None:
    name = bound_group(site, "group-suspended", suspend=True)
    request = site.request(name)
    held = request.wait_reason("GroupSuspended")
    assert name in ready(held)[1]

    rig.kubectl("patch", "replicationgroup", name, "--type=merge", '--patch={"spec":{"suspend":false}}')

    request.assert_true_success("group-suspended")


def test_a_request_cancelled_before_arming_has_done_nothing(site: Site) -> None:
    name = bound_group(site, "cancelled")
    site.act("set-state", "cancelled", state="INTEST")
    request = site.request(name)
    request.wait_reason("InTest")

    request.patch(cancel=True)

    end = request.wait_finished()
    contract.check(end)
    assert ready(end)[0] == "Cancelled"
    assert "Nothing was pushed" in ready(end)[1]
    assert site.calls(ARM, "cancelled") == []
    eventually(
        request.story,
        what="the wait and the end to be told as events",
        until=lambda told: told == [("InTest", "Normal"), ("Cancelled", "Warning")],
    )


def test_after_the_push_suspend_does_nothing_and_cancel_only_stops_following(site: Site) -> None:
    site.act("hold", "late-cancel")
    request = site.request(bound_group(site, "late-cancel"))
    request.wait_reason("Transferring")

    request.patch(suspend=True)
    told = request.wait("suspend to be told of", lambda obj: "suspend" in ready(obj)[1])
    assert ready(told)[0] == "Transferring"
    request.patch(cancel=True)

    end = request.wait_finished()
    contract.check(end)
    assert ready(end)[0] == "Cancelled"
    assert "may still arrive" in ready(end)[1]
    named = stage.condition(end, "Named")
    assert named is not None
    assert named["reason"] == "NameStillPending"
    assert len(site.calls(PUSH, "late-cancel")) == 1


def test_history_is_not_executed_and_stays_green(site: Site) -> None:
    name = bound_group(site, "expired")
    before = site.simulator.journal()

    request = site.request(name, notAfter="2020-01-01T00:00:00Z")

    end = request.wait_finished()
    contract.check(end)
    assert ready(end)[0] == "Expired"
    assert stage.is_true(end, "Ready")
    assert not stage.is_true(end, "Complete")
    assert "not executed" in ready(end)[1]
    assert site.simulator.journal() == before
    request.wait("no finalizer", lambda obj: not obj["metadata"].get("finalizers"))


def test_a_request_that_waited_past_its_not_after_is_missed(site: Site) -> None:
    name = bound_group(site, "missed")
    site.act("set-state", "missed", state="INTEST")

    request = site.request(name, notAfter=stamp(datetime.now(UTC) + timedelta(seconds=3)))

    end = request.wait_finished()
    contract.check(end)
    assert ready(end)[0] == "Missed"
    assert stage.is_true(end, "Failed")
    assert site.calls(ARM, "missed") == []


def test_a_timeout_ends_a_wait_and_says_what_it_waited_for(site: Site) -> None:
    name = bound_group(site, "timeout")
    site.act("set-state", "timeout", state="INTEST")

    end = site.request(name, timeout="2s").wait_finished()

    contract.check(end)
    assert ready(end)[0] == "TimedOut"
    assert "INTEST" in ready(end)[1]


def test_deletion_in_flight_does_not_wait_for_dead_endpoints(rig: Rig, site: Site) -> None:
    site.act("hold", "deleted")
    request = site.request(bound_group(site, "deleted"))
    request.wait_reason("Transferring")
    hanging = [site.hang(endpoint, "*") for endpoint in (RECOVERY, SOURCE, TARGET)]
    site.wait_hit(hanging[-1])

    started = time.monotonic()
    rig.kubectl("delete", "replicationsync", request.name, "--timeout=60s")

    assert time.monotonic() - started < DELETED_WITHIN
    assert rig.kubectl.find("replicationsync", request.name) is None
    assert len(site.calls(PUSH, "deleted")) == 1


def test_a_finished_object_is_deleted_at_once_without_an_operator(rig: Rig, site: Site) -> None:
    request = site.request(bound_group(site, "gone"))
    request.wait_complete()
    request.wait("no finalizer", lambda obj: not obj["metadata"].get("finalizers"))
    rig.end()

    rig.kubectl("delete", "replicationsync", request.name, "--timeout=10s")

    assert rig.kubectl.find("replicationsync", request.name) is None
    assert len(site.calls(PUSH, "gone")) == 1
