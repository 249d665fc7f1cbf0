"""What holds of every schedule, in zones whose clocks change by whole hours and not at midnight."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.domain.cron import generated

from vvol_replication.domain.cron import CronSchedule, intervals, parse_schedule
from vvol_replication.domain.cron.fields import Fields

ZONES = ("America/New_York", "Europe/London", "Australia/Sydney", "Pacific/Auckland", "Asia/Kolkata", "UTC")
MINUTE = timedelta(minutes=1)

SEEDS = st.integers(0, 1 << 32).map(random.Random)
SCHEDULES = st.builds(parse_schedule, SEEDS.map(generated.schedule), st.sampled_from(ZONES))
NAIVE = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))  # noqa: DTZ001 - hypothesis puts the zone in
INSTANTS = st.one_of(
    st.builds(
        lambda zone, chance: generated.start(chance, chance.choice(generated.changes(zone))),
        st.sampled_from(ZONES[:4]),
        SEEDS,
    ),
    NAIVE.map(lambda moment: moment.replace(tzinfo=UTC)),
)


def matches(schedule: CronSchedule, instant: datetime) -> bool:
    """Whether clocks of its zone show at that instant what the schedule names."""
    rule, local = schedule.rule, instant.astimezone(schedule.zone)
    assert isinstance(rule, Fields)
    return (
        local.minute in rule.minute.values
        and local.hour in rule.hour.values
        and local.month in rule.month.values
        and rule.names_day(local.day, local.isoweekday() % 7)
    )


@given(SCHEDULES, INSTANTS)
def test_the_next_run_is_later_and_named_and_there_is_none_before_it(schedule: CronSchedule, instant: datetime) -> None:
    run = schedule.next_after(instant)
    if run is None:
        return
    assert run > instant
    assert (run.second, run.microsecond) == (0, 0)
    assert matches(schedule, run)
    minute = instant.replace(second=0, microsecond=0) + MINUTE
    for _ in range(3 * 24 * 60):
        if minute >= run:
            break
        assert not matches(schedule, minute)
        minute += MINUTE


@given(SCHEDULES, INSTANTS, st.timedeltas(timedelta(), timedelta(days=40)))
def test_a_later_instant_has_no_earlier_run(schedule: CronSchedule, instant: datetime, by: timedelta) -> None:
    first, second = schedule.next_after(instant), schedule.next_after(instant + by)
    assert first is None or second is None or first <= second
    if first is not None and instant + by < first:
        assert second == first


@given(SCHEDULES, INSTANTS, st.timedeltas(timedelta(), timedelta(days=8)), st.integers(1, 30))
def test_what_was_due_is_what_comes_one_after_the_other(
    schedule: CronSchedule, after: datetime, lasting: timedelta, limit: int
) -> None:
    runs, at = list[datetime](), schedule.next_after(after)
    while at is not None and at <= after + lasting and len(runs) < 2000:
        runs.append(at)
        at = schedule.next_after(at)
    assert schedule.between(after, after + lasting, limit) == runs[:limit]
    due = schedule.due(after, after + lasting, limit)
    assert due.count == min(limit, len(runs))
    if len(runs) < 2000:
        assert due.latest == (runs[-1] if runs else None)


@given(SCHEDULES, INSTANTS)
def test_intervals_are_between_runs(schedule: CronSchedule, after: datetime) -> None:
    runs = schedule.between(after, after + timedelta(days=5000), 20)
    found = intervals(schedule, after, runs=20)
    apart = [later - earlier for earlier, later in pairwise(runs)]
    assert (found and (found.shortest, found.longest)) == ((min(apart), max(apart)) if apart else None)


@pytest.mark.parametrize("zone", ZONES[:4])
def test_the_zones_have_changes_to_meet(zone: str) -> None:
    assert len(generated.changes(zone)) == 6
