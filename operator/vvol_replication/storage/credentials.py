"""What a Secret holds, as it can be shown to an endpoint; or why it cannot, before anything is sent.

Values come out of files and editors, which end them with a line break, begin them with a byte order mark or save them
in an encoding of their own. White space around a token or a user name cannot be meant, and is taken off. A password is
its owner's: nothing of it is guessed, and one that nobody can have typed is refused in words.

No message repeats anything of a value (invariant 13).
"""

from __future__ import annotations

import unicodedata
from typing import Final

from vvol_replication.domain.outcomes import Refused

from . import reasons

_BYTE_ORDER_MARK: Final = "\ufeff"
_LINE_BREAKS: Final = ("\n", "\r")
_NO_CHARACTERS: Final = frozenset("\ufffe\uffff")
"""Beside control characters, what XML cannot carry."""


def api_token(secret_name: str, value: str) -> str | Refused:
    """The token of a FlashArray. It goes into a header of HTTP, and is letters, digits and signs of ASCII."""
    token = value.strip()
    problem = _problem(token)
    if problem is None and not is_header_value(token):
        problem = "contains a blank or a character that is not ASCII, which no API token has"
    return token if problem is None else _refused(secret_name, "apiToken", problem)


def username(secret_name: str, value: str) -> str | Refused:
    """A user of a vCenter, in any script."""
    name = value.strip()
    problem = _problem(name)
    return name if problem is None else _refused(secret_name, "username", problem)


def password(secret_name: str, value: str) -> str | Refused:
    """A password of a vCenter, exactly as it is."""
    problem = "ends with a line break, which no password has" if value.endswith(_LINE_BREAKS) else _problem(value)
    return value if problem is None else _refused(secret_name, "password", problem)


def is_header_value(text: str) -> bool:
    """Can it be sent as one word in a header of HTTP?"""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _problem(value: str) -> str | None:
    """Why this can be no credential of any kind."""
    if not value:
        return "is empty or has only white space"
    if any("\ud800" <= char <= "\udfff" for char in value):
        return "is not UTF-8 text"
    if value.startswith(_BYTE_ORDER_MARK):
        return "begins with a byte order mark, which some editors add"
    if any(unicodedata.category(char) == "Cc" or char in _NO_CHARACTERS for char in value):
        return "contains a control character, for example a line break or a tab"
    return None


def _refused(secret_name: str, key: str, problem: str) -> Refused:
    return Refused(
        reasons.SECRET_VALUE_INVALID,
        f"Secret {secret_name!r}: the value of {key!r} {problem}. Nothing was sent. Write the value again, "
        "as UTF-8 and without a line break (use printf '%s', not echo).",
    )
