"""One request id, several objects: the same request never pushes twice, another one is a conflict."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.reconcile.model.driver import Driver
from unit.reconcile.model.exploration import give_turns
from unit.reconcile.model.flows import landed
from unit.reconcile.model.world import BINDING, RESOLVED, START, World

from vvol_replication.api.conditions import Condition
from vvol_replication.api.preparation import PreparationLedger, PreparationSpec, PreparationStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.api.status import Phase
from vvol_replication.api.sync import Method, PointInTimeStatus, Resolved, SyncSpec
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.reconcile.binding.world import Unbound
from vvol_replication.reconcile.core.claims import Claim, OtherClaims, claim_of_preparation, judge
from vvol_replication.reconcile.core.request import Preparation

SPEC = SyncSpec(group="erp", request_id="CHG-4711")
BASE = Claim("ReplicationSync", "u1", "prod/one", START, Method.COORDINATED, None, "erp")
ELSEWHERE = replace(RESOLVED, target_array_id="id-c")


def _two(first: SyncSpec, second: SyncSpec, world: World | None = None) -> tuple[Driver, Driver]:
    world = world or World()
    one, two = Driver(world, first, uid="u1"), Driver(world, second, uid="u2")
    one.others, two.others = [two], [one]
    return one, two


def _step(driver: Driver) -> None:
    give_turns([driver, *driver.others])
    driver.until_parked()


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        ({"method": Method.ARRAY_ONLY}, "method Coordinated"),
        ({"point_in_time_name": "mine"}, "no pointInTimeName"),
        ({"group": "other"}, "another target"),
    ],
)
@pytest.mark.parametrize("begun", [False, True])
def test_the_same_id_for_something_else_is_a_conflict_before_any_call(
    difference: dict[str, Any], told: str, *, begun: bool
) -> None:
    one, two = _two(SPEC, replace(SPEC, **difference))
    two.bound = replace(BINDING, resolved=ELSEWHERE) if "group" in difference else BINDING
    two.others_bound = RESOLVED
    if begun:
        one.until_step("push")
    two.run()
    assert two.reason() == "RequestIDConflict"
    assert told in two.message()
    assert "'prod/one'" in two.message() or "sync-u1" in two.message()
    assert two.arms == 0
    assert one.reason() != "RequestIDConflict"


def test_a_name_differs_from_another_name() -> None:
    one, two = _two(replace(SPEC, point_in_time_name="a"), replace(SPEC, point_in_time_name="b"))
    del one
    assert "pointInTimeName 'a'" in two.run().message()


@pytest.mark.parametrize("method", [Method.COORDINATED, Method.ARRAY_ONLY])
def test_the_same_request_by_a_second_object_adopts_what_the_first_made(method: Method) -> None:
    spec = replace(SPEC, method=method)
    one, two = _two(spec, spec)
    _step(one)
    _step(two)
    assert two.reason() == "GroupBusy"
    landed(one)
    one.run()
    _step(two)
    two.behind = None
    two.run()
    assert two.reason() == "AlreadyDone"
    assert len(two.world.copies) == 1
    assert two.arms == 0


@pytest.mark.parametrize("first", ["u1", "u2"])
def test_a_second_object_shows_the_point_in_time_that_the_first_told_from_another_of_the_same_second(
    first: str,
) -> None:
    world = World()
    world.schedule()
    world.begin()
    world.land()
    spec = replace(SPEC, point_in_time_name="before-upgrade")
    one, two = Driver(world, spec, uid=first), Driver(world, spec, uid="u2" if first == "u1" else "u1")
    one.others, two.others = [two], [one]
    _step(one)
    world.begin()
    world.land()  # within the second of the one before
    one.poll()
    one.run()
    assert one.reason("Named") == "Named"
    _step(two)
    two.run()
    assert two.reason() == "AlreadyDone"
    assert two.status.point_in_time == one.status.point_in_time
    assert (two.reason("PointInTimeIdentified"), two.reason("Named")) == ("Identified", "Named")


def test_what_another_object_found_counts_for_its_own_snapshot() -> None:
    mine = Snapshot("fa-a:erp.vr-1", START)
    found = replace(BASE, complete=True, snapshot="erp.VR-1", point_in_time=PointInTimeStatus("pit-1"))
    assert found.identified(mine) == "pit-1"
    assert replace(found, complete=False).identified(mine) is None
    assert replace(found, snapshot=None).identified(mine) is None
    assert replace(found, snapshot="erp.vr-2").identified(mine) is None
    assert replace(found, point_in_time=None).identified(mine) is None


@pytest.mark.parametrize("method", list(Method))
def test_what_the_arrays_have_forgotten_another_object_still_tells(method: Method) -> None:
    spec = replace(SPEC, method=method)
    one, two = _two(spec, spec)
    _step(one)
    if method is Method.AWAIT_SCHEDULE:
        one.world.schedule()
    landed(one)
    one.run()
    assert one.status.phase is Phase.SUCCEEDED
    one.world.copies.clear()
    one.world.listed.clear()
    give_turns([one, two])
    two.run()
    assert two.reason() == "AlreadyDone"
    assert two.status.point_in_time == one.status.point_in_time
    assert two.status.transfer == one.status.transfer
    assert two.world.copies == []


def test_one_that_failed_after_its_push_is_not_pushed_for_again() -> None:
    one, two = _two(SPEC, SPEC)
    one.until_step("push")
    one.respecify(cancel=True)
    one.run()
    two.run(most=5) if two.ended else two.until_parked()
    assert "push" not in two.steps
    one.world.copies.clear()
    assert two.run().reason() == "SnapshotDestroyed"
    assert two.world.copies == []


def test_one_that_ended_before_it_did_anything_has_not_used_the_id() -> None:
    one, two = _two(SPEC, replace(SPEC, method=Method.ARRAY_ONLY))
    one.respecify(cancel=True)
    one.run()
    two.until_step("push")


CLAIMS = st.builds(
    Claim,
    uid=st.sampled_from(["a", "b", "c", "d"]),
    label=st.just("prod/x"),
    created=st.sampled_from([START, START + timedelta(seconds=1)]),
    method=st.sampled_from(Method),
    name=st.sampled_from([None, "n"]),
    group=st.sampled_from(["erp", "other"]),
    ended=st.booleans(),
    complete=st.booleans(),
    resolved=st.sampled_from([None, RESOLVED, ELSEWHERE]),
    snapshot=st.sampled_from([None, "erp.vr-1"]),
)


@given(st.lists(CLAIMS, unique_by=lambda one: one.uid, min_size=2), st.sampled_from([None, RESOLVED, ELSEWHERE]))
def test_of_claims_that_will_be_used_one_at_least_is_never_refused(claims: list[Claim], bound: Resolved | None) -> None:
    using = [one for one in claims if one.uses]
    judged = [judge(one, one.resolved or bound, claims) for one in using]
    assert not using or any(one.clash is None for one in judged)


@given(CLAIMS, CLAIMS)
def test_two_claims_never_refuse_each_other(one: Claim, two: Claim) -> None:
    if one.uid != two.uid and one.uses and two.uses:
        both = judge(one, one.resolved, [two]), judge(two, two.resolved, [one])
        assert None in (both[0].clash, both[1].clash)


def test_where_the_target_is_known_the_name_of_the_group_does_not_matter() -> None:
    earlier = replace(BASE, uid="u0", resolved=RESOLVED, group="another-name")
    assert judge(BASE, RESOLVED, [earlier]).clash is None
    assert judge(BASE, replace(RESOLVED, protection_group="ERP"), [earlier]).clash is None
    assert judge(BASE, replace(RESOLVED, source_array_id="id-z"), [earlier]).clash is not None


def test_what_the_group_of_one_that_has_not_acted_stands_for_tells_as_well() -> None:
    waiting = replace(BASE, uid="u0", group="another-name")
    assert judge(BASE, RESOLVED, [replace(waiting, bound=RESOLVED)]).clash is None
    assert "another target" in (judge(BASE, RESOLVED, [replace(waiting, bound=ELSEWHERE)]).clash or "")


@pytest.mark.parametrize("acted", [None, RESOLVED])
def test_before_the_own_group_was_read_another_name_of_a_group_is_no_conflict(acted: Resolved | None) -> None:
    """After a restart no group stands for anything yet, and a conflict would be final."""
    earlier = replace(
        BASE, uid="u0", resolved=acted, group="another-name", complete=acted is not None, snapshot="erp.x"
    )
    assert judge(BASE, None, [earlier]) == OtherClaims()
    assert judge(BASE, None, [replace(earlier, group=BASE.group)]).clash is None
    assert judge(BASE, None, [replace(earlier, method=Method.ARRAY_ONLY, group=BASE.group)]).clash is not None


def test_one_that_has_not_acted_and_whose_group_is_not_known_has_not_used_the_id() -> None:
    waiting = replace(BASE, uid="u0", group="another-name")
    assert judge(BASE, RESOLVED, [waiting]) == OtherClaims()
    mine = replace(BASE, resolved=RESOLVED)
    assert "another target" in (judge(waiting, ELSEWHERE, [mine]).clash or "")
    assert judge(waiting, RESOLVED, [mine]).clash is None


def test_one_that_has_completed_without_acting_and_whose_group_is_gone_is_still_in_the_way() -> None:
    satisfied = replace(BASE, uid="u0", group="another-name", complete=True, ended=True)
    assert "groupRef 'another-name'" in (judge(BASE, RESOLVED, [satisfied]).clash or "")


def test_a_request_whose_group_was_not_read_yet_waits_and_does_not_end_in_a_conflict() -> None:
    one, two = _two(SPEC, replace(SPEC, group="other"))
    one.until_step("push")
    two.bound = Unbound(Reason.NOT_YET_READ, "The ReplicationGroup has not been read yet.")
    two.until_parked()
    assert two.reason() == "NotYetRead"
    assert not two.ended
    two.bound = BINDING
    landed(one)
    one.run()
    _step(two)
    two.run()
    assert two.reason() == "AlreadyDone"
    assert len(two.world.copies) == 1


def test_the_claim_of_a_preparation_tells_what_it_acts_on_and_whether_it_is_done() -> None:
    spec = PreparationSpec("erp", "erp", START)
    request = Preparation("u9", "prod", "move", 1, START, spec)
    new = claim_of_preparation(request, PreparationStatus())
    assert (new.kind, new.method, new.group, new.complete, new.resolved) == (
        "FailoverPreparation",
        None,
        "erp",
        False,
        None,
    )
    ledger = PreparationLedger("u9", resolved=RESOLVED)
    complete = Condition("Complete", "True", "FailoverPrepared", "done", 1, START)
    done = claim_of_preparation(request, PreparationStatus(operation=ledger, conditions=(complete,), finished_at=START))
    assert (done.ended, done.complete, done.resolved) == (True, True, RESOLVED)
