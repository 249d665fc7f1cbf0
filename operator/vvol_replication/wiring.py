"""What stands behind the engine's ports: the storage adapters, the meters, and the process's clock."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable
from weakref import WeakKeyDictionary

from vvol_replication.api.flasharray import FlashArraySpec
from vvol_replication.api.vcenter import VCenterSpec
from vvol_replication.domain.measures import Calls
from vvol_replication.domain.outcomes import Refused
from vvol_replication.domain.ports import ArrayPort, VCenterPort
from vvol_replication.engine.ports import Meter, PortMeasures, Refusals, RequestEnd
from vvol_replication.storage import credentials
from vvol_replication.storage.login import TRIES, LoginGate, LoginGates
from vvol_replication.storage.tls import TLSTrust


def load_storage() -> None:
    """Load the adapters, with the libraries that they stand on: as much as a sixth of a start. Any thread may do it."""
    import vvol_replication.storage.flasharray  # noqa: PLC0415 - who has no array yet need not wait for it
    import vvol_replication.storage.vsphere.adapter  # noqa: F401, PLC0415 - as above


@runtime_checkable
class _Counted(Protocol):
    """A port that counts its calls."""

    @property
    def calls(self) -> Calls: ...

    @property
    def waiting(self) -> int: ...


class StorageConnector:
    """Makes storage ports from specs and credentials.

    `leading` says whether this process may change anything. The ports ask it in their threads, right before a request
    that changes something, so it has to be quick and thread-safe.

    It lives as long as the process, and with it the count of refused logins: no edited or second object brings
    further tries of the same credentials at the same address.
    """

    def __init__(self, leading: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._leading = leading
        self._gates = LoginGates(clock)
        self._gate_of: WeakKeyDictionary[VCenterPort | ArrayPort, LoginGate] = WeakKeyDictionary()
        self._trust_of: WeakKeyDictionary[VCenterPort | ArrayPort, TLSTrust] = WeakKeyDictionary()

    def vcenter(
        self, spec: VCenterSpec, *, username: str, password: str, expected_uuid: str | None = None
    ) -> VCenterPort | Refused:
        """A port to that vCenter; `Refused` if the spec's CA certificates or the credentials cannot be used."""
        from vvol_replication.storage.vsphere.adapter import VCenter  # noqa: PLC0415 - `load_storage`

        trust = TLSTrust.create(spec.ca_certificates, insecure_skip_verify=spec.insecure_skip_verify)
        if isinstance(trust, Refused):
            return trust
        user = credentials.username(spec.secret, username)
        if isinstance(user, Refused):
            return user
        secret = credentials.password(spec.secret, password)
        if isinstance(secret, Refused):
            return secret
        gate = self._gates.of(str(spec.address), user, secret)
        port = VCenter(
            str(spec.address),
            user,
            secret,
            trust,
            leading=self._leading,
            max_concurrent_calls=spec.max_concurrent_calls,
            gate=gate,
            expected_uuid=expected_uuid,
        )
        self._gate_of[port], self._trust_of[port] = gate, trust
        return port

    def array(self, spec: FlashArraySpec, *, api_token: str, expected_id: str | None = None) -> ArrayPort | Refused:
        """A port to that array; `Refused` if the spec's CA certificates or REST family, or the token, are of no use."""
        from vvol_replication.storage import flasharray  # noqa: PLC0415 - `load_storage`

        trust = TLSTrust.create(spec.ca_certificates, insecure_skip_verify=spec.insecure_skip_verify)
        if isinstance(trust, Refused):
            return trust
        token = credentials.api_token(spec.secret, api_token)
        if isinstance(token, Refused):
            return token
        gate = self._gates.of(str(spec.address), token)
        port = flasharray.connect(
            str(spec.address),
            token,
            trust=trust,
            leading=self._leading,
            rest_version=str(spec.rest_version),
            workers=spec.max_concurrent_calls,
            gate=gate,
            expected_id=expected_id,
        )
        if isinstance(port, Refused):
            return port
        self._gate_of[port], self._trust_of[port] = gate, trust
        return port

    def refusals(self, port: VCenterPort | ArrayPort) -> Refusals:
        """What has become of logging in with the credentials of this port."""
        gate = self._gate_of.get(port)
        return Refusals(0, TRIES, 0.0) if gate is None else Refusals(gate.refusals, TRIES, gate.seconds_left)

    def measures(self, port: VCenterPort | ArrayPort) -> PortMeasures:
        """What is counted of this port."""
        trust = self._trust_of.get(port)
        ends = None if trust is None else trust.certificate_ends
        if isinstance(port, _Counted):
            return PortMeasures(port.calls.copy(), port.waiting, ends)
        return PortMeasures(Calls(), 0, ends)


class SystemClock:
    """The process's clock and its chance."""

    def now(self) -> datetime:
        """The time, timezone-aware."""
        return datetime.now(UTC)

    def jitter(self) -> float:
        """A random number in [0, 1)."""
        return random.random()  # noqa: S311 - spreads retries, guards nothing


class Meters:
    """Those that are asked for, each told everything."""

    def __init__(self, *meters: Meter | None) -> None:
        self._meters = [one for one in meters if one is not None]

    def ended(self, end: RequestEnd) -> None:
        """A request has ended so."""
        for one in self._meters:
            one.ended(end)
