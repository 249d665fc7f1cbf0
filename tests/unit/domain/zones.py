"""Time zones for tests: what the locked package says of them, whatever the machine has."""

from __future__ import annotations

import contextlib
import zoneinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """No zones but those of the package tzdata."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()
