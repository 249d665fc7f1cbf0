"""The ends of requests, counted; and how long their phases took, by the times in their ledgers."""

from __future__ import annotations

from collections import Counter

from vvol_replication.api.conditions import find
from vvol_replication.api.phase_times import phases_of
from vvol_replication.api.reasons import known_reason
from vvol_replication.domain.measures import Durations
from vvol_replication.engine.ports import RequestEnd

from . import catalogue
from .families import Families

_BOUNDS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 21600.0)
"""Seconds: from a call to a transfer that takes all night."""


class EndCounter:
    """The engine's `Meter`. Told and read on the event loop."""

    def __init__(self) -> None:
        self._ended: Counter[tuple[str, str, str, str]] = Counter()
        self._took: dict[tuple[str, str, str], Durations] = {}

    def ended(self, end: RequestEnd) -> None:
        """A request has ended so."""
        status = end.status
        ready = find(status.conditions, "Ready")
        outcome = "" if status.phase is None else status.phase.value
        self._ended[end.ref.kind.kind, end.method, outcome, known_reason(ready and ready.reason)] += 1
        for phase in phases_of(status):
            key = end.ref.kind.kind, end.method, phase.name
            took = self._took.get(key)
            if took is None:
                took = self._took[key] = Durations(_BOUNDS)
            took.observe((phase.end - phase.begin).total_seconds())

    def copy(self) -> EndCounter:
        """As it is now."""
        other = EndCounter()
        other._ended, other._took = self._ended.copy(), {key: one.copy() for key, one in self._took.items()}
        return other

    def put(self, families: Families) -> None:
        """Fill the families of ends."""
        for labels, number in self._ended.items():
            families.put(catalogue.FINISHED, labels, number)
        for key, took in self._took.items():
            families.put_durations(catalogue.PHASE_DURATION, key, took)
