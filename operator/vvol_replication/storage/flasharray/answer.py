"""What an array answered to one HTTP request, before it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from .failures import Answered, Unreadable

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of an answer. A row of a snapshot has about 200."""

IDLE: Final = 4.0
"""Seconds after which a kept connection is not used again: web servers drop idle ones after 5 s and more, and a request
that crosses such an end is lost without need."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (their names without regard to case) and body; cookies where the family uses them.

    Only the status shows in a repr: headers and cookies hold the session, and a body may repeat what was sent.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The content of a success. Raises `Answered` for every other status, and `Unreadable`."""
        if self.status != HTTPStatus.OK:
            raise Answered(self.status, self.text, self.headers)
        kind = self.headers.get("Content-Type", "")
        if "application/json" not in kind:
            raise Unreadable(f"it was answered with {kind or 'content of no type'} instead of JSON")
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unreadable("the JSON of the answer is broken or cut off") from None
