"""Which array all sessions of one port are with."""

from __future__ import annotations

import threading

from vvol_replication.domain.arrays import ArrayAbout

from .failures import IdentityDiffers


class IdentityPin:
    """Remembers the first array seen, or the one that is `expected`, and refuses every other one."""

    def __init__(self, expected: str | None = None) -> None:
        self._lock = threading.Lock()
        self._id = expected

    def check(self, about: ArrayAbout) -> None:
        """Raises `IdentityDiffers` where this is not the array of the first session."""
        with self._lock:
            if self._id is None:
                self._id = about.id
            if about.id != self._id:
                raise IdentityDiffers(self._id, about.id)
