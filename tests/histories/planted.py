"""Faults that are planted into the decisions, or into what the exploration has of the monitor, to see them found."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest import mock

from histories.explore import WORLDS, Found, explore

from vvol_replication.api.schedule import ReplicationScheduleStatus
from vvol_replication.reconcile.schedule import decide as decisions
from vvol_replication.reconcile.schedule.absorb import absorb
from vvol_replication.reconcile.schedule.runs import Schedule


def _no_look(schedule: Schedule, *rest: Any) -> datetime | None:
    return _look_at(replace(schedule, spec=replace(schedule.spec, run_now=None)), *rest)


def _credited_by_any(schedule: Schedule, status: ReplicationScheduleStatus, *rest: Any) -> ReplicationScheduleStatus:
    after = _absorb(schedule, status, *rest)
    if after.last_run == status.last_run or schedule.spec.run_now is None:
        return after
    return replace(after, last_run_now=schedule.spec.run_now, last_run_now_result=after.last_run)


_look_at, _absorb = decisions.look_at, absorb
HERE = "histories.explore"
DECIDE = "vvol_replication.reconcile.schedule.decide"
FIRST, WIPED, TWO = "a crash, a lost answer, a deletion, a text", "a wiped status", "two processes"
PLANTED: dict[str, tuple[str, str, Any, str]] = {
    "a new text is looked at when the next time comes": (WIPED, f"{DECIDE}.look_at", _no_look, "is never credited"),
    "any end is credited to the text": (FIRST, f"{DECIDE}.absorb", _credited_by_any, "which is no run of it"),
    "what is skipped is not told": (FIRST, f"{DECIDE}.skipped", lambda status, *_: status, "times have passed"),
    "what is under way is deleted": (FIRST, f"{DECIDE}.superfluous", lambda _s, _t, runs: tuple(runs), "under way"),
    "what another one wrote is overwritten": (TWO, f"{HERE}.unmoved", lambda _: True, "times have passed"),
    "a write is not read again": (
        FIRST,
        f"{HERE}.Process.refused",
        lambda one: one.over(well=False),
        "times have passed",
    ),
}
"""In which world, where, what is wrong, and what has to be found."""


def hunted(planted: str, most: int = 20_000) -> Found:
    """Plant it, and explore until it is found."""
    world, place, wrong, _ = PLANTED[planted]
    with mock.patch(place, wrong):
        return explore(WORLDS[world](), most)


def is_found(planted: str, found: Found) -> bool:
    """Did that exploration come upon what was planted?"""
    return found.broken is not None and PLANTED[planted][-1] in found.broken
