"""What is said of a request that waits for another one's turn."""

from __future__ import annotations

from .promises import THIS_ONE

FROM_BEFORE = "the requests from before the restart"
"""Whom a request waits for while it is not known who had the turn."""


def waits_behind(other: str) -> str:
    """`other`: namespace and name of the request that has the turn, or `FROM_BEFORE`."""
    whom = other if other == FROM_BEFORE else f"request {other!r}"
    return f"Waiting for {whom}: only one request at a time may act on a protection group.{THIS_ONE}"
