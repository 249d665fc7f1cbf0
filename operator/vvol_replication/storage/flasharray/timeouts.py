"""How long an array may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """In seconds: to connect, between two pieces of an answer, and for a whole call with all that it needs first."""

    connect: float = 5.0
    read: float = 30.0
    call: float = 45.0
    logout: float = 3.0
