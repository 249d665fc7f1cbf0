"""The rooms wired together: which adapters stand behind the engine's ports."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from vvol_replication.api.flasharray import FlashArraySpec
from vvol_replication.api.vcenter import VCenterSpec
from vvol_replication.domain.outcomes import Refused
from vvol_replication.domain.ports import ArrayPort, VCenterPort
from vvol_replication.storage.flasharray import connect as connect_array
from vvol_replication.storage.tls import TLSTrust
from vvol_replication.storage.vsphere.adapter import VCenter


class StorageConnector:
    """Makes storage ports from specs and credentials."""

    def vcenter(self, spec: VCenterSpec, *, username: str, password: str) -> VCenterPort | Refused:
        """A port to that vCenter; `Refused` if the spec's CA certificates cannot be used."""
        trust = TLSTrust.create(spec.ca_certificates, insecure_skip_verify=spec.insecure_skip_verify)
        if isinstance(trust, Refused):
            return trust
        return VCenter(str(spec.address), username, password, trust, max_concurrent_calls=spec.max_concurrent_calls)

    def array(self, spec: FlashArraySpec, *, api_token: str) -> ArrayPort | Refused:
        """A port to that array; `Refused` if the spec's CA certificates, or its REST family, cannot be used."""
        trust = TLSTrust.create(spec.ca_certificates, insecure_skip_verify=spec.insecure_skip_verify)
        if isinstance(trust, Refused):
            return trust
        return connect_array(
            str(spec.address),
            api_token,
            trust=trust,
            rest_version=str(spec.rest_version),
            workers=spec.max_concurrent_calls,
        )


class SystemClock:
    """The process's clock and its chance."""

    def now(self) -> datetime:
        """The time, timezone-aware."""
        return datetime.now(UTC)

    def jitter(self) -> float:
        """A random number in [0, 1)."""
        return random.random()  # noqa: S311 - spreads retries, guards nothing
