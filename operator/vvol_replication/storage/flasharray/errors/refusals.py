"""What an array's words for a refusal mean: one table for both REST families.

The texts are matched without regard to case and only together with status 400 (docs/facts/flasharray.md#errors). What
is missing may also come as 404, as it does elsewhere: then the array's own error has to say so, for any other 404 is of
a path that is not offered.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from vvol_replication.storage import reasons
from vvol_replication.storage.redaction import Redactor

from .array_text import ArrayText
from .failures import Answered, CallFailed

PROTECTION_GROUP_NOT_FOUND: Final = "ProtectionGroupNotFound"
PROTECTION_GROUP_DESTROYED: Final = "ProtectionGroupDestroyed"
SNAPSHOT_LIMIT_REACHED: Final = "SnapshotLimitReached"
ARRAYS_NOT_CONNECTED: Final = "ArraysNotConnected"
TARGET_NOT_ALLOWED: Final = "TargetNotAllowed"
ARRAY_REFUSED: Final = "ArrayRefused"

_LOGIN_REFUSED: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_LIMITS: Final = ("limit reached", "limit exceeded", "limit has been reached", "maximum number")
_GONE: Final = ("has been destroyed", "pending eradication", "is destroyed")

_REASONS: Final = (
    *((text, SNAPSHOT_LIMIT_REACHED) for text in _LIMITS),
    ("not connected", ARRAYS_NOT_CONNECTED),
    *((text, PROTECTION_GROUP_DESTROYED) for text in _GONE),
    ("does not exist", PROTECTION_GROUP_NOT_FOUND),
    ("could not be found", PROTECTION_GROUP_NOT_FOUND),
    ("permission", reasons.PERMISSION_DENIED),
    ("privilege", reasons.PERMISSION_DENIED),
    ("not permitted", reasons.PERMISSION_DENIED),
    ("not authorized", reasons.PERMISSION_DENIED),
    ("no allowed target", TARGET_NOT_ALLOWED),
    ("not allowed on", TARGET_NOT_ALLOWED),
    ("not allowed by", TARGET_NOT_ALLOWED),
    ("disallowed", TARGET_NOT_ALLOWED),
    ("in a pod", reasons.NOT_SUPPORTED),
)
"""The first that is in the text counts."""

_MISSING: Final = frozenset({PROTECTION_GROUP_NOT_FOUND, PROTECTION_GROUP_DESTROYED})

_ADVICE: Final = {
    SNAPSHOT_LIMIT_REACHED: "Eradicate destroyed snapshots, which count too, or shorten the retention.",
    ARRAYS_NOT_CONNECTED: "Repair the array connection.",
    PROTECTION_GROUP_DESTROYED: "Recover the protection group on the array.",
    PROTECTION_GROUP_NOT_FOUND: "Restore the protection group, or correct its name.",
    reasons.PERMISSION_DENIED: "The token's user needs the role storage_admin on a source array, readonly on a target.",
    TARGET_NOT_ALLOWED: "Allow the protection group on its target array.",
    reasons.NOT_SUPPORTED: "Pods replicate by other means. Use a protection group outside of pods.",
}


def refusal_reason(failure: CallFailed) -> str | None:
    """The reason word of a logical refusal (status 400); `None` for every other failure.

    A 404 is one too where it says that the object is missing.
    """
    said = _refusal(failure)
    if said is not None:
        return _reason(said) or ARRAY_REFUSED
    if not isinstance(failure, Answered) or failure.status != HTTPStatus.NOT_FOUND:
        return None
    said = ArrayText.parse(failure.text)
    reason = None if said.has("version") else _reason(said)
    return reason if reason in _MISSING else None


def advice(reason: str) -> str:
    """What to do about a refusal, after its text; empty where only the array's own words can tell."""
    return f" {_ADVICE[reason]}" if reason in _ADVICE else ""


def missing(failure: CallFailed) -> bool:
    """True where the array says that what was asked about is not there, or no longer."""
    return refusal_reason(failure) in _MISSING


def already_there(failure: CallFailed, suffix: str, redactor: Redactor) -> str | None:
    """The array's words where it refused a push because the snapshot is there: live, destroyed or being eradicated."""
    said = _refusal(failure)
    if said is None:
        return None
    if said.has("already exists") or (
        said.has("destroyed", "eradicat") and said.has("snapshot", suffix) and not said.has(*_LIMITS)
    ):
        return redactor.quoted(said.whole)
    return None


def says_destroyed(failure: CallFailed) -> bool:
    """True where those words say that it is destroyed; where they do not, only a look can tell."""
    said = _refusal(failure)
    return said is not None and said.has(*_GONE)


def _reason(said: ArrayText) -> str | None:
    return next((reason for text, reason in _REASONS if said.has(text)), None)


def _refusal(failure: CallFailed) -> ArrayText | None:
    if not isinstance(failure, Answered) or failure.status != HTTPStatus.BAD_REQUEST:
        return None
    return ArrayText.parse(failure.text)


def login_refused(failure: CallFailed) -> bool:
    """Did the array refuse the token itself? Too many sessions share some of its statuses (a guess)."""
    if not isinstance(failure, Answered) or failure.status not in _LOGIN_REFUSED:
        return False
    return not too_many_sessions(failure)


def too_many_sessions(failure: CallFailed) -> bool:
    """Is there no room for another session?"""
    if not isinstance(failure, Answered) or failure.status not in _LOGIN_REFUSED:
        return False
    said = ArrayText.parse(failure.text)
    return said.has("session") and said.has("limit", "maximum", "too many")
