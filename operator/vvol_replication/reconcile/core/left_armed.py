"""What is said of a sync that a request left armed when it ended."""

from __future__ import annotations

from vvol_replication.api.group import ArmedSync


def what_lands(armed: ArmedSync) -> str:
    """What will end it, as far as that is known, in a sentence."""
    if armed.snapshot is not None:
        return (
            f"That request had pushed snapshot {armed.snapshot}: when it lands, or other data before it, the sync has "
            "ended. Nothing is to be done while that transfer goes on."
        )
    return (
        "No data of that request is known to be on its way. Something has to land first: the array's schedule, a "
        "replication by hand, or a ReplicationSync without pointInTimeName."
    )
