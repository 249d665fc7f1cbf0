"""Whom an endpoint's adapter trusts: its object's CA certificates, the system's, or (in as many words) anybody."""

from __future__ import annotations

import os
import re
import ssl
import tempfile
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path

from vvol_replication.domain.outcomes import Refused

from . import reasons
from .redaction import Redactor

_BEGIN = "-----BEGIN CERTIFICATE-----"
_BLOCK = re.compile(f"{_BEGIN}.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Anchors:
    """What was asked for, once it was found to be usable."""

    certificates: str | None
    insecure: bool


class TLSTrust:
    """Trust towards one endpoint, as an SSL context (pyVmomi) or as `requests` wants it (purestorage).

    Made by `TLSTrust.create`, which checks the PEM text. `close` removes the file that `verify` may have made.
    """

    def __init__(self, anchors: _Anchors) -> None:
        self._anchors = anchors
        self._lock = threading.Lock()
        self.certificate_ends: float | None = None
        """POSIX time until which the certificate is valid that was verified last; None: none was yet."""
        self._file: str | None = None
        self._remove_file: weakref.finalize[[str], TLSTrust] | None = None

    @classmethod
    def create(cls, ca_certificates: str | None = None, *, insecure_skip_verify: bool = False) -> TLSTrust | Refused:
        """Check what a `tls` stanza asks for. `Refused("InvalidCACertificates", …)` says what is wrong with it."""
        if ca_certificates is not None:
            problem = _problem(ca_certificates, insecure=insecure_skip_verify)
            if problem is not None:
                return Refused(reasons.INVALID_CA_CERTIFICATES, f"{problem}. Correct spec.tls.caCertificates.")
            ca_certificates = _certificates(ca_certificates)
        return cls(_Anchors(ca_certificates, insecure_skip_verify))

    @property
    def insecure(self) -> bool:
        """True where the object says that nothing is to be verified."""
        return self._anchors.insecure

    def context(self) -> ssl.SSLContext:
        """A context of its own for each caller: clients have been seen to loosen the one they were given."""
        context = _context(self._anchors.certificates)
        if self._anchors.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        else:
            self._look_at_certificates(context)
        return context

    def _look_at_certificates(self, context: ssl.SSLContext) -> None:
        """Three clients make the connections; what they have in common is that the context makes their TLS objects."""

        def look(shown: ssl.SSLSocket | ssl.SSLObject) -> None:
            ends = (shown.getpeercert() or {}).get("notAfter")
            if isinstance(ends, str):
                self.certificate_ends = ssl.cert_time_to_seconds(ends)

        class Socket(ssl.SSLSocket):
            def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - overrides
                super().do_handshake(block)
                look(self)

        class Object(ssl.SSLObject):
            def do_handshake(self) -> None:
                super().do_handshake()
                look(self)

        context.sslsocket_class, context.sslobject_class = Socket, Object

    @property
    def verify(self) -> bool | str:
        """The `verify` argument of `requests`: a file or directory of CA certificates, `False`, or `True`.

        Without certificates of its own this is the system's trust store; `True` (the bundle that `requests` brings)
        only where the system has none. The file is private and exists until `close`.
        """
        if self._anchors.insecure:
            return False
        if self._anchors.certificates is None:
            paths = ssl.get_default_verify_paths()
            return paths.cafile or paths.capath or True
        with self._lock:
            if self._file is None:
                self._file = _write(self._anchors.certificates)
                self._remove_file = weakref.finalize(self, _remove, self._file)
            return self._file

    def close(self) -> None:
        """Remove the file. May be called twice; `verify` makes a new one if asked again."""
        with self._lock:
            if self._remove_file is not None:
                self._remove_file()
            self._file = self._remove_file = None


_ADVICE = {
    9: "It is not valid yet. Check the clocks, here and on the endpoint.",
    10: "Renew it on the endpoint.",
    62: "Write a host name of the certificate into spec.address.",
    64: "Write a host name of the certificate into spec.address.",
}
"""By OpenSSL's codes: not yet valid, expired, another host name, another IP address."""


def not_trusted(error: ssl.SSLCertVerificationError, redactor: Redactor) -> str:
    """What is wrong with an endpoint's certificate, and what to do about it."""
    said = (redactor.quoted(getattr(error, "verify_message", None)) or type(error).__name__).rstrip(".")
    advice = _ADVICE.get(getattr(error, "verify_code", 0), "Put the CA that signed it into spec.tls.caCertificates.")
    return f"its TLS certificate is not trusted ({said}). {advice}"


def _problem(pem: str, *, insecure: bool) -> str | None:
    if insecure:
        return "spec.tls has both caCertificates and insecureSkipVerify"
    if "PRIVATE KEY-----" in pem:
        return "The CA certificates contain a private key, which must not be there"
    if _BEGIN not in pem:
        return "The CA certificates hold no PEM block 'BEGIN CERTIFICATE'"
    try:
        _context(_certificates(pem))
    except (ssl.SSLError, ValueError, TypeError):  # TypeError: a block that is not ASCII
        return "The CA certificates cannot be read as PEM certificates"
    return None


def _certificates(pem: str) -> str:
    """The certificates alone: people write names and comments between them, in any language."""
    blocks = _BLOCK.findall(pem)
    if len(blocks) != pem.count(_BEGIN):
        raise ValueError("a block without its end")
    return "\n".join(blocks) + "\n"


def _context(pem: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=pem)
    if pem is not None:
        # Appliances' own CAs and self-made certificates seldom carry every extension that RFC 5280 asks of a public CA;
        # Python 3.13 made that a failure. A certificate that was named is trusted whether or not it is a root.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _write(pem: str) -> str:
    handle, path = tempfile.mkstemp(prefix="vvol-ca-", suffix=".pem")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(pem)
    return path


def _remove(path: str) -> None:
    Path(path).unlink(missing_ok=True)
