"""Claims on request ids that people have chosen: what is stored, and what the engine knows beyond that.

Claims on an id are known while a request in flight has it. Whoever had it before may have ended long ago, and what has
ended is not held: the API server is asked for all who have the id, once, and the watch tells of others from then on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vvol_replication.api.names import Kind
from vvol_replication.api.objects import Failed
from vvol_replication.api.selectors import same_request
from vvol_replication.engine.services import Services
from vvol_replication.reconcile.core.claims import Claim

ClaimKey = tuple[Kind, str, str]
"""Kind, namespace and request id; kinds and namespaces are independent."""
Claimed = Callable[[Mapping[str, Any]], tuple[ClaimKey, Claim] | None]
"""What an object makes of a request id that somebody has chosen."""


@dataclass(slots=True)
class _Known:
    """Of one id: `users` are those in flight that have it; `asked`: the API server has told all who have it."""

    users: set[str] = field(default_factory=set)
    claims: dict[str, Claim] = field(default_factory=dict)
    asked: bool = False


class Claims:
    """Only explicit ids are kept: an object's uid is its own."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[ClaimKey, _Known] = {}

    async def publish(self, key: ClaimKey, claim: Claim, claimed: Claimed) -> None:
        """A request in flight has this id, and makes this of it. Returns when all other claims on it are known.

        The API server is asked for as long as that takes; what is known already is newer than its answer.
        """
        failures, (kind, namespace, request_id) = 0, key
        while not self._published(key, claim).asked:
            found = await self._services.cluster.list_in(kind, namespace, fields=same_request(request_id))
            if isinstance(found, Failed):
                failures += 1
                await asyncio.sleep(self._services.until_next_write(failures))
                continue
            known = self._published(key, claim)
            for body in found:
                one = claimed(body)
                if one is not None and one[0] == key:
                    known.claims.setdefault(one[1].uid, one[1])
            known.asked = True

    def _published(self, key: ClaimKey, claim: Claim) -> _Known:
        known = self._known.setdefault(key, _Known())
        known.users.add(claim.uid)
        known.claims[claim.uid] = claim
        return known

    def leave(self, key: ClaimKey, uid: str) -> None:
        """It is not in flight any more."""
        known = self._known.get(key)
        if known is not None:
            known.users.discard(uid)
            if not known.users:
                del self._known[key]

    def note(self, key: ClaimKey, claim: Claim) -> None:
        """A claim as it is now; it is kept if a request in flight has the id."""
        if (known := self._known.get(key)) is not None:
            known.claims[claim.uid] = claim

    def forget(self, key: ClaimKey, uid: str) -> None:
        """The object is gone."""
        if (known := self._known.get(key)) is not None:
            known.claims.pop(uid, None)

    def kept(self, key: ClaimKey) -> bool:
        """Are claims on this id kept now?"""
        return key in self._known

    def on(self, key: ClaimKey) -> Iterable[Claim]:
        """All claims on an id."""
        known = self._known.get(key)
        return tuple(known.claims.values()) if known is not None else ()
