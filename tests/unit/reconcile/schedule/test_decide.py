"""What a schedule does next: which time it runs for, which pass, which runs are deleted, and when it looks again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from unit.reconcile.schedule.cases import EVERY, NOON, active, at, cron, decided, run, schedule, status

from vvol_replication.api.schedule import ConcurrencyPolicy, ReplicationScheduleStatus, Timetable
from vvol_replication.api.status import Phase
from vvol_replication.reconcile.schedule.decide import look_at, next_after, started, superfluous
from vvol_replication.reconcile.schedule.runs import Ask, fingerprint

QUEUE = ConcurrencyPolicy.QUEUE
TEN = timedelta(minutes=10)


def test_nothing_is_due_before_its_time() -> None:
    plan = decided(schedule(), status(), at(9, 59))

    assert plan.start is None
    assert plan.status == status()


def test_a_time_that_has_come_is_run() -> None:
    assert decided(schedule(), status(), at(10)).start == Ask(at=at(10))


def test_after_the_start_the_time_is_decided_upon() -> None:
    of = schedule()
    plan = decided(of, status(), at(10))
    assert plan.start is not None

    after = started(plan.status, plan.start, of.run_name(plan.start))

    assert after.active == (active(of, plan.start),)
    assert after.last_schedule_time == at(10)
    assert after.recent_schedule_times == (at(10),)
    assert after.timetable == Timetable(EVERY, at(10))
    assert decided(of, after, at(19), run(of, plan.start)).start is None


def test_a_new_schedule_first_stores_from_when_its_times_count() -> None:
    plan = decided(schedule(), ReplicationScheduleStatus(), at(35))

    assert plan.start is None
    assert plan.status.timetable == Timetable(EVERY, NOON)
    assert look_at(schedule(), plan.status, at(35), cron(schedule())) == at(35)


def test_a_text_that_a_new_schedule_has_is_looked_at_once_more_at_once() -> None:
    of = schedule(run_now="CHG-1")

    plan = decided(of, ReplicationScheduleStatus(), at(5))

    assert plan.start is None
    assert look_at(of, plan.status, at(5), cron(of)) == at(5)
    assert decided(of, plan.status, at(5)).start == Ask(text="CHG-1")


def test_of_several_times_that_have_passed_the_newest_is_run_and_the_others_are_missed() -> None:
    plan = decided(schedule(), status(), at(35))

    assert plan.start == Ask(at=at(30))
    assert (plan.status.missed, plan.status.last_missed_time) == (2, at(20))


def test_a_time_whose_run_is_there_is_no_missed_one() -> None:
    of = schedule()
    mine = run(of, Ask(at=at(10)), Phase.SUCCEEDED)

    plan = decided(of, status(), at(35), mine)

    assert plan.start == Ask(at=at(30))
    assert (plan.status.missed, plan.status.last_missed_time) == (1, at(20))


def test_only_times_without_a_run_are_missed() -> None:
    of = schedule()

    plan = decided(of, status(), at(25), run(of, Ask(at=at(10)), Phase.FAILED))

    assert plan.start == Ask(at=at(20))
    assert plan.status.missed is None


def test_a_run_that_was_started_before_a_crash_is_found_and_not_started_again() -> None:
    of = schedule()

    plan = decided(of, status(), at(11), run(of, Ask(at=at(10))))

    assert plan.start is None
    assert plan.status.active == (active(of, Ask(at=at(10))),)
    assert plan.status.timetable == Timetable(EVERY, at(10))
    assert plan.status.last_schedule_time == at(10)


def test_a_start_that_comes_after_its_deadline_is_missed() -> None:
    of = schedule(starting_deadline=timedelta(minutes=5))

    in_time, late = decided(of, status(), at(15)), decided(of, status(), at(15, 1))

    assert in_time.start == Ask(at=at(10))
    assert late.start is None
    assert (late.status.missed, late.status.last_missed_time) == (1, at(10))
    assert decided(of, late.status, at(19)).status == late.status


def test_while_a_run_is_under_way_the_next_is_skipped() -> None:
    of = schedule()
    before = status(at(10), active=(active(of, Ask(at=at(10))),))

    plan = decided(of, before, at(31), run(of, Ask(at=at(10))))

    assert plan.start is None
    assert (plan.status.skipped, plan.status.last_skipped_time, plan.status.missed) == (2, at(30), None)
    assert plan.status.timetable == Timetable(EVERY, at(30))


def test_a_queued_time_waits_and_the_newest_is_the_one_that_waits() -> None:
    of = schedule(concurrency_policy=QUEUE)
    before = status(at(10), active=(active(of, Ask(at=at(10))),))

    waits = decided(of, before, at(31), run(of, Ask(at=at(10))))
    assert waits.start is None
    assert (waits.status.skipped, waits.status.last_skipped_time) == (1, at(20))

    after = decided(of, waits.status, at(33), run(of, Ask(at=at(10)), Phase.SUCCEEDED, at(32)))
    assert after.start == Ask(at=at(30))
    assert after.status.skipped == 1


def test_a_time_that_waits_is_missed_at_its_deadline() -> None:
    of = schedule(concurrency_policy=QUEUE, starting_deadline=timedelta(minutes=5))
    before = status(at(10), active=(active(of, Ask(at=at(10))),))
    busy = run(of, Ask(at=at(10)))

    assert look_at(of, decided(of, before, at(21), busy).status, at(21), cron(of)) == at(25)
    assert decided(of, before, at(25, 1), busy).status.missed == 1


def test_a_suspended_schedule_starts_nothing_and_misses_nothing() -> None:
    of = schedule(suspend=True, run_now="CHG-1")
    suspended = replace(status(), timetable=Timetable(EVERY, NOON, suspended=True))

    plan = decided(of, suspended, at(35))

    assert (plan.start, plan.status) == (None, suspended)
    assert look_at(of, suspended, at(35), cron(of)) is None
    assert next_after(of, suspended, at(35), cron(of)) is None


def test_after_a_suspension_times_count_from_now() -> None:
    suspended = replace(status(), timetable=Timetable(EVERY, NOON, suspended=True))

    plan = decided(schedule(), suspended, at(35))

    assert plan.start is None
    assert plan.status.missed is None
    assert plan.status.timetable == Timetable(EVERY, at(35))


def test_a_schedule_that_begins_suspended_counts_from_now() -> None:
    assert decided(schedule(suspend=True), ReplicationScheduleStatus(), at(35)).status.timetable == Timetable(
        EVERY, at(35), suspended=True
    )


@pytest.mark.parametrize("old", ["*/10 * * * *", "*/20 * * * *"])
def test_an_edit_starts_no_time_that_has_passed_and_tells_of_those_that_should_have_started(old: str) -> None:
    of = schedule(schedule="*/5 * * * *")
    before = replace(status(), timetable=Timetable(old, NOON))

    plan = decided(of, before, at(36))

    assert plan.start is None
    assert plan.status.timetable == Timetable("*/5 * * * *", at(36))
    assert plan.status.missed == (3 if old == EVERY else 1)


def test_an_edit_of_the_zone_is_an_edit() -> None:
    plan = decided(schedule(time_zone="Europe/Berlin"), status(), at(5))

    assert plan.status == status(timetable=Timetable(EVERY, at(5), "Europe/Berlin"))


@pytest.mark.parametrize("old", ["0 0 30 2 *", "was written by hand"])
def test_an_edit_of_a_text_that_named_no_time_misses_nothing(old: str) -> None:
    before = replace(status(), timetable=Timetable(old, NOON))

    assert decided(schedule(), before, at(36)).status.missed is None


def test_what_was_decided_upon_is_not_missed_by_an_edit() -> None:
    before = replace(status(), timetable=Timetable("*/20 * * * *", NOON), recent_schedule_times=(at(20),))

    assert decided(schedule(), before, at(36)).status.missed is None


def test_where_the_clock_went_back_times_count_from_now_and_none_is_run_twice() -> None:
    of = schedule()
    before = status(at(60), recent_schedule_times=(at(60), at(20)), last_schedule_time=at(60))

    back = decided(of, before, at(5)).status
    assert back.timetable == Timetable(EVERY, at(5))

    at_ten = decided(of, back, at(10))
    assert at_ten.start == Ask(at=at(10))
    at_twenty = decided(of, started(at_ten.status, Ask(at=at(10)), "gone"), at(20))
    assert at_twenty.start is None
    assert at_twenty.status.timetable == Timetable(EVERY, at(20))
    assert started(at_twenty.status, Ask(at=at(30)), "n").last_schedule_time == at(60)


def test_starts_are_staggered_by_the_uid_alone() -> None:
    of = schedule(stagger=TEN)
    offset = of.offset
    assert timedelta() < offset < TEN

    assert decided(of, status(), at(10) + offset - timedelta(seconds=1)).start is None
    assert decided(of, status(), at(10) + offset).start == Ask(at=at(10))
    assert look_at(of, status(), at(3), cron(of)) == at(10) + offset
    assert next_after(of, status(), at(10) + offset / 2, cron(of)) == at(10)


def test_a_schedule_without_any_time_looks_at_nothing() -> None:
    of = schedule(schedule="0 0 30 2 *")
    never = replace(status(), timetable=Timetable("0 0 30 2 *", NOON))

    assert look_at(of, never, at(35), cron(of)) is None
    assert look_at(of, ReplicationScheduleStatus(), at(35), cron(of)) is None
    assert next_after(of, ReplicationScheduleStatus(), at(35), cron(of)) is None


def test_times_of_every_count_from_each_other_whenever_one_looks() -> None:
    of = schedule(schedule="@every 6h")
    before = replace(status(), timetable=Timetable("@every 6h", NOON))

    for minutes in (1, 359):
        assert next_after(of, before, at(minutes), cron(of)) == at(360)
        assert look_at(of, before, at(minutes), cron(of)) == at(360)
    assert next_after(of, before, at(361), cron(of)) == at(720)
    assert decided(of, before, at(361)).start == Ask(at=at(360))


def test_what_waits_is_looked_at_when_a_newer_time_comes() -> None:
    of = schedule(concurrency_policy=QUEUE)
    waits = status(at(10), active=(active(of, Ask(at=at(10))),))

    assert look_at(of, waits, at(25), cron(of)) == at(30)


# Runs by text


def test_a_text_that_is_new_asks_for_a_run() -> None:
    of = schedule(run_now="CHG-1")

    plan = decided(of, status(), at(1))
    assert plan.start == Ask(text="CHG-1")

    after = started(plan.status, plan.start, of.run_name(plan.start))
    assert after.used_run_now == (fingerprint("CHG-1"),)
    assert after.timetable == status().timetable
    assert decided(of, after, at(2), run(of, plan.start)).start is None


def test_a_new_schedule_looks_again_for_its_text() -> None:
    of = schedule(run_now="CHG-1")
    first = decided(of, ReplicationScheduleStatus(), at(1))
    assert first.start is None
    assert look_at(of, first.status, at(1), cron(of)) == at(1)
    assert decided(of, first.status, at(1)).start == Ask(text="CHG-1")


def test_of_very_many_times_a_hundred_are_counted() -> None:
    assert decided(schedule(), status(), at(10 * 500)).status.missed == 100


def test_a_time_that_is_due_goes_first_unless_it_may_wait() -> None:
    assert decided(schedule(run_now="CHG-1"), status(), at(10)).start == Ask(at=at(10))

    of = schedule(run_now="CHG-1", concurrency_policy=QUEUE)
    plan = decided(of, status(), at(10))
    assert plan.start == Ask(text="CHG-1")
    after = started(plan.status, plan.start, of.run_name(plan.start))
    assert decided(of, after, at(11), run(of, plan.start, Phase.SUCCEEDED, at(11))).start == Ask(at=at(10))


def test_a_text_waits_for_the_run_that_is_under_way() -> None:
    of = schedule(run_now="CHG-1")
    before = status(at(10), active=(active(of, Ask(at=at(10))),))

    assert decided(of, before, at(11), run(of, Ask(at=at(10)))).start is None
    assert decided(of, before, at(12), run(of, Ask(at=at(10)), Phase.FAILED)).start == Ask(text="CHG-1")


def test_a_text_that_had_its_run_has_none_again() -> None:
    before = status(last_run_now="CHG-2", used_run_now=(fingerprint("CHG-1"), fingerprint("CHG-2")))

    assert decided(schedule(run_now="CHG-1"), before, at(1)).start is None
    assert decided(schedule(run_now="CHG-2"), replace(before, used_run_now=()), at(1)).start is None


# History


def test_the_oldest_ended_runs_beyond_the_limits_are_superfluous() -> None:
    of = schedule(successful_history_limit=2, failed_history_limit=1)
    good = [run(of, Ask(at=at(10 * n)), Phase.SUCCEEDED) for n in range(5)]
    bad = [run(of, Ask(at=at(10 * n + 5)), phase) for n, phase in enumerate([Phase.FAILED, Phase.MISSED])]
    flying = run(of, Ask(at=at(90)))

    found = superfluous(of, status(), [*good, flying, *bad])

    assert set(found) == {*good[:3], bad[0]}
    assert decided(of, status(at(90)), at(91), *good, flying, *bad).drop == found


def test_the_proof_that_something_was_run_stays() -> None:
    of = schedule(successful_history_limit=1, run_now="CHG-1")
    text = run(of, Ask(text="CHG-1"), Phase.SUCCEEDED, at(1))
    newest = run(of, Ask(at=at(20)), Phase.SUCCEEDED, at(21))
    later = run(of, Ask(text="CHG-0"), Phase.SUCCEEDED, at(25))

    assert not superfluous(of, status(last_schedule_time=at(20)), [text, newest, later])


def test_the_run_of_an_old_text_is_superfluous_also_before_the_first_time() -> None:
    of = schedule(successful_history_limit=1, run_now="CHG-2")
    old, newest = (run(of, Ask(text=f"CHG-{n}"), Phase.SUCCEEDED, at(n)) for n in (1, 2))

    assert superfluous(of, status(), [old, newest]) == (old,)


def test_after_a_wiped_status_old_runs_are_superfluous_at_once() -> None:
    of = schedule(successful_history_limit=1, run_now="CHG-2")
    old, newest = (run(of, Ask(text=f"CHG-{n}"), Phase.SUCCEEDED, at(n)) for n in (1, 2))

    assert decided(of, ReplicationScheduleStatus(), at(5), old, newest).drop == (old,)
