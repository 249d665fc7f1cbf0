"""How often logging in with the same credentials may fail: three times, then not for 15 minutes (invariant 13).

Endpoints lock accounts; a wrong password must not do that. What counts is the pair of address and credentials, not the
connection: an object that is edited, or a second object for the same endpoint, brings no further tries.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TRIES: Final = 3
PAUSE: Final = 15 * 60.0
"""Seconds without a login after `TRIES` refused ones; then one more try at a time."""

_REMEMBERED: Final = 1024


class LockedOut(Exception):  # noqa: N818 - said in the words of its meaning
    """Logins were refused too often: nothing was sent. `seconds` are left until the next try."""

    def __init__(self, seconds: float) -> None:
        super().__init__("logins were refused too often")
        self.seconds = seconds


class LoginUnderWay(Exception):  # noqa: N818 - as above
    """Another login with these credentials is under way, and was not waited for any longer: nothing was sent."""


class LoginGate:
    """Lets one login through at a time, and none for `PAUSE` seconds after `TRIES` refusals in a row. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._one = threading.Lock()
        self._refused = 0
        self._shut_until = float("-inf")

    @property
    def refusals(self) -> int:
        """How often in a row the endpoint refused these credentials."""
        return self._refused

    @property
    def seconds_left(self) -> float:
        """Until the next login may be tried; 0: now."""
        return max(0.0, self._shut_until - self._clock())

    def check(self) -> None:
        """Raises `LockedOut` while no login may be tried."""
        if (left := self.seconds_left) > 0:
            raise LockedOut(left)

    @contextmanager
    def attempt(self, timeout: float) -> Iterator[None]:
        """Around one login; waits up to `timeout` seconds for another one. Raises `LockedOut`, `LoginUnderWay`."""
        if not self._one.acquire(timeout=max(timeout, 0.0)):
            raise LoginUnderWay
        try:
            self.check()
            yield
        finally:
            self._one.release()

    def refused(self) -> None:
        """Count one more login that the endpoint refused; the third one shuts the gate."""
        self._refused += 1
        if self._refused >= TRIES:
            self._shut_until = self._clock() + PAUSE

    def passed(self) -> None:
        """Forget the refusals: the endpoint took the login."""
        self._refused = 0


class LoginGates:
    """The gates of one process, by address and credentials; of these only a digest is kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._gates: OrderedDict[bytes, LoginGate] = OrderedDict()

    def of(self, address: str, *credentials: str) -> LoginGate:
        """The gate for logging in there with these."""
        digest = hashlib.sha256()
        for part in (address.casefold(), *credentials):
            digest.update(hashlib.sha256(part.encode()).digest())
        gate = self._gates.setdefault(digest.digest(), LoginGate(self._clock))
        self._gates.move_to_end(digest.digest())
        if len(self._gates) > _REMEMBERED:
            self._gates.popitem(last=False)
        return gate
