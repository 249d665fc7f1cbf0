"""What one request follows on the target array."""

from __future__ import annotations

from collections.abc import Callable

from vvol_replication.api.sync import Resolved
from vvol_replication.engine.monitors.poller import Deliver

from .context import EngineContext


class FollowedTransfers:
    """The transfers of one protection group, delivered with each poll of its target, from `follow` until `leave`."""

    def __init__(self, context: EngineContext, uid: str, deliver: Deliver) -> None:
        self._context, self._uid, self._deliver = context, uid, deliver
        self._leave: Callable[[], None] | None = None

    def follow(self, resolved: Resolved) -> None:
        """Poll what the request acts on. Where the array is not connected, nothing is delivered."""
        endpoint = self._context.registry.arrays.get(resolved.target_array)
        if endpoint is None:
            return
        uid, poller, group = self._uid, endpoint.poller, self._context.calls.name_at_target(resolved)
        poller.follow(uid, resolved.target_array_id, group, self._deliver)
        self._leave = lambda: poller.leave(uid)

    def leave(self) -> None:
        """Deliver no more."""
        if self._leave is not None:
            self._leave()
