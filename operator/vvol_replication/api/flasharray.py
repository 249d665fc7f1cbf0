"""FlashArray: where an array's management address is, and how the operator gets in."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .endpoint import DEFAULT_CALLS, Address, read_address, read_calls, read_trust
from .reading import Reader, at
from .status import Status


class RestVersion(StrEnum):
    """Which family of the array's REST interface is spoken."""

    AUTO = "Auto"
    REST1 = "REST1"
    REST2 = "REST2"


@dataclass(frozen=True, slots=True)
class FlashArraySpec:
    """`secret` names a Secret in the operator's namespace, with the key `apiToken`."""

    address: Address = field(metadata=at("address"))
    secret: str = field(metadata=at("apiTokenSecretRef.name"))
    ca_certificates: str | None = field(default=None, metadata=at("tls.caCertificates"))
    insecure_skip_verify: bool = field(default=False, metadata=at("tls.insecureSkipVerify"))
    rest_version: RestVersion = field(default=RestVersion.AUTO, metadata=at("restVersion"))
    max_concurrent_calls: int = field(default=DEFAULT_CALLS, metadata=at("maxConcurrentCalls"))

    @classmethod
    def parse(cls, spec: object) -> "FlashArraySpec":
        """Read `spec`.

        Raises:
            SpecError: at the exact path, for the first field that does not hold what it must.
        """
        reader = Reader(spec, "spec")
        trust = read_trust(reader)
        return cls(
            address=read_address(reader),
            secret=reader.require("apiTokenSecretRef", reader.reference("apiTokenSecretRef")),
            ca_certificates=trust.ca_certificates,
            insecure_skip_verify=trust.insecure_skip_verify,
            rest_version=reader.word("restVersion", RestVersion) or RestVersion.AUTO,
            max_concurrent_calls=read_calls(reader),
        )


@dataclass(frozen=True, slots=True)
class FlashArrayStatus(Status):
    """What the array last said of itself. `array_id` is its identity; `rest_version` is the version spoken with it.

    `clock_skew` is a Go-style duration with a sign: how far its clock is ahead of the operator's.
    """

    array_id: str | None = None
    array_name: str | None = None
    version: str | None = None
    rest_version: str | None = None
    clock_skew: str | None = None
    last_read_at: datetime | None = None
