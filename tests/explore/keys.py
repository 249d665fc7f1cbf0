"""When are two states the same? When they differ only in when all of it happened.

Two kinds of times are told apart. What the storage tells (snapshots, points in time, and the baselines made of them)
counts by its order. When something was read or intended counts by whether a leap, which is longer than every number in
`Tuning`, lies between it and now; and of the readings that decisions compare, by which of them came first.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from explore.state import LEAP, Case, State

from vvol_replication.api.ledger import Operation, SyncLedger
from vvol_replication.reconcile.core.observation import Observation, Query, Reading

_COMPARED = (Query.TASK, Query.TARGET_SNAPSHOTS, Query.POINTS, Query.SOURCE_SNAPSHOTS)
_MANY = 3
"""From this many failures on in a row the delay between tries grows no more."""


def key(state: State) -> int:
    """Equal for equal states. It is a 64-bit hash: among a million states, two collide by a chance of 1 in 10⁷."""
    told: list[datetime] = []
    process = (state.process, _past(state.began, state.now))
    armed = state.armed and (state.armed.uid, state.armed.task, state.armed.point_in_time_name)
    shapes: list[Any] = [_told(state.storage, told), state.budget, state.late, process, armed]
    shapes.extend(_case(case, state.now, told) for case in state.cases)
    rank = {time: place for place, time in enumerate(sorted(set(told)))}
    return hash((tuple(shapes), tuple([rank[time] for time in told])))


def _case(case: Case, now: datetime, told: list[datetime]) -> tuple[Any, ...]:
    told.append(case.request.created)
    stored = case.stored
    shape: tuple[Any, ...] = (case.request.spec.cancel, _operation(stored.operation, now, told), stored.phase)
    if case.ended:
        return (*shape, case.suffixes)
    mine = case.status.operation
    return (
        *shape,
        "same" if mine == stored.operation else _operation(mine, now, told),
        (case.confirmed, case.asleep, case.follows, case.news, case.unsure),
        case.suffixes,
        _observation(case.seen, now, told),
    )


def _operation(operation: Operation | None, now: datetime, told: list[datetime]) -> Any:
    if operation is None:
        return None
    sync, push = operation.sync, operation.push
    return (
        operation.suffix,
        operation.point_in_time_name,
        operation.turn_at is not None,
        operation.resolved is not None,
        operation.holder,
        _told(operation.baseline, told),
        sync and _sync(sync, now, told),
        push and (_past(push.intent_at, now), push.snapshot, _told(push.created, told)),
    )


def _sync(sync: SyncLedger, now: datetime, told: list[datetime]) -> tuple[Any, ...]:
    seen = sync.pending_seen_at is not None
    unanswered = sync.unanswered_at and _past(sync.unanswered_at, now)
    credited = _told(sync.credited, told)
    return (_past(sync.intent_at, now), sync.armings, sync.task, seen, unanswered, sync.borrowed, credited)


def _observation(seen: Observation, now: datetime, told: list[datetime]) -> tuple[Any, ...]:
    readings: list[Any] = []
    for query in Query:
        reading: Reading[Any] | None = getattr(seen, query.value)
        readings.append(
            reading and (_past(reading.at, now), min(reading.failures, _MANY), _told(reading.outcome, told))
        )
    at = {query: one.at for query in _COMPARED if (one := getattr(seen, query.value)) is not None}
    order = tuple(one <= other for one in at.values() for other in at.values())
    trouble = seen.trouble
    return (
        tuple(readings),
        order,
        seen.behind,
        seen.intent_unused,
        seen.lost_syncs,
        seen.naming_given_up,
        tuple(time and _past(time, now) for time in (seen.push_lost_at, seen.landed_at, seen.success_at)),
        trouble and (trouble.reason, trouble.refusals, min(trouble.failures, _MANY), trouble.retry_at <= now),
    )


def _past(time: datetime, now: datetime) -> str:
    return "long ago" if now - time > LEAP / 2 else "just now"


def _told(value: Any, told: list[datetime]) -> Any:
    """The value with a mark for each time in it; the times are added to `told`, in their order."""
    shape, times = _shaped(value)
    told.extend(times)
    return shape


@lru_cache(maxsize=400_000)
def _shaped(value: Any) -> tuple[Any, tuple[datetime, ...]]:
    times: list[datetime] = []
    return _shape(value, times), tuple(times)


def _shape(value: Any, times: list[datetime]) -> Any:
    if isinstance(value, datetime):
        times.append(value)
        return "time"
    if isinstance(value, tuple):
        return tuple([_shape(one, times) for one in value])
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value).__name__, *[_shape(getattr(value, name), times) for name in _names(type(value))])
    return value


@lru_cache(maxsize=100)
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))
