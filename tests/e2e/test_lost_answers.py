"""Answers that never arrive: what became of the call is looked for, and nothing is done twice (invariants 1 and 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from e2e.rig import ARM, PUSH, RECOVERY, SOURCE, Rig, Site, topology

if TYPE_CHECKING:
    from collections.abc import Iterator

BEFORE, AFTER = "resetBefore", "resetAfter"
CASES = {
    "sync-before": [(RECOVERY, ARM, BEFORE)],
    "sync-after": [(RECOVERY, ARM, AFTER)],
    "push-after": [(SOURCE, PUSH, AFTER)],
    "both-before": [(RECOVERY, ARM, BEFORE), (SOURCE, PUSH, BEFORE)],
    "both-after": [(RECOVERY, ARM, AFTER), (SOURCE, PUSH, AFTER)],
    "push-cut-off": [(SOURCE, PUSH, "truncated")],
    "sync-cut-off": [(RECOVERY, ARM, "truncated")],
}
SWITCHES = ("ongoing-in-result", "ongoing-as-error", "ongoing-without-task")


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(*CASES, *SWITCHES)) as made:
        yield made


@pytest.mark.parametrize("case", CASES)
def test_a_lost_answer_does_nothing_twice_and_loses_nothing(case: str, site: Site) -> None:
    group = site.group(case)
    site.wait_group(group)
    faults = [site.simulator.fault(endpoint, call, kind, times=1)["id"] for endpoint, call, kind in CASES[case]]

    request = site.request(group, pointInTimeName="only-once")
    request.assert_true_success(case)

    hits = {one["id"]: one["hits"] for one in site.simulator.faults()}
    assert [hits[one] for one in faults] == [1] * len(faults)
    assert len(site.calls(PUSH, case)) == 1
    assert len(site.calls(ARM, case)) == 1
    assert len(site.points(case)) == 1
    assert site.pending(case) is None


def _ongoing(site: Site, case: str) -> str:
    """A group at a provider that tells of a sync under way as the case says; the answer to the first one is lost."""
    group = site.group(case)
    site.wait_group(group)
    where = {"ongoing-in-result": "groupError", "ongoing-as-error": "taskError"}.get(case, "thrown")
    site.simulator.action("set-switch", name="syncOngoing", value=where)
    site.simulator.action("set-switch", name="syncOngoingCarriesTask", value=case != "ongoing-without-task")
    site.simulator.fault(RECOVERY, ARM, AFTER, times=1)
    return group


@pytest.mark.parametrize("case", ["ongoing-in-result", "ongoing-as-error"])
def test_an_own_sync_that_is_told_of_inside_a_task_is_taken_up_again(case: str, site: Site) -> None:
    request = site.request(_ongoing(site, case), pointInTimeName="only-once")

    request.assert_true_success(case)
    assert len(site.calls(PUSH, case)) == 1
    assert len(site.points(case)) == 1
    assert site.pending(case) is None


def test_a_sync_that_cannot_be_told_from_a_strangers_is_waited_for(site: Site) -> None:
    case = "ongoing-without-task"
    request = site.request(_ongoing(site, case), pointInTimeName="only-once")
    # nobody can tell for certain whose sync that is: nothing is pushed until something lands
    request.wait("Waiting", lambda obj: (obj.get("status") or {}).get("phase") == "Waiting")
    assert site.calls(PUSH, case) == []
    site.act("hold", case)
    scheduled = site.act("run-schedule", case)["suffix"]
    site.next_second()
    site.act("land", case, suffix=scheduled)
    site.act("release", case)

    request.assert_true_success(case)
    assert len(site.calls(PUSH, case)) == 1
