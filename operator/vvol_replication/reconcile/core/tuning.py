"""The few numbers that decisions depend on, in one place, so that tests and exploration can shrink them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from vvol_replication.api.sync import DEFAULT_RETRY_LIMIT, DEFAULT_TIMEOUT


@dataclass(frozen=True, slots=True)
class Tuning:
    """Times and limits of the decisions. All have effective defaults; none is written into a user's `spec`."""

    timeout: timedelta = DEFAULT_TIMEOUT
    """Counted from the request's turn on its group, where `spec.timeout` is absent."""
    retry_limit: int = DEFAULT_RETRY_LIMIT
    """Consecutive refusals of one mutating step before the request ends, where `spec.retryLimit` is absent."""
    fresh: timedelta = timedelta(seconds=10)
    """Older readings are taken again before anything is decided on them (invariant 7: roles are read right before)."""
    settle: timedelta = timedelta(seconds=15)
    """How long two systems may take to agree: a landing to be listed, a late request to arrive."""
    backoff_first: timedelta = timedelta(seconds=1)
    backoff_most: timedelta = timedelta(seconds=60)
    look_again: timedelta = timedelta(seconds=2)
    """Between two looks for something that is expected at any moment."""
    task_every: timedelta = timedelta(seconds=30)
    """A sync task is asked at least this often while its transfer runs, and few transfers do."""
    task_spacing: timedelta = timedelta(seconds=2)
    """Between two such looks, whosever they are: SMS tells of one task a call, and its cost must not grow with requests
    (invariant 14). What lands makes a task worth asking at once, however many there are."""
    poller_silent: timedelta = timedelta(seconds=90)
    """A poller that delivered nothing for so long is not waited for: the request reads for itself."""
    older_every: timedelta = timedelta(seconds=5)
    """Between two looks at an older transfer, or a stranger's sync, that is waited for."""
    stalled: timedelta = timedelta(minutes=5)
    """A transfer under way that has not moved for so long counts as stalled."""
    recent_skew: timedelta = timedelta(minutes=1)
    """An array whose clock differs by more from ours proves nothing about how old a point in time is (`maxAge`)."""
    lease: timedelta = timedelta(seconds=15)
    longest_call: timedelta = timedelta(seconds=60)
    """For so long together may another process still act after this one took over: intents that it left unanswered
    are looked at after that. They have to be no shorter than the elector's lease and the adapters' deadlines."""
    most_armings: int = 8
    """A sync that was credited to something else is armed again at most this often."""

    def among(self, followed: int) -> Tuning:
        """This tuning where so many transfers are followed at once: tasks are asked less often then."""
        every = max(self.task_every, followed * self.task_spacing)
        return self if every == self.task_every else replace(self, task_every=every)

    def backoff(self, failures: int, jitter: float) -> timedelta:
        """Delay after the n-th consecutive failure (n ≥ 1): doubling, capped, jittered down by up to half."""
        delay = min(self.backoff_first * 2 ** min(failures - 1, 16), self.backoff_most)
        shortened: timedelta = delay * (1 - jitter / 2)
        return shortened
