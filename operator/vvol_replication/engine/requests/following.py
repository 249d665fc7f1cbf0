"""What one request follows on the target array."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from vvol_replication.api.sync import Resolved
from vvol_replication.domain.arrays import Snapshot
from vvol_replication.domain.outcomes import Done, Outcome
from vvol_replication.engine.monitors.poller import Deliver, Rows

from .context import EngineContext

_PROGRESS_EVERY: Final = timedelta(seconds=1.5)
"""Polls are faster than anybody can read; and each that is taken in is a decision, and maybe a write."""


class FollowedTransfers:
    """The transfers of one protection group, from `follow` until `leave`.

    Each poll of their target is delivered at once that shows more than progress: what is new, begins, lands, or goes.
    """

    def __init__(self, context: EngineContext, uid: str, deliver: Deliver) -> None:
        self._context, self._uid, self._deliver = context, uid, deliver
        self._leave: Callable[[], None] | None = None
        self._told: tuple[datetime, list[tuple[Any, ...]]] | None = None

    def follow(self, resolved: Resolved) -> None:
        """Poll what the request acts on. Where the array is not connected, nothing is delivered."""
        endpoint = self._context.registry.arrays.get(resolved.target_array)
        if endpoint is None:
            return
        uid, poller, group = self._uid, endpoint.poller, self._context.calls.name_at_target(resolved)
        poller.follow(uid, resolved.target_array_id, group, self._take)
        self._leave = lambda: poller.leave(uid)

    def leave(self) -> None:
        """Deliver no more."""
        self._told = None
        if self._leave is not None:
            self._leave()

    def _take(self, outcome: Outcome[Rows], at: datetime) -> None:
        if isinstance(outcome, Done):
            told, rows = self._told, [_events(row) for row in outcome.value]
            if told is not None and told[1] == rows and at - told[0] < _PROGRESS_EVERY:
                return
            self._told = at, rows
        else:
            self._told = None
        self._deliver(outcome, at)


def _events(row: Snapshot) -> tuple[Any, ...]:
    """All that a row tells but how far it has come."""
    return row.name, row.created, row.started, row.completed, row.landed, row.destroyed
