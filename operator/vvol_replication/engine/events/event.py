"""One Kubernetes event, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """`warning`: of type Warning, not Normal. `once`: of those with the same one for the same object there is one ever.

    An empty `once` makes another event each time.
    """

    warning: bool
    reason: str
    message: str
    once: str = ""
