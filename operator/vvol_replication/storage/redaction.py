"""Text from outside made fit for a message: without secrets (invariant 13), on one line, and not endless.

Endpoints, and proxies before them, echo what they were sent. So where a text from outside (a fault's message, an error
body, a status line, an exception's text, a name) becomes part of a message, it goes through the `Redactor` of its
connection first. Nothing looks through messages afterwards.

    secret of 8 and more characters     blacked out wherever it stands
    shorter secret                      blacked out as a whole word only: `svc` stays in `svcadmin`
    user name                           no secret: it stays
    session id, token of a session      a secret, from the moment that the endpoint gave it
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

LONGEST: Final = 300
"""Characters of foreign text that a message may hold, where nothing else is said."""

_BLACKED_OUT: Final = "***"
_SHORT: Final = 8
"""A secret of fewer characters may well be a part of an innocent word."""
_REMEMBERED: Final = 64
"""Sessions: more than one connection has at once, with those that ended a while ago."""


class SessionSecrets:
    """Session ids and tokens that one endpoint gave us lately: as good as passwords while they live. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: deque[str] = deque(maxlen=_REMEMBERED)

    def add(self, secret: str | None) -> None:
        """Remember one; None and an empty one are none."""
        with self._lock:
            if secret and secret not in self._known:
                self._known.append(secret)

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(tuple(self._known))


class Redactor:
    """What the messages of one connection must not repeat. Thread-safe; nothing of it shows in a repr.

    `secret` is the password or token of the connection, `username` who logs in with it: HTTP's Basic authentication
    makes one text of the two. `longest` is how many characters of a text from outside a message may hold.
    """

    def __init__(self, secret: str, *, username: str | None = None, longest: int = LONGEST) -> None:
        self._longest = longest
        self.sessions = SessionSecrets()
        """To which each session id and token that the endpoint gives is added."""
        self._own = _spellings(secret)
        if secret and username is not None:
            self._own |= _encoded(f"{username}:{secret}")
        self._compiled: tuple[tuple[str, ...], re.Pattern[str] | None] = ((), _pattern(self._own))

    def redacted(self, text: str) -> str:
        """The text with every secret blacked out, also as URLs, JSON, XML and base64 spell it."""
        sessions = tuple(self.sessions)
        known, pattern = self._compiled
        if known != sessions:
            pattern = _pattern(self._own.union(*map(_spellings, sessions)))
            self._compiled = (sessions, pattern)
        return text if pattern is None else pattern.sub(_BLACKED_OUT, text)

    def quoted(self, text: object) -> str:
        """Text from outside, fit for a message: redacted before it is cut, since half a secret is one still."""
        return one_line(self.redacted(str(text or "")), self._longest)


def one_line(text: str, longest: int = LONGEST) -> str:
    """The text on one line, printable, cut to `longest` characters. It still says whatever it says: see `quoted`."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


_Spelling = tuple[str, bool]
"""A text, and whether it counts as a whole word only."""


def _spellings(secret: str) -> frozenset[_Spelling]:
    """How a secret may come back."""
    if not secret.strip():
        return frozenset()
    escaped = html.escape(secret)
    urls = {quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace")}
    texts = {
        secret,
        " ".join(secret.split()),
        *urls,
        *(re.sub("%..", lambda byte: byte[0].lower(), url) for url in urls),
        html.escape(secret, quote=False),
        escaped,
        escaped.replace("&#x27;", "&apos;"),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        ascii(secret)[1:-1],
    }
    return _whole_if_short(secret, texts) | _encoded(secret)


def _encoded(secret: str) -> frozenset[_Spelling]:
    """A secret in base64, without the signs that fill it up."""
    raw = secret.encode(errors="replace")
    texts = {encode(raw).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode)}
    return _whole_if_short(secret, texts)


def _whole_if_short(secret: str, texts: set[str]) -> frozenset[_Spelling]:
    return frozenset((text, min(len(secret), len(text)) < _SHORT) for text in texts)


def _pattern(spellings: Iterable[_Spelling]) -> re.Pattern[str] | None:
    """One expression for all: of two that begin at the same place the longer one is found."""
    longest_first = sorted(spellings, key=lambda spelling: len(spelling[0]), reverse=True)
    choices = [rf"(?<!\w){re.escape(text)}(?!\w)" if whole else re.escape(text) for text, whole in longest_first]
    return re.compile("|".join(choices)) if choices else None
