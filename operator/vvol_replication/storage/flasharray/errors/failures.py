"""What can go wrong on the way to an array and back: raised in this package only, turned into outcomes at its rim."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

LOGIN: Final = "login"
VERSION: Final = "version"
IDENTITY: Final = "identity"

_LONGEST_HOLD: Final = 3600.0
"""Seconds for which an array is left alone at most, whatever stands in the header."""


class CallFailed(Exception):  # noqa: N818 - these are endings of a call, named in its words
    """A call that brought no usable answer. Its text may be the array's: none of it shows in a repr."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class NotAsked(CallFailed):
    """Nothing was sent; `reason` is one of the catalogue, `why` says it in one line of ours."""

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(why)
        self.reason = reason
        self.why = why


class HeldOff(CallFailed):
    """Nothing was sent: the array asked to be left alone, for `left` more seconds."""

    def __init__(self, left: float) -> None:
        super().__init__("the array wants to be left alone")
        self.left = left


class NotReached(CallFailed):
    """The transport failed. `sent` is False where the array provably never had the whole request."""

    def __init__(self, cause: Exception, *, sent: bool) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause
        self.sent = sent


class Answered(CallFailed):
    """The array answered with a status other than 200; `text` is the body as it came."""

    def __init__(self, status: int, text: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.text = text
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}

    @property
    def is_page(self) -> bool:
        """Is it a page for people? Then a proxy or another server said it, and no array."""
        return self.headers.get("content-type", "").lower().startswith("text/html")


class Unreadable(CallFailed):
    """Status 200, but not what the REST API answers; the argument says what was seen, in one line."""


class Missing(CallFailed):
    """The array answered, and has no such protection group; the argument is its name."""


class NoCommonVersion(CallFailed):
    """The array offers no REST version that is `wanted` (said in the words of the object) and spoken here."""

    def __init__(self, wanted: str, offered: tuple[str, ...]) -> None:
        super().__init__("no common REST version")
        self.wanted = wanted
        self.offered = offered


class LockedOut(CallFailed):
    """Logins failed too often: nothing was sent. None is tried for `left` more seconds."""

    def __init__(self, left: float) -> None:
        super().__init__("logins were refused too often")
        self.left = left


class IdentityDiffers(CallFailed):
    """Another array than before answers at this address."""

    def __init__(self, pinned: str, seen: str) -> None:
        super().__init__("identity differs")
        self.pinned = pinned
        self.seen = seen


class BeforeTheCall(CallFailed):
    """What a call needs first failed, so the call itself was not made, or not repeated.

    `step` is `VERSION`, `LOGIN` or `IDENTITY`; `cause` is how that step failed.
    """

    def __init__(self, step: str, cause: CallFailed) -> None:
        super().__init__(step)
        self.step = step
        self.cause = cause


class LookFailed(CallFailed):
    """The push was refused because its snapshot is there; whether that one is destroyed could not be read.

    `said` are the array's words, redacted; `cause` is why the look failed.
    """

    def __init__(self, said: str, cause: CallFailed) -> None:
        super().__init__(said)
        self.said = said
        self.cause = cause


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, where the array names them; a date is not used, because it would be read with another clock."""
    for header in ("retry-after", "ratelimit-reset"):
        if re.fullmatch(r"[0-9]{1,6}", value := headers.get(header, "").strip()):
            return min(float(value), _LONGEST_HOLD)
    return None
