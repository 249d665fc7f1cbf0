"""What is said of a request that waits for another one's turn."""

from __future__ import annotations


def waits_behind(other: str) -> str:
    """`other`: namespace and name of the request that has the turn."""
    return (
        f"Waiting for request {other!r}: only one request at a time may act on a protection group. "
        "This one goes on by itself."
    )
