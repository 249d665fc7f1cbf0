"""What is explored: how many requests, and how much trouble; and with which trouble each planted bug is hunted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from explore.planted import planted
from explore.search import Found, explore
from explore.state import Budget, initial


@dataclass(frozen=True, slots=True)
class Setting:
    """One exploration."""

    requests: int
    budget: Budget
    explicit: bool = True


CASES = {
    # small enough to be explored to its end: there every state is known to have a way to an end
    "one request, every state": Setting(1, Budget(crashes=1, losses=1, schedules=1, cancels=1)),
    "one request, a restarted SMS and failing syncs": Setting(
        1, Budget(crashes=0, losses=1, schedules=0, cancels=0, forgets=1, errors=1), explicit=False
    ),
    "one request on a group that somebody prepares": Setting(
        1, Budget(crashes=1, losses=0, schedules=1, cancels=0, prepares=1)
    ),
    "one request beside strangers, in a process that is stopped": Setting(
        1, Budget(crashes=0, losses=1, schedules=1, cancels=0, strangers=1, stalls=1)
    ),
    "one request that another process takes over": Setting(
        1, Budget(crashes=0, takeovers=1, losses=1, schedules=1, cancels=1)
    ),
    "two requests": Setting(2, Budget(crashes=1, losses=1, schedules=1, cancels=1)),
    "two requests with derived names, and another process": Setting(
        2, Budget(crashes=0, takeovers=1, losses=1, schedules=1, cancels=1), explicit=False
    ),
}

HUNTS = {
    "push before pending": Setting(1, Budget(crashes=0, losses=0, schedules=1, cancels=0)),
    "suffix with an attempt in it": Setting(1, Budget(crashes=0, losses=1, schedules=1, cancels=0)),
    "credit by something newer": Setting(1, Budget(crashes=0, losses=0, schedules=1, cancels=0)),
    "no turn per group": Setting(2, Budget(crashes=0, losses=0, schedules=0, cancels=0)),
    "adopt without looking": Setting(1, Budget(crashes=0, losses=0, schedules=0, cancels=0, strangers=1)),
    "a late push in the baseline": Setting(1, Budget(crashes=1, losses=1, schedules=1, cancels=0)),
}
_HUNT = 200_000


def explored(name: str, most: int, *, tell: Callable[[str], None] = lambda _: None) -> Found:
    """The real decisions in one of the cases."""
    setting = CASES[name]
    return explore(initial(setting.requests, setting.budget, explicit=setting.explicit), most, tell=tell)


def hunted(bug: str, most: int = _HUNT) -> Found:
    """The decisions with a planted bug; it is found if the result is not `well`."""
    setting = HUNTS[bug]
    with planted(bug):
        return explore(initial(setting.requests, setting.budget, explicit=setting.explicit), most)
