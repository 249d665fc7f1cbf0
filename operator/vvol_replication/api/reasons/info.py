"""What the catalogue says of a reason."""

from enum import Enum
from typing import NamedTuple


class Severity(Enum):
    """How a request that comes to wait for a reason is told of in Kubernetes events."""

    PASSING = "leads on by itself soon: no event"
    NORMAL = "an event of type Normal: nobody has to do anything"
    WARNING = "an event of type Warning: somebody has to act, or it waits until its deadline"


class ReasonInfo(NamedTuple):  # kubectl-vvol loads it while somebody waits: a dataclass takes 10 ms more
    """One reason explained, for people, and what follows from it.

    Parameters:
        meaning: one line.
        retried: the operator goes on by itself, by waiting or asking again; where it is False the word is an end or a
            plain fact.
        severity: of the event that a request gets when it comes to wait for this. The event of an end is a Warning
            where the request failed, whatever its reason.
        advice: what to do next, one line.
        told_of_endpoints: a VCenter or FlashArray that is not ready for this reason gets an event, too.
    """

    meaning: str
    retried: bool
    severity: Severity
    advice: str
    told_of_endpoints: bool = False
