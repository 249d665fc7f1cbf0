"""What a login consists of, wherever it was read: in a pod's volume or in a kubeconfig."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


class NoApiServerError(Exception):
    """Nothing says where the API server is, or who we are; the message says where that was looked for."""


class KubeconfigError(NoApiServerError):
    """The kubeconfig is there and cannot be used; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Pem:
    """A certificate or a key. `file`: where it lies; None: nowhere, it was inline."""

    content: bytes = field(repr=False)
    file: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the API server is, and who we are, of one reading.

    Parameters:
        server: its URL.
        token: as it stands in the header Authorization.
        ca: certificates in PEM form; None: the system's trust store.
        certificate: the client's.
        key: of that certificate; None: it is in the certificate's file.
        verify: is the server's certificate looked at?
        tls_server_name: the name that it must have; None: the host's in `server`.
        proxy: the URL of an HTTP proxy.
    """

    server: str
    token: str | None = field(default=None, repr=False)
    ca: bytes | None = None
    certificate: Pem | None = None
    key: Pem | None = None
    verify: bool = True
    tls_server_name: str | None = None
    proxy: str | None = None


def contents_of(files: Iterable[str]) -> dict[str, bytes | None]:
    """What these files hold; None for one that cannot be read."""
    found: dict[str, bytes | None] = {}
    for file in files:
        try:
            found[file] = Path(file).read_bytes()
        except OSError:
            found[file] = None
    return found
