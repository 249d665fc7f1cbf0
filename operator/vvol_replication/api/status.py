"""What every status has in common: how it is read and written, and when a request counts as ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from . import conditions as conditions_
from . import wire
from .conditions import Condition


class Phase(StrEnum):
    """One word for people, for a column of `kubectl get`. Programs read the conditions."""

    PENDING = "Pending"
    WAITING = "Waiting"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"
    MISSED = "Missed"


ENDED_PHASES = (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED, Phase.EXPIRED, Phase.MISSED)
"""The phases of what has ended. Whether it has is told by `has_ended`."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the operator says of an object."""

    _never_ignored: ClassVar[frozenset[str]] = frozenset()

    observed_generation: int = -1
    conditions: tuple[Condition, ...] = ()

    @classmethod
    def parse(cls, status: object) -> Self:
        """Read `status`. What cannot be read counts as absent, but for a request's ledger.

        Raises:
            SpecError: if a request's `operation` is there and malformed: acting without it might push or prepare twice.
        """
        return cls(**cls._read(status if isinstance(status, Mapping) else {}))

    @classmethod
    def _read(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The constructor's arguments."""
        found = wire.read_fields(cls, raw, "status", strict=cls._never_ignored)
        return found | {"conditions": conditions_.from_json(raw.get("conditions"))}

    def to_json(self) -> dict[str, Any]:
        """The whole of `status`, as written to the API server. What is empty is left out."""
        written: dict[str, Any] = wire.to_json(self)
        return written


@dataclass(frozen=True, slots=True)
class RequestStatus(Status):
    """What is known of a one-shot request. Times, never ages. `finished_at`: it has ended, and says so."""

    _never_ignored: ClassVar[frozenset[str]] = frozenset({"operation"})

    phase: Phase | None = None
    accepted_at: datetime | None = None
    deadline: datetime | None = None
    finished_at: datetime | None = None

    @classmethod
    def _read(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        # No zero-argument super(): the class that it would look for is not the one that slots make.
        found = super(RequestStatus, cls)._read(raw)
        return found if has_ended(raw) else found | {"finished_at": None}


def has_ended(status: Mapping[str, Any]) -> bool:
    """Is this the status of a request that has ended? Its time and its condition say so, or it does not count.

    An acceptance that comes late, from a process that stood still, overwrites the conditions and leaves the time.
    """
    conditions = status.get("conditions") if status.get("finishedAt") else None
    return isinstance(conditions, list) and any(
        isinstance(one, Mapping) and one.get("type") == "Finished" and one.get("status") == "True" for one in conditions
    )


def in_flight(status: Mapping[str, Any]) -> bool:
    """Is this the status of a request that was accepted and has not ended?"""
    return bool(status.get("acceptedAt")) and not has_ended(status)
