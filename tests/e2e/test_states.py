"""States of the group, and syncs that go another way: each is waited for or ends as the invariants say, truly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from e2e.rig import ARM, PUSH, RECOVERY, Rig, Site, ready, topology

from testbed import stage

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS = ("prepared", "tested", "failed-over", "error", "group-error", "during", "destroyed")


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(*GROUPS)) as made:
        yield made


def bound_group(site: Site, protection_group: str) -> str:
    name = site.group(protection_group)
    site.wait_group(name)
    return name


def test_a_prepared_group_answers_success_without_news_and_nothing_is_pushed(site: Site) -> None:
    site.act("run-schedule", "prepared")
    site.act("prepare", "prepared")
    (last,) = site.points("prepared")

    end = site.request(bound_group(site, "prepared")).wait_finished()

    assert stage.is_true(end, "Failed")
    reason, message = ready(end)
    assert reason == "GroupPrepared"
    assert last["id"] in message
    assert end["status"]["pointInTime"]["id"] == last["id"]
    assert site.calls(PUSH, "prepared") == []


def test_a_test_failover_is_waited_for(site: Site) -> None:
    group = bound_group(site, "tested")
    site.act("set-state", "tested", state="INTEST")

    request = site.request(group)
    waiting = request.wait_reason("InTest")
    assert "test" in ready(waiting)[1]
    assert site.calls(ARM, "tested") == []
    site.act("set-state", "tested", state="TARGET")

    request.assert_true_success("tested")


def test_a_group_that_failed_over_ends_the_request(site: Site) -> None:
    group = bound_group(site, "failed-over")
    site.act("set-state", "failed-over", state="FAILEDOVER")

    end = site.request(group).wait_finished()

    assert stage.is_true(end, "Failed")
    assert ready(end)[0] == "GroupFailedOver"
    assert "everse" in ready(end)[1]
    assert site.calls(ARM, "failed-over") == []


@pytest.mark.parametrize(("protection_group", "kind"), [("error", "taskError"), ("group-error", "groupError")])
def test_a_sync_that_ends_in_error_before_the_push_is_asked_for_again(
    protection_group: str, kind: str, site: Site
) -> None:
    """Also where the task is a success that holds nothing but an error of the group."""
    group = bound_group(site, protection_group)
    fault = site.simulator.fault(RECOVERY, ARM, kind, name="ProviderUnavailable", message="provider-is-away")

    request = site.request(group, pointInTimeName="mine")
    site.wait_hit(fault["id"], 2)
    waiting = request.wait("the cause to be told", lambda obj: "provider-is-away" in ready(obj)[1])
    assert site.calls(PUSH, protection_group) == []
    assert not stage.is_true(waiting, "Finished")
    site.simulator.clear_faults(fault["id"])

    request.assert_true_success(protection_group)


def test_a_request_whose_syncs_all_end_in_error_ends_with_the_cause(site: Site) -> None:
    group = bound_group(site, "during")
    fault = site.simulator.fault(RECOVERY, ARM, "taskError", name="ProviderUnavailable", message="provider-is-away")

    end = site.request(group, retryLimit=1).wait_finished()

    site.simulator.clear_faults(fault["id"])
    assert stage.is_true(end, "Failed")
    assert ready(end)[0] == "SyncRefused"
    assert "provider-is-away" in ready(end)[1]
    assert site.calls(PUSH, "during") == []


def test_a_snapshot_that_is_destroyed_on_its_way_is_an_end(site: Site) -> None:
    group = bound_group(site, "destroyed")
    site.act("hold", "destroyed")
    request = site.request(group)
    request.wait_reason("Transferring")
    suffix = request.suffix()
    site.act("destroy-snapshot", "destroyed", suffix=suffix, target="flasharray-b")

    end = request.wait_finished()

    assert stage.is_true(end, "Failed")
    assert ready(end)[0] == "SnapshotDestroyed"
    assert len(site.calls(PUSH, "destroyed")) == 1
