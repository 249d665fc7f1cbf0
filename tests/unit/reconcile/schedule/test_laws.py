"""Whatever there is: deciding again decides the same, and starts nothing twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from unit.reconcile.schedule.cases import at, decided, run, schedule, status

from vvol_replication.api.schedule import ConcurrencyPolicy, ReplicationScheduleStatus
from vvol_replication.api.status import Phase
from vvol_replication.reconcile.schedule.decide import started
from vvol_replication.reconcile.schedule.runs import Ask, Run


@dataclass(frozen=True)
class Situation:
    """Minutes: since when times count, what it is, and the deadline; which runs are there, and the text."""

    since: int
    now: int
    deadline: int | None
    policy: ConcurrencyPolicy
    there: list[tuple[int, Phase | None]]
    text: str | None


SITUATIONS = st.builds(
    Situation,
    since=st.integers(-30, 30),
    now=st.integers(0, 200),
    deadline=st.none() | st.integers(1, 40),
    policy=st.sampled_from(ConcurrencyPolicy),
    there=st.lists(st.tuples(st.integers(0, 20), st.sampled_from([None, Phase.SUCCEEDED, Phase.FAILED])), max_size=4),
    text=st.none() | st.just("CHG-1"),
)


def _passed(of: ReplicationScheduleStatus) -> int:
    return (of.missed or 0) + (of.skipped or 0)


@given(SITUATIONS)
def test_deciding_again_decides_the_same_and_starts_nothing_twice(told: Situation) -> None:
    since, now, there = told.since, told.now, told.there
    deadline = None if told.deadline is None else timedelta(minutes=told.deadline)
    of = schedule(concurrency_policy=told.policy, run_now=told.text, starting_deadline=deadline)
    runs: dict[str, Run] = {}
    for number, phase in there:
        one = run(of, Ask(at=at(10 * number)), phase)
        runs[one.name] = one

    plan = decided(of, status(at(since)), at(now), *runs.values())

    if plan.start is not None:
        name = of.run_name(plan.start)
        assert name not in runs
        assert not plan.status.active
        begun = run(of, plan.start)
        after = started(plan.status, plan.start, name)
        again = decided(of, after, at(now), *runs.values(), begun)
        crashed = decided(of, status(at(since)), at(now), *runs.values(), begun)
        assert again.start is None
        assert crashed.start is None
        assert _passed(crashed.status) == _passed(after)
        assert again.status == after
    else:
        assert decided(of, plan.status, at(now), *runs.values()).status == plan.status
    assert all(one.finished_at is not None for one in plan.drop)
