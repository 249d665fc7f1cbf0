"""What a schedule's status takes from the runs that are there, and from those that are not there any more."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from unit.reconcile.schedule.cases import active, at, run, schedule, status

from vvol_replication.api.schedule import RECENT_LIMIT, USED_LIMIT, LastRun, ReplicationScheduleStatus
from vvol_replication.api.status import Phase
from vvol_replication.reconcile.schedule.absorb import absorb, decided, used
from vvol_replication.reconcile.schedule.runs import Ask, fingerprint


def test_a_run_that_has_ended_is_told() -> None:
    of, ask = schedule(), Ask(at=at(10))
    ended = run(of, ask, Phase.SUCCEEDED, at(12))

    found = absorb(of, status(active=(active(of, ask),)), [ended], at(13))

    assert not found.active
    assert found.last_run == LastRun(
        ended.name, at(12), at(10), None, Phase.SUCCEEDED, "PointInTimeCreated", ended.point_in_time
    )
    assert found.last_successful_time == at(12)


def test_a_run_that_failed_is_told_and_no_success() -> None:
    of, ask = schedule(), Ask(at=at(10))
    before = status(active=(active(of, ask),), last_successful_time=at(1))

    found = absorb(of, before, [run(of, ask, Phase.FAILED, at(12))], at(13))

    assert found.last_run is not None
    assert found.last_run.phase is Phase.FAILED
    assert found.last_successful_time == at(1)


def test_a_run_that_was_deleted_in_flight_counts_as_ended() -> None:
    of, ask = schedule(), Ask(text="CHG-1")

    found = absorb(of, status(active=(active(of, ask),)), [], at(13))

    assert not found.active
    assert found.last_run == LastRun(of.run_name(ask), at(13), None, "CHG-1")
    assert found.last_run_now == "CHG-1"
    assert found.last_run_now_result == found.last_run


def test_a_text_is_credited_with_its_own_run_once_that_has_ended() -> None:
    of = schedule(run_now="CHG-2")
    first, second = Ask(text="CHG-1"), Ask(text="CHG-2")
    before = status(active=(active(of, first),), used_run_now=(fingerprint("CHG-1"),))

    still = absorb(of, before, [run(of, first)], at(5))
    assert still.last_run_now is None

    ended = absorb(of, before, [run(of, first, Phase.SUCCEEDED, at(6))], at(7))
    assert ended.last_run_now == "CHG-1"

    later = absorb(of, ended, [run(of, first, Phase.SUCCEEDED, at(6)), run(of, second)], at(8))
    assert (later.last_run_now, later.active) == ("CHG-1", (active(of, second),))


def test_an_old_run_in_the_history_is_credited_no_second_time() -> None:
    of = schedule()
    old = run(of, Ask(text="CHG-1"), Phase.SUCCEEDED, at(30))
    before = status(last_run_now="CHG-2", used_run_now=(fingerprint("CHG-1"), fingerprint("CHG-2")))

    assert absorb(of, before, [old], at(31)).last_run_now == "CHG-2"


def test_a_wiped_status_is_made_good_from_the_runs_that_are_there() -> None:
    of = schedule(run_now="CHG-2")
    runs = [
        run(of, Ask(at=at(10)), Phase.SUCCEEDED, at(11)),
        run(of, Ask(at=at(20)), Phase.FAILED, at(21)),
        run(of, Ask(text="CHG-1"), Phase.SUCCEEDED, at(15), text=None),
        run(of, Ask(text="CHG-2"), Phase.SUCCEEDED, at(14), text=None),
        run(of, Ask(at=at(30))),
    ]

    found = absorb(of, ReplicationScheduleStatus(), runs, at(31))

    assert found.last_schedule_time == at(30)
    assert found.recent_schedule_times == (at(30), at(20), at(10))
    assert found.last_successful_time == at(15)
    assert found.last_run_now == "CHG-2", "the text of the other is not known any more"
    assert found.active == (active(of, Ask(at=at(30))),)
    assert set(found.used_run_now) == {fingerprint("CHG-1"), fingerprint("CHG-2")}


def test_without_runs_nothing_changes() -> None:
    assert absorb(schedule(), status(), [], at(1)) == status()


def test_memories_are_bounded_and_keep_the_newest() -> None:
    times = [at(n) for n in range(50)]
    marks = [fingerprint(str(n)) for n in range(80)]

    assert decided(status(), times) == tuple(sorted(times, reverse=True)[:RECENT_LIMIT])
    assert used(status(), marks) == tuple(marks[-USED_LIMIT:])
    assert used(status(used_run_now=("a",)), ["a", "b", "b"]) == ("a", "b")


@given(phases=st.lists(st.sampled_from([None, Phase.SUCCEEDED, Phase.FAILED]), max_size=6), chance=st.randoms())
def test_absorbing_is_of_no_order_and_absorbs_once(phases: list[Phase | None], chance: Random) -> None:
    of = schedule()
    runs = [run(of, Ask(at=at(10 * number)), phase) for number, phase in enumerate(phases)]
    mixed = list(runs)
    chance.shuffle(mixed)

    once, other = absorb(of, status(), runs, at(90)), absorb(of, status(), mixed, at(90))

    assert replace(once, active=()) == replace(other, active=())
    assert {one.name for one in once.active} == {one.name for one in other.active}
    assert absorb(of, once, runs, at(91)) == once
