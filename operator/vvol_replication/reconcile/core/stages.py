"""A request's way as an ordered list of stages: each looks, and decides or lets the request pass on to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from .steps import Decided, StatusT

ContextT = TypeVar("ContextT")

Stage = Callable[[ContextT], Decided[StatusT] | None]
"""Takes the request at one moment. None: nothing in the way here."""


def first_decision(stages: Iterable[Stage[ContextT, StatusT]], context: ContextT) -> Decided[StatusT] | None:
    """The decision of the first stage that makes one; None where all let the request pass."""
    return next((made for stage in stages if (made := stage(context)) is not None), None)
