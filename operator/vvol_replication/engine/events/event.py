"""One Kubernetes event, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass

LAST = 255
"""The `order` of what is told after all else."""


@dataclass(frozen=True, slots=True)
class Event:
    """`warning`: of type Warning, not Normal. `once`: of those with the same one for the same object there is one ever.

    An empty `once` makes another event each time. `order`, 0 to 255: where it stands among events of one second.
    """

    warning: bool
    reason: str
    message: str
    once: str = ""
    order: int = LAST
