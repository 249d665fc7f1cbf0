"""The recorder of a request: each part once, each end exactly once, and never a load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.api.conditions import Wanted, merge, to_json
from vvol_replication.api.names import REPLICATION_SYNC
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.reasons import Reason
from vvol_replication.api.times import format_time
from vvol_replication.engine.events.event import LAST, Event
from vvol_replication.engine.events.recorder import BURST, PER_SECOND, EventRecorder
from vvol_replication.engine.events.requests import END, HISTORY, answer_lost, late_end, transition
from vvol_replication.engine.news import StatusChanged
from vvol_replication.reconcile.core.summarize import Situation

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Status = Mapping[str, Any]


def status(situation: Situation, reason: str, message: str = "as it is", *, finished_at: datetime = NOW) -> Status:
    row = situation.value
    wanted = [Wanted("Ready", row.ready, reason, message), *(Wanted(one, "True", reason, message) for one in row.flags)]
    made: dict[str, Any] = {"phase": str(row.phase), "conditions": to_json(merge((), wanted, 1, NOW))}
    return made | ({"finishedAt": format_time(finished_at)} if situation.ended else {})


LIVE = st.builds(
    status,
    st.sampled_from([one for one in Situation if not one.ended]),
    st.sampled_from([str(one) for one in Reason]),
    st.sampled_from(["42 % are there", "43 % are there"]),
)
ENDS = st.builds(
    status, st.sampled_from([one for one in Situation if one.ended]), st.sampled_from([str(one) for one in Reason])
)


class Server:
    """Takes events as the API server does: one for each object and `once`."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    async def event(
        self, ref: ObjectRef, *, warning: bool, reason: str, message: str, once: str = "", order: int = LAST
    ) -> None:
        assert isinstance(warning, bool)
        assert 0 <= order <= LAST
        assert reason
        assert message
        self.sent.append((ref.uid, once))


class Clock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def jitter(self) -> float:
        return 0.0


def ref(number: int = 0) -> ObjectRef:
    return ObjectRef(REPLICATION_SYNC, "prod", f"sync-{number}", f"uid-{number}")


async def settled(recorder: EventRecorder) -> None:
    if recorder._sending is not None:  # noqa: SLF001 - nobody else waits for it
        await recorder._sending  # noqa: SLF001


@given(LIVE | ENDS)
def test_what_has_not_changed_is_not_told(one: Status) -> None:
    assert transition(one, one) is None


@given(ENDS, LIVE | ENDS)
def test_nothing_is_told_after_an_end(end: Status, after: Status) -> None:
    assert transition(end, after) is None


@given(LIVE, ENDS)
def test_every_end_is_told_in_its_condition_s_words(before: Status, end: Status) -> None:
    told = transition(before, end)
    assert told is not None
    assert told.once == END
    said = {one["type"]: one for one in end["conditions"]}
    assert (told.reason, told.message) == (said["Ready"]["reason"], said["Ready"]["message"])
    assert told.warning == ("Failed" in said)


@given(st.lists(LIVE, max_size=30), ENDS, st.lists(st.integers(0, 30), max_size=3))
async def test_no_part_is_told_twice_and_one_end_exactly(parts: list[Status], end: Status, restarts: list[int]) -> None:
    """Whatever flaps, and whenever the process is another one: then the API server's names stand in."""
    server, clock = Server(), Clock()
    recorder, held = EventRecorder(server, clock), dict[str, Any]()  # type: ignore[arg-type]
    for number, now in enumerate([*parts, end, end]):
        if number in restarts:
            recorder, held = EventRecorder(server, clock), {}  # type: ignore[arg-type]
        recorder.status_changed(StatusChanged(ref(), held, now, ours=False))
        await settled(recorder)
        held = dict(now)
    recorder.found(ref(), held)
    await settled(recorder)
    times = Counter(server.sent)
    assert times["uid-0", END] in range(1, 2 + len(restarts))
    assert max(times.values()) <= 1 + len(restarts)
    if not restarts:
        assert max(times.values()) == 1


@pytest.mark.parametrize(
    ("situation", "reason", "warning"),
    [
        (Situation.WAITING, Reason.GROUP_BUSY, False),
        (Situation.WAITING, Reason.LOGIN_FAILED, True),
        (Situation.SUSPENDED, Reason.SUSPENDED, False),
        (Situation.RUNNING, Reason.TRANSFERRING, False),
        (Situation.SUCCEEDED, Reason.POINT_IN_TIME_CREATED, False),
        (Situation.EXPIRED, Reason.EXPIRED, False),
        (Situation.MISSED, Reason.MISSED, True),
        (Situation.FAILED, Reason.TIMED_OUT, True),
    ],
)
def test_a_warning_is_what_somebody_has_to_act_on(situation: Situation, reason: Reason, *, warning: bool) -> None:
    once = END if situation.ended else str(reason)
    told = transition({}, status(situation, str(reason)))
    assert told is not None
    assert told == Event(warning=warning, reason=str(reason), message="as it is", once=once, order=told.order)


@pytest.mark.parametrize(
    "steps",
    [(Reason.ARMING, Reason.PUSHING, Reason.TRANSFERRING), (Reason.CHECKING, Reason.PREPARING, Reason.TRANSFERRING)],
)
def test_within_one_second_a_wait_stands_before_the_steps_and_the_end_after_them(steps: tuple[Reason, ...]) -> None:
    story = [
        status(Situation.WAITING, Reason.GROUP_NOT_FOUND),
        *(status(Situation.RUNNING, step) for step in steps),
        status(Situation.SUCCEEDED, Reason.POINT_IN_TIME_CREATED),
    ]
    orders = [told.order for one in story if (told := transition({}, one)) is not None]
    assert orders == sorted(set(orders))
    assert len(orders) == len(story)
    assert all(0 <= place <= LAST for place in orders)


@pytest.mark.parametrize("before", [Reason.ARMING, Reason.PREPARING, Reason.PUSHING])
def test_a_lost_answer_stands_after_the_step_that_asked_and_before_what_it_came_to(before: Reason) -> None:
    def order(reason: Reason) -> int:
        told = transition({}, status(Situation.RUNNING, reason))
        assert told is not None
        return told.order

    assert order(before) < answer_lost("It did not come.").order < order(Reason.TRANSFERRING)


def test_what_is_said_in_passing_is_no_event() -> None:
    for reason in (Reason.ACCEPTED, Reason.READING, Reason.VERIFYING, Reason.NOT_YET_READ):
        assert transition({}, status(Situation.RUNNING, str(reason))) is None


def test_an_end_of_long_ago_is_hirecorder() -> None:
    end = status(Situation.FAILED, "TimedOut")
    assert late_end(end, NOW + HISTORY - timedelta(seconds=1)) is not None
    assert late_end(end, NOW + HISTORY) is None
    assert late_end({**end, "finishedAt": "yesterday"}, NOW) is None


async def test_2000_that_begin_to_wait_are_no_load_and_each_of_their_ends_is_told() -> None:
    server, clock = Server(), Clock()
    recorder = EventRecorder(server, clock)  # type: ignore[arg-type]
    busy, minutes = status(Situation.WAITING, "GroupBusy"), 3
    for number in range(2000):
        recorder.status_changed(StatusChanged(ref(number), {}, busy, ours=False))
        clock.time += timedelta(minutes=minutes) / 2000
    await settled(recorder)
    assert BURST < len(server.sent) <= BURST + minutes * 60 * PER_SECOND
    for number in range(2000):
        failed = status(Situation.FAILED, "TimedOut")
        recorder.status_changed(StatusChanged(ref(number), busy, failed, ours=True))
    await settled(recorder)
    assert Counter(once for _, once in server.sent)[END] == 2000
