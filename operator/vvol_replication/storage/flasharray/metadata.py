"""What all sessions with one array share, whichever family: who answers, and what answers say beside content.

Both classes are thread-safe: REST 1 calls in threads, REST 2 on the event loop.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from vvol_replication.domain.arrays import ArrayAbout
from vvol_replication.storage.redaction import SessionSecrets

from .errors import HeldOff, IdentityDiffers, retry_after

_COOKIE: Final = re.compile(r"session=([^;,\s]+)")

_HALF: Final = timedelta(seconds=0.5)
"""`Date` is cut to whole seconds: on the average the array's clock is half a second further."""


class ResponseMetadata:
    """The array's clock, its sessions, and until when it wants to be left alone: kept from answer to answer.

    Each cookie of REST 1 and token of REST 2 is added to `sessions`.
    """

    def __init__(self, sessions: SessionSecrets, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held_until = float("-inf")
        self._skew: timedelta | None = None
        self._sessions = sessions

    @property
    def skew(self) -> timedelta | None:
        """How far the array's clock is ahead of ours, in whole seconds; None before any answer had a `Date`."""
        return self._skew

    def check(self) -> None:
        """Before every request. Raises `HeldOff` while the array wants none."""
        left = self._held_until - self._clock()
        if left > 0:
            raise HeldOff(left)

    def heard(self, status: int, headers: Mapping[str, str], sent: float, answered: float) -> None:
        """After every answer; `sent` and `answered` are POSIX times of this machine."""
        self._sessions.add(headers.get("x-auth-token"))
        for cookie in _COOKIE.findall(headers.get("Set-Cookie", "")):
            self._sessions.add(cookie)
        date = _date(headers.get("Date", ""))
        if date is not None:
            middle = datetime.fromtimestamp((sent + answered) / 2, UTC)
            self._skew = timedelta(seconds=round((date + _HALF - middle).total_seconds()))
        if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            seconds = retry_after(headers)
            if seconds:
                with self._lock:
                    self._held_until = max(self._held_until, self._clock() + seconds)


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


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
