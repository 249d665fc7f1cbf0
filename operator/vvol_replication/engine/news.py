"""What the parts of the engine tell it: one kind of notification, which goes one way, upward."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from vvol_replication.api.objects import ObjectRef

GroupKey = tuple[str, str]
"""Namespace and name of a ReplicationGroup."""


@dataclass(frozen=True, slots=True)
class EndpointChanged:
    """What is known of a VCenter or FlashArray has changed: groups may stand for something else now."""


@dataclass(frozen=True, slots=True)
class EndpointBack:
    """A VCenter or FlashArray that could not be read, or never was, has just been read: who waits for it may ask."""

    ref: ObjectRef


@dataclass(frozen=True, slots=True)
class VCenterRead:
    """A VCenter has just been read, by its object's name, and what it said is known to all."""

    name: str


@dataclass(frozen=True, slots=True)
class GroupsChanged:
    """Requests that wait for these groups have to look again. `keys` None: for any group."""

    keys: frozenset[GroupKey] | None


@dataclass(frozen=True, slots=True)
class SchedulesChanged:
    """The schedules of a group let at most so much time pass between two points in time; None: there are none."""

    key: GroupKey
    longest: timedelta | None


@dataclass(frozen=True, slots=True)
class MonitorEnded:
    """Nothing is left to keep the status of.

    Either a write found the object gone, whose deletion came while the watch was down and is not shown any more; or
    what is kept can change no more.
    """

    ref: ObjectRef


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The API server held the status `before`, and holds `after` now. `ours`: because the engine wrote it."""

    ref: ObjectRef
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    ours: bool


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """A call of a request may have changed something, and its answer did not come. `status` is the request's."""

    ref: ObjectRef
    status: Mapping[str, Any]
    message: str


@dataclass(frozen=True, slots=True)
class RequestFinished:
    """A reconciler has come to its end, whether or not its request has. `run` tells apart two of one request."""

    ref: ObjectRef
    run: int


News = (
    EndpointChanged
    | EndpointBack
    | VCenterRead
    | GroupsChanged
    | SchedulesChanged
    | MonitorEnded
    | StatusChanged
    | AnswerLost
    | RequestFinished
)
Notify = Callable[[News], None]
"""Called on the event loop; returns at once."""
