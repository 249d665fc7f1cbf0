"""Wait for something to become true by looking again and again, with a deadline that says what was seen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Seen = TypeVar("Seen")


def eventually(
    look: Callable[[], Seen],
    *,
    what: str,
    until: Callable[[Seen], object] = bool,
    timeout: float = 60,
    every: float = 0.1,
) -> Seen:
    """Call ``look`` until ``until(seen)`` is true and return what was seen.

    Raises TimeoutError after ``timeout`` seconds, naming ``what`` was waited for and what was seen last. Looks at once,
    then every ``every`` seconds; an exception of ``look`` passes through.
    """
    deadline = time.monotonic() + timeout
    while True:
        seen = look()
        if until(seen):
            return seen
        if time.monotonic() >= deadline:
            raise TimeoutError(f"waited {timeout:g} s for {what}; last seen: {str(seen)[:500]}")
        time.sleep(every)
