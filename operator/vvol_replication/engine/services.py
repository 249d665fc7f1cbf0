"""What everything in the engine works with: the outside, through its ports, and the way to tell news."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .news import Notify
from .ports import Clock, Cluster, Connector, Meter, Pace
from .waiting import backoff


@dataclass(frozen=True, slots=True)
class Services:
    """Made once, by the engine."""

    cluster: Cluster
    connector: Connector
    clock: Clock
    pace: Pace
    notify: Notify
    leading: Callable[[], bool]
    """Checked before each mutating call: does this process still hold the Lease?"""
    meter: Meter | None = None
    """Counts; None: nobody does."""
    require_allowed_addresses: bool = False
    """Is a Secret sent only if it says where it may be sent to?"""
    put_back: Callable[[], None] = lambda: None
    """The API server holds an object older than it has shown it: its storage was restored from a backup."""

    def until_next_write(self, failures: int) -> float:
        """Seconds before the API server is asked about one object again, after 1 or more failures in a row."""
        return backoff(self.pace.write_retry_first, self.pace.write_retry_most, failures, self.clock.jitter())

    def until_next_list(self, failures: int) -> float:
        """The same, before it is asked for a list, or to delete."""
        return backoff(self.pace.listing_retry_first, self.pace.listing_retry_most, failures, self.clock.jitter())
