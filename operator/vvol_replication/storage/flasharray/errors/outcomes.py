"""Failures of calls as outcomes. Pure: a table of what was seen, what it proves, and what to tell people.

A status in the 400s is the array's no: nothing was changed. Where a mutating call was sent and its answer is missing,
unreadable or a 5xx, nothing is proved: `Indeterminate`. The array's own words are always passed on.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field, replace
from http import HTTPStatus
from typing import Final

from vvol_replication.domain.outcomes import Indeterminate, Refused, Unavailable
from vvol_replication.storage import reasons
from vvol_replication.storage.moments import moment_in
from vvol_replication.storage.redaction import Redactor

from . import refusals, transport
from .array_text import ArrayText
from .failures import (
    IDENTITY,
    LOGIN,
    VERSION,
    Answered,
    BeforeTheCall,
    CallFailed,
    HeldOff,
    IdentityDiffers,
    LockedOut,
    LookFailed,
    Missing,
    NoCommonVersion,
    NotAsked,
    NotReached,
    retry_after,
)

_FIRST: Final = {
    LOGIN: "first step: login",
    VERSION: "first step: read its REST versions",
    IDENTITY: "first step: read its name and id",
}

LOOK_FIRST: Final = "The array may have done it anyway. Look there before you ask again."

_CLIENT_ERRORS: Final = range(400, 500)
_ARRAYS: Final = frozenset({400, 401, 403, 404, 429, 450})
"""The statuses in the 400s that arrays use: these are theirs, in whatever form they come."""

Failed = Refused | Unavailable | Indeterminate


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of which array: begins every message, and says whether a lost answer leaves a doubt."""

    address: str
    what: str
    mutating: bool = False
    _: KW_ONLY
    redactor: Redactor = field(repr=False, compare=False)

    def says(self, seen: str) -> str:
        """One line: which array, which call, what was seen; whatever came from outside was quoted before."""
        return f"FlashArray {self.address}: {self.what}: {' '.join(seen.split())}"

    def quote(self, text: object) -> str:
        """Text from outside, fit for a message: without secrets, on one line, and not endless."""
        return self.redactor.quoted(text)


def outcome(failure: CallFailed, asked: Asked) -> Failed:
    """What a failed call means for whoever asked."""
    match failure:
        case BeforeTheCall(step=step, cause=cause):
            return _before(step, cause, replace(asked, what=f"{asked.what} ({_FIRST[step]})", mutating=False))
        case NotReached():
            return _not_reached(failure, asked)
        case Answered():
            return _answered(failure, asked)
        case NotAsked() | HeldOff() | LockedOut():
            return _not_asked(failure, asked)
        case Missing() | IdentityDiffers() | NoCommonVersion():
            return _refused(failure, asked)
        case LookFailed(said=said, cause=cause):
            return _look_failed(said, cause, asked)
    return _unreadable(f"{asked.quote(failure)}. Check that a FlashArray answers at this address.", asked)


def _not_asked(failure: NotAsked | HeldOff | LockedOut, asked: Asked) -> Unavailable:
    match failure:
        case NotAsked():
            return Unavailable(failure.reason, asked.says(f"{failure.why}."))
        case HeldOff(left=left):
            why = f"not asked, because the array asks for no calls before {moment_in(left)}."
            return Unavailable(reasons.ENDPOINT_BUSY, asked.says(why), left)
    return Unavailable(
        reasons.LOGIN_FAILED,
        asked.says(
            "not asked, because the login failed three times. Correct apiToken in the Secret. Until it changes, no "
            f"login is tried before {moment_in(failure.left)}."
        ),
    )


def _refused(failure: Missing | IdentityDiffers | NoCommonVersion, asked: Asked) -> Refused:
    match failure:
        case Missing():
            reason = refusals.PROTECTION_GROUP_NOT_FOUND
            said = f"the array has no protection group {failure}.{refusals.advice(reason)}"
            return Refused(reason, asked.says(said))
        case NoCommonVersion(wanted=wanted, offered=offered):
            said = f"{wanted} is needed, the array offers {_ranges(offered)}. See spec.restVersion."
            return Refused(reasons.NOT_SUPPORTED, asked.says(said))
    return Refused(
        reasons.IDENTITY_CHANGED,
        asked.says(
            f"another array answers here: its id is {asked.quote(failure.seen)}, it was {asked.quote(failure.pinned)}. "
            "Nothing was sent to it. Correct the address, or create a new FlashArray object for the new array."
        ),
    )


def _before(step: str, cause: CallFailed, asked: Asked) -> Failed:
    if step == VERSION and isinstance(cause, Answered) and cause.status == HTTPStatus.UNAUTHORIZED:
        return _not_from_an_array(cause, asked)  # an array tells its versions without a login
    if step != LOGIN or not isinstance(cause, Answered):
        return outcome(cause, asked)
    said = _said(cause, asked)
    if refusals.too_many_sessions(cause):
        seen = f"the array has no room for another session ({said}). End some sessions there. It is asked again."
        return Unavailable(reasons.ENDPOINT_BUSY, asked.says(seen))
    if refusals.login_refused(cause):
        seen = f"the array refuses the API token ({said}). Put a valid one into apiToken of the Secret."
        return Unavailable(reasons.LOGIN_FAILED, asked.says(seen))
    return outcome(cause, asked)


def _look_failed(said: str, cause: CallFailed, asked: Asked) -> Failed:
    """Nothing was changed by the push; why the look failed says when to ask again."""
    look = outcome(cause, replace(asked, mutating=False))
    return Unavailable(
        look.reason if isinstance(look, Unavailable) else reasons.ANSWER_UNREADABLE,
        asked.says(f"the array answers {said!r}, but it could not be read whether that snapshot is destroyed."),
        look.retry_after if isinstance(look, Unavailable) else None,
    )


def _ranges(offered: tuple[str, ...]) -> str:
    """Versions in short: `1.0 to 1.19 and 2.0 to 2.26`."""
    families: dict[str, list[int]] = {}
    for version in offered:
        major, _, minor = version.partition(".")
        if major.isdecimal() and minor.isdecimal():
            families.setdefault(major, []).append(int(minor))
    spans = [
        f"{major}.{min(minors)}" + (f" to {major}.{max(minors)}" if len(minors) > 1 else "")
        for major, minors in families.items()
    ]
    return " and ".join(spans) or "no version at all"


def _not_reached(failure: NotReached, asked: Asked) -> Failed:
    if not failure.sent and transport.cannot_be_written(failure.cause):
        seen = "not sent, because the request cannot be written with what the array gave"
        return Unavailable(reasons.ANSWER_UNREADABLE, asked.says(f"{seen}. Check that a FlashArray answers there."))
    reason, seen = transport.explain(failure.cause, asked.redactor)
    if asked.mutating and failure.sent:
        return _lost(seen, asked)
    return Unavailable(reason, asked.says(seen))


def _answered(failure: Answered, asked: Asked) -> Failed:
    status, said = failure.status, asked.says(f"the array answers {_said(failure, asked)}.")
    if failure.is_page and status in _CLIENT_ERRORS and status not in _ARRAYS:
        return _not_from_an_array(failure, asked)
    if (reason := refusals.refusal_reason(failure)) is not None:
        return Refused(reason, f"{said}{refusals.advice(reason)}")
    if status == HTTPStatus.UNAUTHORIZED:
        return Unavailable(
            reasons.LOGIN_FAILED,
            f"{said} It did so twice, although the login succeeded. Check the token's user and the array's sessions.",
        )
    if status == HTTPStatus.FORBIDDEN:
        return Refused(
            reasons.PERMISSION_DENIED,
            f"{said}{refusals.advice(reasons.PERMISSION_DENIED)}",
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in failure.headers
    ):
        seconds = retry_after(failure.headers)
        when = f" not before {moment_in(seconds)}, as it wishes" if seconds else ""
        return Unavailable(reasons.ENDPOINT_BUSY, f"{said} It is asked again{when}.", seconds)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        if asked.mutating:
            return _lost(f"the array answers {_said(failure, asked)}.", asked)
        busy = status == HTTPStatus.SERVICE_UNAVAILABLE or "is busy" in said.lower()
        return Unavailable(reasons.ENDPOINT_BUSY if busy else reasons.ENDPOINT_FAULT, f"{said} It is asked again.")
    if status < HTTPStatus.BAD_REQUEST:
        return _unreadable(f"it was answered with a redirection or another unexpected status (HTTP {status}).", asked)
    if status == HTTPStatus.NOT_FOUND:
        return Refused(
            reasons.NOT_SUPPORTED, f"{said} Check that spec.address is the management address of a FlashArray."
        )
    return Refused(refusals.ARRAY_REFUSED, said)


def _not_from_an_array(failure: Answered, asked: Asked) -> Unavailable:
    """A no that is not the array's: nothing was done, and nothing is known of what it would say."""
    seen = f"the answer is {_said(failure, asked)}, and not from a FlashArray. Check spec.address, and that no proxy"
    return Unavailable(reasons.ANSWER_UNREADABLE, asked.says(f"{seen} answers for it."))


def _unreadable(seen: str, asked: Asked) -> Failed:
    if asked.mutating:
        return _lost(seen, asked)
    return Unavailable(reasons.ANSWER_UNREADABLE, asked.says(seen))


def _lost(seen: str, asked: Asked) -> Indeterminate:
    return Indeterminate(reasons.ANSWER_LOST, asked.says(f"{seen} {LOOK_FIRST}"))


def _said(failure: Answered, asked: Asked) -> str:
    said = asked.quote(ArrayText.parse(failure.text).whole).rstrip(".")
    return f"HTTP {failure.status}: {said}" if said else f"HTTP {failure.status} without a message"
