"""What is said of a sync that a request left armed when it ended."""

from __future__ import annotations

from vvol_replication.api.group import ArmedSync


def what_lands(armed: ArmedSync) -> str:
    """What will end it, as far as that is known, in a sentence."""
    if armed.snapshot is not None:
        return (
            f"That request had pushed snapshot {armed.snapshot}. The sync ends when this snapshot or other data lands. "
            "Nothing to do while that transfer goes on."
        )
    return (
        "No data of that request is known to be on its way. Other data must land first: by the array's schedule, by "
        "hand, or by a ReplicationSync without pointInTimeName."
    )
