"""What the engine knows at a moment, as those who show it in figures ask for it.

Everything in it is copied or never changes, so that it may be read in another thread; making it costs little however
many objects there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from vvol_replication.api.names import Kind
from vvol_replication.api.status import RequestStatus

from .ports import PortMeasures

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GroupMeasures:
    """One ReplicationGroup. `status` is the stored one; `valid` is condition `Valid` of what prepared it, if known."""

    namespace: str
    name: str
    status: Json
    objective: timedelta | None
    valid: str | None


@dataclass(frozen=True, slots=True)
class EndpointMeasures:
    """One VCenter or FlashArray. `port` None: there is no session to it."""

    kind: Kind
    name: str
    status: Json
    retries: int
    clock_skew: timedelta | None
    port: PortMeasures | None


@dataclass(frozen=True, slots=True)
class RequestMeasures:
    """One request in flight, and the group that it is about."""

    kind: Kind
    namespace: str
    group: str
    status: RequestStatus


@dataclass(frozen=True, slots=True)
class ScheduleMeasures:
    """One ReplicationSchedule. `group` and `suspended` are None where its spec cannot be read."""

    namespace: str
    name: str
    group: str | None
    suspended: bool | None
    status: Json


@dataclass(frozen=True, slots=True)
class Measures:
    """All of it. `observed`: when the API server last showed an object of a kind."""

    groups: tuple[GroupMeasures, ...] = ()
    endpoints: tuple[EndpointMeasures, ...] = ()
    requests: tuple[RequestMeasures, ...] = ()
    schedules: tuple[ScheduleMeasures, ...] = ()
    observed: Mapping[Kind, datetime] = field(default_factory=dict)
