"""Garbage from an endpoint, at each phase of a request, is an outcome and not a crash: it completes, with one push."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from e2e.rig import ARM, PUSH, RECOVERY, SOURCE, TARGET, Rig, Site, topology

if TYPE_CHECKING:
    from collections.abc import Iterator

GARBAGE: dict[str, dict[str, Any]] = {
    "html": {"kind": "garbage"},
    "cut-off": {"kind": "truncated"},
    "unavailable": {"kind": "httpStatus", "status": 503},
    "not-what-it-says": {"kind": "garbage", "body": "<a><b></a>", "contentType": "text/xml"},
    "another-shape": {"kind": "garbage", "body": "[[]]", "contentType": "application/json"},
}
PHASES = {
    "roles": (RECOVERY, "QueryReplicationGroupInfo", ("html", "cut-off")),
    "points": (RECOVERY, "QueryPointInTimeReplica", ("not-what-it-says", "unavailable")),
    "sync": (RECOVERY, ARM, ("html",)),
    "task": (RECOVERY, "QuerySmsTaskInfo", ("cut-off", "another-shape")),
    "look": (SOURCE, "GET pgroup", ("html", "cut-off")),
    "transfers": (TARGET, "GET pgroup", ("another-shape", "unavailable")),
}
AFTER = {"after-sync": (RECOVERY, ARM), "after-push": (SOURCE, PUSH)}


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology(*PHASES, *AFTER)) as made:
        yield made


@pytest.mark.parametrize("phase", PHASES)
def test_garbage_is_an_outcome(phase: str, site: Site) -> None:
    """Two kinds in a row, at the same phase of one request."""
    endpoint, call, kinds = PHASES[phase]
    group = site.group(phase)
    site.wait_group(group)
    ordered = [site.simulator.fault(endpoint, call, times=1, **GARBAGE[one]) for one in kinds]

    request = site.request(group, pointInTimeName="only-once")
    site.wait_hit(ordered[-1]["id"])

    request.assert_true_success(phase)
    assert len(site.calls(PUSH, phase)) == 1
    site.simulator.clear_faults()


@pytest.mark.parametrize("case", AFTER)
def test_garbage_after_the_effect_is_a_lost_answer(case: str, site: Site) -> None:
    endpoint, call = AFTER[case]
    group = site.group(case)
    site.wait_group(group)
    site.simulator.fault(endpoint, call, times=1, kind="garbage", when="after")

    site.request(group).assert_true_success(case)

    assert len(site.calls(PUSH, case)) == 1
    assert len(site.calls(ARM, case)) == 1
