"""What syncs claim, held against what the simulated storage really holds. Pure: no I/O.

lost       a sync that has not ended
repeated   more than one push under one suffix that took effect
false      a `Complete` whose data is not there, or that names another point in time or a name it does not have
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from testbed import stage

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Judgement:
    """Names, a line each; all empty is what is hoped for. `endings` counts the reasons of Ready."""

    lost: tuple[str, ...]
    repeated: tuple[str, ...]
    false: tuple[str, ...]
    endings: Counter[str]

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing repeated, nothing claimed that is not so."""
        return not (self.lost or self.repeated or self.false)


def judge(syncs: Iterable[Object], state: Object, journal: Iterable[Object]) -> Judgement:
    """Hold ended syncs against the world that they acted on."""
    found = list(syncs)
    pushes: Counter[str] = Counter(
        str(suffix) for one in journal if one["tookEffect"] and (suffix := pushed_suffix(one)) is not None
    )
    held = _held(state)
    endings = Counter(str((stage.condition(one, "Ready") or {}).get("reason")) for one in found)
    return Judgement(
        lost=tuple(_name(one) for one in found if not stage.is_true(one, "Finished")),
        repeated=tuple(f"{suffix}: {count} pushes" for suffix, count in pushes.items() if count > 1),
        false=tuple(
            f"{_name(one)}: {problem}"
            for one in found
            if stage.is_true(one, "Complete") and (problem := _falsehood(one, held)) is not None
        ),
        endings=endings,
    )


def pushed_suffix(entry: Object) -> str | None:
    """The suffix of a push in the journal, whichever REST family brought it; None for every other call."""
    if entry["call"] not in {"POST pgroup", "POST protection-group-snapshots"}:
        return None
    suffix = entry["arguments"].get("suffix")
    return str(suffix) if suffix else None


@dataclass(frozen=True)
class _Held:
    """By suffix: whether the transfer has landed, and the points in time that its data is listed as."""

    landed: frozenset[str]
    points: Mapping[str, tuple[Object, ...]]


def _held(state: Object) -> _Held:
    landed: set[str] = set()
    points: dict[str, tuple[Object, ...]] = {}
    for group in state["protectionGroups"].values():
        landed |= {one["suffix"] for one in group["transfers"] if one["completed"] and one["progress"] == 1.0}
        for target in group["targetGroups"]:
            for point in target["pointsInTime"]:
                points[point["suffix"]] = (*points.get(point["suffix"], ()), point)
    return _Held(frozenset(landed), points)


def _falsehood(sync: Object, held: _Held) -> str | None:
    """What a Complete sync claims that is not so."""
    status = sync["status"]
    operation = status["operation"]
    suffix = operation["suffix"]
    if suffix not in held.landed:
        return f"no transfer of {suffix} has landed"
    real = held.points.get(suffix, ())
    if not real:
        return f"no point in time of {suffix} is listed"
    told = status.get("pointInTime") or {}
    if told.get("id") is not None and told["id"] not in {one["id"] for one in real}:
        return f"point in time {told['id']} is not that of {suffix}"
    if stage.is_true(sync, "Named") and operation["pointInTimeName"] not in {
        point["name"] for points in held.points.values() for point in points
    }:
        return f"no point in time is named {operation['pointInTimeName']}"
    return None


def _name(sync: Object) -> str:
    return f"{sync['metadata']['namespace']}/{sync['metadata']['name']}"
