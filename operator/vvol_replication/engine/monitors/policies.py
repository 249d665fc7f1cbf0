"""What an array does by itself with the protection groups that are bound: asked seldom, for all of them at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from vvol_replication.api.group import ArrayPolicyStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.outcomes import Done, Unavailable
from vvol_replication.domain.ports import ArrayPort
from vvol_replication.engine.ports import Clock, Pace
from vvol_replication.engine.waiting import ended
from vvol_replication.reconcile.objective.policy import shown_policy, unknown_policy

_log = logging.getLogger(__name__)

BoundTo = Callable[[str], frozenset[str]]
"""Which protection groups of the array with that id ReplicationGroups stand for."""


class PolicyReader:
    """Asks in a task of its own, so that no reading of the array waits for it, and no request ever does."""

    def __init__(self, clock: Clock, pace: Pace, bound_to: BoundTo, changed: Callable[[str], None]) -> None:
        """`changed` is called with the array's id where something is known that was not."""
        self._clock, self._pace, self._bound_to, self._changed = clock, pace, bound_to, changed
        self._known: dict[str, ArrayPolicyStatus] = {}
        self._asked: frozenset[str] = frozenset()
        self._asked_at: datetime | None = None
        self._well = False
        self._task: asyncio.Task[None] | None = None

    def of(self, protection_group: str) -> ArrayPolicyStatus | None:
        """What is known of that protection group; None where the array was not asked yet."""
        return self._known.get(protection_group)

    def consider(self, array_id: str, port: ArrayPort) -> None:
        """The array has just been read: ask it, if it is time, or a group is new."""
        if self._task is not None and not self._task.done():
            return
        names, now = self._bound_to(array_id), self._clock.now()
        every = timedelta(seconds=self._pace.policy if self._well else self._pace.policy_retry)
        if not names or (names <= self._asked and self._asked_at is not None and now - self._asked_at < every):
            return
        self._asked, self._asked_at = names, now
        self._task = asyncio.create_task(self._ask(array_id, port, names), name=f"policies of {array_id}")

    def forget(self) -> None:
        """Another array may be there."""
        self._known, self._asked, self._asked_at = {}, frozenset(), None

    async def close(self) -> None:
        """Ask no more."""
        await ended(self._task)

    async def _ask(self, array_id: str, port: ArrayPort, names: frozenset[str]) -> None:
        try:
            await self._read(array_id, port, names)
        except Exception:  # noqa: BLE001 - logged whole; it is asked again
            # As in every loop of ours: a defect must not go unseen.
            _log.exception("reading schedules and retentions of array %s failed", array_id)

    async def _read(self, array_id: str, port: ArrayPort, names: frozenset[str]) -> None:
        outcome = await port.policies(sorted(names))
        if self._asked is not names:
            return  # it was forgotten meanwhile: another array may be meant
        before = dict(self._known)
        if isinstance(outcome, Done):
            missing = unknown_policy(Reason.PROTECTION_GROUP_NOT_FOUND)
            self._known = {
                name: shown_policy(outcome.value[name]) if name in outcome.value else missing for name in names
            }
        else:  # what was told before stands
            self._known = {name: before.get(name) or unknown_policy(outcome.reason) for name in names}
        self._well = not isinstance(outcome, Unavailable)
        if self._known != before:
            self._changed(array_id)
