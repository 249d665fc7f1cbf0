"""The engine's ports to everything but storage: the API server, Secrets, events, time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from vvol_replication.api.flasharray import FlashArraySpec
from vvol_replication.api.names import Kind
from vvol_replication.api.objects import ApplyResult, Conflict, CreateResult, Failed, Gone, ObjectRef, WriteResult
from vvol_replication.api.status import RequestStatus
from vvol_replication.api.vcenter import VCenterSpec
from vvol_replication.domain.measures import Calls
from vvol_replication.domain.outcomes import Refused
from vvol_replication.domain.ports import ArrayPort, VCenterPort


class Cluster(Protocol):
    """What the engine reads and writes in the API server."""

    async def write_status(
        self, ref: ObjectRef, before: Mapping[str, Any], after: Mapping[str, Any], resource_version: str | None
    ) -> WriteResult:
        """Make `status` what `after` says, where it was `before`. With a resourceVersion, only if still at that."""
        ...

    async def write_finalizers(
        self, ref: ObjectRef, finalizers: Sequence[str], resource_version: str | None
    ) -> WriteResult:
        """Make these the finalizers of this object. With a resourceVersion, only if it is still at that."""
        ...

    async def delete(self, ref: ObjectRef, resource_version: str) -> Gone | Conflict | Failed:
        """Delete exactly this object, if it is still at that version. `Gone`: it is not there any more."""
        ...

    async def read(self, ref: ObjectRef) -> Mapping[str, Any] | Gone | Failed:
        """One object as it is now."""
        ...

    def list(self, kind: Kind, fields: str = "") -> AsyncIterator[Mapping[str, Any]]:
        """All objects of a kind that the operator is to see, page by page.

        `fields` (`api.selectors`) leaves out others where it can: who asks looks at each object anyway.
        """
        ...

    def watches(self, namespace: str) -> bool:
        """Is that namespace one of those that the operator is to see?"""
        ...

    async def list_in(
        self, kind: Kind, namespace: str, *, labels: Mapping[str, str] | None = None, fields: str = ""
    ) -> Sequence[Mapping[str, Any]] | Failed:
        """All objects of a kind in one namespace, as they are now; with `labels`, those that have all of these.

        `fields`: as of `list`.
        """
        ...

    async def create(self, kind: Kind, manifest: Mapping[str, Any]) -> CreateResult:
        """Make a new object. `Conflict`: there is one of that name already, whatever it says."""
        ...

    async def server_side_apply(self, kind: Kind, manifest: Mapping[str, Any]) -> ApplyResult:
        """Make an object say what the manifest says, without taking a field away from anybody else."""
        ...

    @property
    def secrets_in(self) -> str:
        """The operator's own namespace."""
        ...

    async def secret(self, name: str) -> Mapping[str, str] | Gone | Failed:
        """A Secret of the operator's own namespace, decoded. Bytes that are not UTF-8 come as surrogates."""
        ...

    async def event(
        self, ref: ObjectRef, *, warning: bool, reason: str, message: str, once: str = "", order: int = 255
    ) -> None:
        """Tell people, as a Kubernetes event. Losing one is no harm.

        Of those with the same `once` for the same object there is one; the empty one is each time another.
        `order`, 0 to 255: where it stands among those of one second.
        """
        ...


@dataclass(frozen=True, slots=True)
class Refusals:
    """How often in a row the credentials of a port were refused, by whichever port and object they were tried."""

    count: int
    limit: int
    """After so many, none is sent for a while."""
    seconds_left: float
    """Until the next try may be made; 0: at any time."""


@dataclass(frozen=True, slots=True)
class PortMeasures:
    """What is counted of a port. `waiting`: calls that wait because as many as the endpoint may have are under way."""

    calls: Calls
    waiting: int
    certificate_ends: float | None
    """POSIX time until which the endpoint's certificate is valid; None: it was not verified yet, or never is."""


@dataclass(frozen=True, slots=True)
class RequestEnd:
    """A request that has ended, as it is stored.

    `group` is the name of its ReplicationGroup, empty for an object that cannot be read. `method` is a sync's, or
    `DryRun`, or empty. `request_id` is the object's own, or its uid.
    """

    ref: ObjectRef
    group: str
    method: str
    request_id: str
    status: RequestStatus


class Meter(Protocol):
    """Takes down what is over when it has happened. What is at a moment is read then (`Engine.measures`)."""

    def ended(self, end: RequestEnd) -> None:
        """A request has ended so."""
        ...


class Connector(Protocol):
    """Makes storage ports. Nothing is sent before the first call on the port.

    Who is `expected` there has to be there: all calls to another one end `Refused("IdentityChanged", …)`.
    """

    def vcenter(
        self, spec: VCenterSpec, *, username: str, password: str, expected_uuid: str | None = None
    ) -> VCenterPort | Refused:
        """A port to that vCenter; `Refused` if what the spec says of TLS, or a credential, cannot be used."""
        ...

    def array(self, spec: FlashArraySpec, *, api_token: str, expected_id: str | None = None) -> ArrayPort | Refused:
        """A port to that array; `Refused` if what the spec says of TLS or REST, or the token, cannot be used."""
        ...

    def refusals(self, port: VCenterPort | ArrayPort) -> Refusals:
        """What has become of logging in with the credentials of this port."""
        ...

    def measures(self, port: VCenterPort | ArrayPort) -> PortMeasures:
        """What is counted of this port."""
        ...


class Clock(Protocol):
    """The process's clock and its chance."""

    def now(self) -> datetime:
        """The time, timezone-aware."""
        ...

    def jitter(self) -> float:
        """A random number in [0, 1)."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the engine looks by itself. Seconds."""

    monitor: float = 30.0
    """Between two readings of an endpoint that is well."""
    monitor_retry_first: float = 1.0
    monitor_retry_most: float = 15.0
    """Between two readings of one that is not; a Secret that appears is found this fast."""
    secret: float = 15.0
    """Between two looks at an endpoint's Secret, at most; also while the endpoint hangs. It costs one small GET."""
    drain: float = 120.0
    """What is under way on a session that is replaced may take this long; longer than any call of the adapters."""
    group: float = 120.0
    """Between two listings of a group's points in time, at most; half of it at least, or somewhat less, so that the
    groups of a fault domain are listed together. Where a sync of the group has ended, or the group has changed, it is
    listed at once."""
    armed: float = 10.0
    """The same while a sync that a request left is armed there: what lands ends that, and others wait for it."""
    policy: float = 600.0
    """Between two questions to an array for schedule and retention of all groups on it; a new group is asked for with
    the next reading of the array. It costs one call, over REST 1 two."""
    policy_retry: float = 60.0
    """The same, where the array could not be asked."""
    poll_first: float = 0.5
    poll_most: float = 15.0
    """Between two polls of the transfers on an array: fast while one is young."""
    status_refresh: float = 300.0
    """A group's status whose facts do not change is written again this often, to show that it is read: 500 groups cost
    two writes a second."""
    endpoint_refresh: float = 60.0
    """The same of an endpoint: there are few of them, and a write a minute costs nothing."""
    acceptance: float = 0.1
    """A new request whose first readings take longer than this is shown as accepted meanwhile; otherwise its acceptance
    is one write with what it is about to do."""
    progress: float = 60.0
    """A transfer's progress is written at least this often, and at every tenth."""
    progress_spacing: float = 0.02
    """Between two such tenths, whosever they are: with 500 transfers under way, each one's are 10 s apart or more."""
    write_retry_first: float = 0.2
    write_retry_most: float = 10.0
    """Before a request asks the API server again, after a write or a read that it did not take."""
    defect: float = 15.0
    """Before a request goes on whose step failed in a way that is a defect of ours."""
    listing: float = 10.0
    """After a start, requests that are known from before get this long to come back to their turns."""
    listing_retry_first: float = 0.5
    listing_retry_most: float = 15.0
    """At the start, between two tries to list what the API server holds."""
    discovery_batch: int = 25
    discovery_pause: float = 1.0
    """Discovery applies this many objects, then pauses, and looks again at what there is."""
    discovery_retry: float = 600.0
    """An object that the API server refused for what it says is not applied again for so long, unless it changes."""
    finished: float = 3600.0
    """Between two looks through what has ended and has a TTL: what is due before the next one is known by then. It
    costs a list of these, a page at a time."""
    schedule: float = 60.0
    """A schedule looks at the clock at least this often: a clock that was put forward is noticed no later."""
    stop: float = 2.0
    """Logging out may take this long, whatever hangs."""
