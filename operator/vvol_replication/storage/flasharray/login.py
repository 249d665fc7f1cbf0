"""What all sessions with one array share: how often logging in may fail, and which array it is."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import requests

from .failures import IdentityDiffers, LockedOut, NotReached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vvol_replication.domain.arrays import ArrayAbout

TRIES: Final = 3
PAUSE: Final = 15 * 60.0
"""Seconds without a login after `TRIES` refused ones; then one more try at a time."""


class LoginGate:
    """Lets one login through at a time, and none for `PAUSE` seconds after `TRIES` refusals in a row.

    Arrays lock accounts; a wrong token must not do that (a changed Secret makes a new gate).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._one = threading.Lock()
        self._refused = 0
        self._shut_until = float("-inf")

    def check(self) -> None:
        """Raises `LockedOut` while no login may be tried."""
        if self._clock() < self._shut_until:
            raise LockedOut

    @contextmanager
    def attempt(self, timeout: float) -> Iterator[None]:
        """Around one login; waits up to `timeout` seconds for another one under way. Raises `LockedOut`."""
        if not self._one.acquire(timeout=max(timeout, 0.0)):
            raise NotReached(requests.Timeout(), sent=False)
        try:
            self.check()
            yield
        finally:
            self._one.release()

    def refused(self) -> None:
        """The array refused the login."""
        self._refused += 1
        if self._refused >= TRIES:
            self._shut_until = self._clock() + PAUSE

    def passed(self) -> None:
        """The array took the login."""
        self._refused = 0


class IdentityPin:
    """Remembers the first array seen and refuses every other one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._id: str | None = None

    def check(self, about: ArrayAbout) -> None:
        """Raises `IdentityDiffers` where this is not the array of the first session."""
        with self._lock:
            if self._id is None:
                self._id = about.id
            if about.id != self._id:
                raise IdentityDiffers(self._id, about.id)
