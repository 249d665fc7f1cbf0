"""What is said of a sync that a request left armed when it ended."""

from __future__ import annotations

from vvol_replication.api.group import ArmedSync


def what_lands(armed: ArmedSync, then: str = "this request goes on by itself") -> str:
    """What will end it, as far as that is known, in a sentence; `then`: what happens when data lands."""
    if armed.snapshot is not None:
        return (
            f"ReplicationSync {armed.request!r} had pushed snapshot {armed.snapshot} before it ended. When that "
            f"snapshot or other data lands, {then}. Nothing to do while the transfer runs."
        )
    return (
        f"ReplicationSync {armed.request!r} has no data on its way, as far as is known. Other data must land first: by "
        "the array's schedule, by hand, or by a ReplicationSync without pointInTimeName."
    )
