"""All claims on request ids that people have chosen: what is stored, and what the engine knows beyond that."""

from __future__ import annotations

from collections.abc import Iterable

from vvol_replication.reconcile.core.claims import Claim

ClaimKey = tuple[str, str, str]
"""Kind, namespace and request id; kinds and namespaces are independent."""


class Claims:
    """Only explicit ids are kept: an object's uid is its own."""

    def __init__(self) -> None:
        self._claims: dict[ClaimKey, dict[str, Claim]] = {}
        self._keys: dict[str, ClaimKey] = {}

    def note(self, key: ClaimKey, claim: Claim) -> None:
        """A claim as it is now."""
        self._keys[claim.uid] = key
        self._claims.setdefault(key, {})[claim.uid] = claim

    def forget(self, uid: str) -> None:
        """The object is gone."""
        key = self._keys.pop(uid, None)
        if key is None:
            return
        claims = self._claims[key]
        del claims[uid]
        if not claims:
            del self._claims[key]

    def on(self, key: ClaimKey) -> Iterable[Claim]:
        """All claims on an id."""
        return tuple(self._claims.get(key, {}).values())
