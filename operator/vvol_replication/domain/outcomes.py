"""How every storage call ends: `Done | Refused | Unavailable | Indeterminate`. Adapters return these, never raise.

    Outcome[T]
    ├── Done(value)               the endpoint did it and said so
    ├── Refused(reason, message)  the endpoint answered, and the answer is no: nothing was changed
    ├── Unavailable(reason, …)    nothing was changed, asking later may help: not reached, busy, logged out
    └── Indeterminate(reason, …)  a *mutating* call whose answer was lost or unreadable: look, never repeat blindly

A read never ends `Indeterminate`. `reason` is a word of the API's reason catalogue, `message` one line for people,
without secrets, addresses' credentials, tracebacks or reprs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Done(Generic[T_co]):
    """The call succeeded; `value` is what it brought."""

    value: T_co


@dataclass(frozen=True, slots=True)
class Refused:
    """The endpoint answered, and the answer is no: nothing was changed."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The endpoint could not be asked, or asks to be asked later: after `retry_after` seconds, where it said when."""

    reason: str
    message: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Indeterminate:
    """A mutating call that may or may not have taken effect."""

    reason: str
    message: str


Outcome = Done[T_co] | Refused | Unavailable | Indeterminate
