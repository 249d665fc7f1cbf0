"""Why a page cannot be made now."""

from __future__ import annotations


class UnmadeError(Exception):
    """What a page shows was not recorded yet; the message says which command records it."""
