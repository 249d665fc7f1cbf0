"""What VCenter and FlashArray have in common: an address, a Secret, and how TLS is verified."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address

from .errors import SpecError
from .reading import Reader

HTTPS_PORT = 443
HIGHEST_PORT = 65535
ADDRESS_LIMIT = 261
CA_LIMIT = 64 * 1024
CALLS_MAXIMUM = 16
DEFAULT_CALLS = 2
PEM_MARK = "-----BEGIN CERTIFICATE-----"

_LABEL = r"[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?"
ADDRESS_PATTERN = rf"^({_LABEL}(\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])(:[0-9]{{1,5}})?$"


@dataclass(frozen=True, slots=True)
class Address:
    """Where an endpoint listens, always with TLS. An IPv6 `host` is without brackets; its text has them."""

    host: str
    port: int = HTTPS_PORT

    @classmethod
    def parse(cls, text: str, path: str = "spec.address") -> "Address":
        """Read `host` or `host:port`, IPv6 in brackets.

        Raises:
            SpecError: at `path`, also for a URL: a scheme or a path is not part of an address.
        """
        if len(text) > ADDRESS_LIMIT or re.fullmatch(ADDRESS_PATTERN, text) is None:
            raise SpecError(path, "must be a host or host:port, IPv6 in brackets, without https:// and without a path")
        bracket = text.rfind("]")
        host, colon, port = text.rpartition(":") if text.rfind(":") > bracket else (text, "", "")
        number = int(port) if colon else HTTPS_PORT
        if not 1 <= number <= HIGHEST_PORT:
            raise SpecError(path, f"has a port that is not between 1 and {HIGHEST_PORT}")
        if bracket >= 0:
            host = _ipv6(host, path)
        return cls(host, number)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == HTTPS_PORT else f"{host}:{self.port}"


def _ipv6(bracketed: str, path: str) -> str:
    try:
        return str(IPv6Address(bracketed[1:-1]))
    except AddressValueError:
        raise SpecError(path, "has brackets around something that is not an IPv6 address") from None


@dataclass(frozen=True, slots=True)
class Trust:
    """How the endpoint's certificate is judged: by these CAs (PEM), by the system's (neither), or not at all."""

    ca_certificates: str | None
    insecure_skip_verify: bool


def read_address(reader: Reader) -> Address:
    """The required field `address`."""
    text = reader.require("address", reader.plain("address", ADDRESS_LIMIT))
    return Address.parse(text, reader.where("address"))


def read_trust(spec: Reader) -> Trust:
    """The optional field `tls`: `caCertificates` or `insecureSkipVerify: true`, not both."""
    tls = spec.child("tls")
    if tls is None:
        return Trust(None, insecure_skip_verify=False)
    certificates = tls.plain("caCertificates", CA_LIMIT)
    if certificates is not None and PEM_MARK not in certificates:
        raise SpecError(tls.where("caCertificates"), f"must be certificates in PEM form, each after {PEM_MARK}")
    insecure = tls.flag("insecureSkipVerify")
    if certificates is not None and insecure:
        raise SpecError(spec.where("tls"), "has both caCertificates and insecureSkipVerify: choose one")
    return Trust(certificates, insecure)


def read_calls(spec: Reader) -> int:
    """The optional field `maxConcurrentCalls`, or its default."""
    return spec.number("maxConcurrentCalls", 1, CALLS_MAXIMUM) or DEFAULT_CALLS
