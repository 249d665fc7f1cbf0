"""Failures of calls as outcomes. Pure: a table of what was seen, what it proves, and what to tell people.

A status in the 400s is the array's no: nothing was changed. Where a mutating call was sent and its answer is missing,
unreadable or a 5xx, nothing is proved: `Indeterminate`. Error texts are matched without regard to case and only
together with status 400 (reference: flasharray §1.1, errors); the array's own words are always passed on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final

from vvol_replication.domain.outcomes import Indeterminate, Refused, Unavailable
from vvol_replication.storage import words

from . import transport
from .array_text import ArrayText, one_line
from .failures import (
    Answered,
    BeforeTheCall,
    CallFailed,
    IdentityDiffers,
    LockedOut,
    NoCommonVersion,
    NotReached,
    Unreadable,
)

PROTECTION_GROUP_NOT_FOUND: Final = "ProtectionGroupNotFound"
PROTECTION_GROUP_DESTROYED: Final = "ProtectionGroupDestroyed"
SNAPSHOT_LIMIT_REACHED: Final = "SnapshotLimitReached"
ARRAYS_NOT_CONNECTED: Final = "ArraysNotConnected"
ARRAY_REFUSED: Final = "ArrayRefused"

LOGIN: Final = "login"
VERSION: Final = "version"
IDENTITY: Final = "identity"

LOOK_FIRST: Final = "the array may have done it all the same, so look before asking again"

Failed = Refused | Unavailable | Indeterminate

_REFUSALS: Final = (
    ("limit reached", SNAPSHOT_LIMIT_REACHED),
    ("maximum number", SNAPSHOT_LIMIT_REACHED),
    ("is not connected", ARRAYS_NOT_CONNECTED),
    ("has been destroyed", PROTECTION_GROUP_DESTROYED),
    ("pending eradication", PROTECTION_GROUP_DESTROYED),
    ("does not exist", PROTECTION_GROUP_NOT_FOUND),
    ("could not be found", PROTECTION_GROUP_NOT_FOUND),
    ("permission", words.PERMISSION_DENIED),
    ("not authorized", words.PERMISSION_DENIED),
)
"""What the words of a 400 mean; the first that is in the text counts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of which array: begins every message, and says whether a lost answer leaves a doubt."""

    address: str
    what: str
    mutating: bool = False
    secret: str = field(default="", repr=False)

    def says(self, seen: str) -> str:
        """One line: which array, which call, what was seen; the API token is blacked out should the array repeat it."""
        line = f"FlashArray {self.address}: {self.what}: {' '.join(seen.split())}"
        return line.replace(self.secret, "***") if self.secret else line


def outcome(failure: CallFailed, asked: Asked) -> Failed:
    """What a failed call means for whoever asked."""
    match failure:
        case BeforeTheCall(step=step, cause=cause):
            return _before(step, cause, replace(asked, what=f"{asked.what} ({step} comes first)", mutating=False))
        case NotReached():
            return _not_reached(failure, asked)
        case Answered():
            return _answered(failure, asked)
        case Unreadable():
            return _unreadable(f"{failure}; something else than a FlashArray may answer at this address", asked)
        case LockedOut():
            return Unavailable(
                words.LOGIN_FAILED,
                asked.says(
                    "not asked, because logging in failed three times; it is tried again when the Secret's apiToken "
                    "changes, or after 15 minutes"
                ),
            )
        case IdentityDiffers(pinned=pinned, seen=seen):
            return Refused(
                words.IDENTITY_CHANGED,
                asked.says(
                    f"another array answers here: its id is {seen}, it was {pinned}. Nothing was sent to it; correct "
                    "the address, or make a new FlashArray object for the new array"
                ),
            )
        case NoCommonVersion(offered=offered):
            return Refused(
                words.NOT_SUPPORTED,
                asked.says(f"REST 1.2 to 1.19 is needed, the array offers {', '.join(offered) or 'nothing'}"),
            )
    return _unreadable(type(failure).__name__, asked)


def already_there(failure: CallFailed, suffix: str) -> str | None:
    """The array's words where it refused a push because the snapshot is there: live, destroyed or being eradicated."""
    if not isinstance(failure, Answered) or failure.status != HTTPStatus.BAD_REQUEST:
        return None
    said = ArrayText.parse(failure.text)
    if said.has("already exists") or (
        said.has("destroyed", "eradicat")
        and said.has("snapshot", suffix)
        and not said.has("limit reached", "maximum number")
    ):
        return one_line(said.whole)
    return None


def missing(failure: CallFailed) -> bool:
    """True where the array says that what was asked about is not there, or no longer."""
    return refusal_reason(failure) in (PROTECTION_GROUP_NOT_FOUND, PROTECTION_GROUP_DESTROYED)


def refusal_reason(failure: CallFailed) -> str | None:
    """The reason word of a logical refusal (status 400); `None` for every other failure."""
    if not isinstance(failure, Answered) or failure.status != HTTPStatus.BAD_REQUEST:
        return None
    said = ArrayText.parse(failure.text)
    return next((reason for text, reason in _REFUSALS if said.has(text)), ARRAY_REFUSED)


def _before(step: str, cause: CallFailed, asked: Asked) -> Failed:
    if step == LOGIN and isinstance(cause, Answered) and cause.status in (400, 401, 403):
        return Unavailable(
            words.LOGIN_FAILED,
            asked.says(f"the array refuses the API token ({_said(cause)}); put a valid one into the Secret's apiToken"),
        )
    return outcome(cause, asked)


def _not_reached(failure: NotReached, asked: Asked) -> Failed:
    reason, seen = transport.explain(failure.cause)
    if asked.mutating and failure.sent:
        return _lost(seen, asked)
    return Unavailable(reason, asked.says(seen))


def _answered(failure: Answered, asked: Asked) -> Failed:
    status, said = failure.status, asked.says(f"the array answers {_said(failure)}")
    if (reason := refusal_reason(failure)) is not None:
        return Refused(reason, said)
    if status == HTTPStatus.UNAUTHORIZED:
        return Unavailable(words.LOGIN_FAILED, f"{said}, twice, although the login itself succeeded")
    if status == HTTPStatus.FORBIDDEN:
        return Refused(
            words.PERMISSION_DENIED,
            f"{said}: the token's user needs the role storage_admin on a source array, readonly on a target",
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in failure.headers
    ):
        return Unavailable(words.ENDPOINT_BUSY, said, _retry_after(failure))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        if asked.mutating:
            return _lost(f"the array answers {_said(failure)}", asked)
        busy = status == HTTPStatus.SERVICE_UNAVAILABLE or "is busy" in said.lower()
        return Unavailable(words.ENDPOINT_BUSY if busy else words.ENDPOINT_FAULT, f"{said}; it is asked again")
    if status < HTTPStatus.BAD_REQUEST:
        return _unreadable(f"it was answered with a redirection or the like (HTTP {status})", asked)
    if status == HTTPStatus.NOT_FOUND:
        return Refused(words.NOT_SUPPORTED, f"{said}: is this the management address of a FlashArray with REST 1?")
    return Refused(ARRAY_REFUSED, said)


def _unreadable(seen: str, asked: Asked) -> Failed:
    if asked.mutating:
        return _lost(seen, asked)
    return Unavailable(words.ANSWER_UNREADABLE, asked.says(seen))


def _lost(seen: str, asked: Asked) -> Indeterminate:
    return Indeterminate(words.ANSWER_LOST, asked.says(f"{seen}; {LOOK_FIRST}"))


def _said(failure: Answered) -> str:
    said = ArrayText.parse(failure.text).whole
    return f"HTTP {failure.status}: {said}" if said else f"HTTP {failure.status} without a message"


def _retry_after(failure: Answered) -> float | None:
    """Seconds to wait, where the array names them; a date is not used, because it would be read with another clock."""
    for header in ("retry-after", "ratelimit-reset"):
        if re.fullmatch(r"[0-9]{1,6}", value := failure.headers.get(header, "").strip()):
            return float(value)
    return None
