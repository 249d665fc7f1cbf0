"""Conditions of an object, and how a new list follows from the last one and from what is wanted now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from . import wire
from .errors import SpecError
from .times import whole_seconds

ConditionStatus = Literal["True", "False", "Unknown"]

MESSAGE_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition as it stands in `status.conditions`."""

    type: str
    status: ConditionStatus
    reason: str
    message: str
    observed_generation: int
    last_transition_time: datetime


_KEYS = tuple(wire.json_name(one.name) for one in fields(Condition))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a condition must say now. `message` may be of any length; it is made one line and cut."""

    type: str
    status: ConditionStatus
    reason: str
    message: str


def merge(old: Iterable[Condition], wanted: Sequence[Wanted], generation: int, now: datetime) -> tuple[Condition, ...]:
    """The list to be written: exactly the wanted conditions, in their order.

    `lastTransitionTime` is kept where a condition's status has not changed, else it is `now`, in whole seconds.
    `generation` is stamped on each, so that `kubectl wait` never trusts one that judged an older spec.

    Raises:
        ValueError: if a type is wanted twice; the API server would refuse the list.
    """
    if len({want.type for want in wanted}) != len(wanted):
        raise ValueError("a condition type is wanted twice")
    before = {condition.type: condition for condition in old}
    return tuple(_merged(before.get(want.type), want, generation, now) for want in wanted)


def _merged(old: Condition | None, want: Wanted, generation: int, now: datetime) -> Condition:
    unchanged = old is not None and old.status == want.status
    since = old.last_transition_time if old is not None and unchanged else whole_seconds(now)
    return Condition(want.type, want.status, str(want.reason), one_line(want.message), generation, since)


def one_line(message: str) -> str:
    """Any text as one line of at most `MESSAGE_LIMIT` characters."""
    line = " ".join(message.split())
    return line if len(line) <= MESSAGE_LIMIT else line[: MESSAGE_LIMIT - 1] + "…"


def to_json(conditions: Iterable[Condition]) -> list[dict[str, Any]]:
    """The list as written to the API server."""
    return [wire.to_json(condition) for condition in conditions]


def from_json(raw: object) -> tuple[Condition, ...]:
    """Read a list; an element that cannot be read counts as absent, and so will be written anew."""
    found: dict[str, Condition] = {}
    for item in raw if isinstance(raw, list) else ():
        if isinstance(item, Mapping) and (condition := _read(item)) is not None:
            found.setdefault(condition.type, condition)
    return tuple(found.values())


def _read(item: Mapping[str, Any]) -> Condition | None:
    try:
        return _known(*(item.get(key) for key in _KEYS))
    except TypeError:  # a list or an object, where a condition has none
        return None


@lru_cache(maxsize=4096, typed=True)  # most conditions of a status are those of the one before
def _known(*values: object) -> Condition | None:
    try:
        return wire.from_json(Condition, dict(zip(_KEYS, values, strict=True)), "")
    except SpecError:
        return None


def find(conditions: Iterable[Condition], type_: str) -> Condition | None:
    """The condition of that type."""
    return next((condition for condition in conditions if condition.type == type_), None)
