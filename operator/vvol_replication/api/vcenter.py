"""VCenter: where a vCenter is, and how the operator gets in."""

from dataclasses import dataclass, field
from datetime import datetime

from .endpoint import DEFAULT_CALLS, Address, read_address, read_calls, read_trust
from .reading import DNS_LABEL, Reader, at
from .status import Status

PROVIDERS_LIMIT = 256
FAULT_DOMAINS_LIMIT = 256
PEERS_LIMIT = 64


@dataclass(frozen=True, slots=True)
class VCenterSpec:
    """`secret` names a Secret in the operator's namespace, with keys `username` and `password`."""

    address: Address = field(metadata=at("address"))
    secret: str = field(metadata=at("credentialsSecretRef.name"))
    ca_certificates: str | None = field(default=None, metadata=at("tls.caCertificates"))
    insecure_skip_verify: bool = field(default=False, metadata=at("tls.insecureSkipVerify"))
    max_concurrent_calls: int = field(default=DEFAULT_CALLS, metadata=at("maxConcurrentCalls"))
    discovery_namespace: str | None = field(default=None, metadata=at("discovery.namespace"))

    @classmethod
    def parse(cls, spec: object) -> "VCenterSpec":
        """Read `spec`.

        Raises:
            SpecError: at the exact path, for the first field that does not hold what it must.
        """
        reader = Reader(spec, "spec")
        trust = read_trust(reader)
        return cls(
            address=read_address(reader),
            secret=reader.require("credentialsSecretRef", reader.reference("credentialsSecretRef")),
            ca_certificates=trust.ca_certificates,
            insecure_skip_verify=trust.insecure_skip_verify,
            max_concurrent_calls=read_calls(reader),
            discovery_namespace=_discovery_namespace(reader),
        )


def _discovery_namespace(spec: Reader) -> str | None:
    discovery = spec.child("discovery")
    return None if discovery is None else discovery.require("namespace", discovery.text("namespace", DNS_LABEL))


@dataclass(frozen=True, slots=True)
class FaultDomainStatus:
    """A fault domain: one array, as VASA names it. `peers` are the ids of those that it replicates to."""

    id: str
    name: str | None = None
    array_id: str | None = None
    peers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiscoveryStatus:
    """How many groups discovery found, and how many have an object: made by it (`kept`), or by others (`adopted`)."""

    namespace: str
    found: int
    kept: int
    adopted: int


@dataclass(frozen=True, slots=True)
class VCenterStatus(Status):
    """What the vCenter last said of itself. `instance_uuid` is its identity; `providers` name its VASA providers."""

    version: str | None = None
    instance_uuid: str | None = None
    providers: tuple[str, ...] = ()
    fault_domains: tuple[FaultDomainStatus, ...] = ()
    discovery: DiscoveryStatus | None = None
    last_read_at: datetime | None = None
