"""Session ids and tokens that endpoints gave us lately: as good as passwords while they live, and told to nobody."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Final

_REMEMBERED: Final = 64
"""More than one port has at once, with those that ended a while ago."""


class Whispers:
    """The last ones of one endpoint. Thread-safe; nothing of it shows in a repr."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: deque[str] = deque(maxlen=_REMEMBERED)

    def add(self, text: str | None) -> None:
        """Remember one; an empty one is none."""
        with self._lock:
            if text and text not in self._known:
                self._known.append(text)

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(tuple(self._known))
