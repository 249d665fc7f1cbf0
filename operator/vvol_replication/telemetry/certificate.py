"""The certificate that metrics are served under: of files, read again when they change, or made at start."""

from __future__ import annotations

import ssl
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

CERTIFICATE, KEY = "tls.crt", "tls.key"
"""As the files of a Secret of the type kubernetes.io/tls are called."""
_LIFETIME = timedelta(days=365)
_BACKDATED = timedelta(hours=1)


class CertificateError(Exception):
    """There is no certificate that can be used; the message says why, and what to do."""


class ServingCertificate:
    """`context` is for the server. From each `renew` on, new connections get the certificate of that moment.

    Parameters:
        directory: where `tls.crt` and `tls.key` are; None: a self-signed one is made, and another one at half its
            lifetime. Nobody can verify that one: it only hides what is sent.
        name: of the self-signed one.

    Raises:
        CertificateError: as `renew` does.
    """

    def __init__(
        self, directory: Path | None, name: str = "localhost", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._directory, self._name, self._clock = directory, name, clock
        self._seen: tuple[bytes, bytes] | None = None
        self._good_until = 0.0
        self.context = self._current = self._made()
        self.context.sni_callback = self._choose  # called for each handshake, also without a name

    def renew(self) -> bool:
        """Take what has changed; True: something has. It reads files, or makes a key.

        Raises:
            CertificateError: if a file is not there, or they are no certificate and its key; the one from before stays.
        """
        if self._directory is None:
            changed = self._clock() >= self._good_until
        else:
            changed = self._read(self._directory) != self._seen
        if changed:
            self._current = self._made()
        return changed

    def _choose(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        del name, context
        connection.context = self._current

    def _made(self) -> ssl.SSLContext:
        if self._directory is None:
            made = _context(self_signed(self._name))
            self._good_until = self._clock() + (_LIFETIME / 2).total_seconds()
            return made
        seen = self._read(self._directory)
        made = _context(b"\n".join(seen))
        self._seen = seen
        return made

    def _read(self, directory: Path) -> tuple[bytes, bytes]:
        try:
            return (directory / CERTIFICATE).read_bytes(), (directory / KEY).read_bytes()
        except OSError as error:
            raise CertificateError(
                f"the certificate of the metrics cannot be read: {error.filename}: {error.strerror}. "
                f"Put {CERTIFICATE} and {KEY} into the directory of --metrics-cert-path."
            ) from None


def _context(pem: bytes) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)  # TLS 1.2 or newer
    # The library takes files only. This one can be read by us alone, and is gone when it was read.
    with tempfile.NamedTemporaryFile(prefix="vvol-metrics-", suffix=".pem") as file:
        file.write(pem)
        file.flush()
        try:
            # An encrypted key would be asked for at a terminal; an empty password is a failure instead.
            context.load_cert_chain(file.name, password="")
        except ssl.SSLError:
            raise CertificateError(
                f"the certificate of the metrics cannot be used: {CERTIFICATE} and {KEY} are not PEM, do not belong "
                "together, or the key is encrypted. Write both files again."
            ) from None
    return context


def self_signed(name: str) -> bytes:
    """A new key and a certificate for it in PEM, for one year.

    Raises:
        CertificateError: if what makes it is not installed.
    """
    try:
        from cryptography import x509  # noqa: PLC0415 - of an extra
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    except ImportError:
        raise CertificateError(
            "no certificate for the metrics can be made, because `cryptography` is not installed. "
            "Give --metrics-cert-path, or install vvol-replication[metrics-tls]."
        ) from None
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    itself = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(itself)
        .issuer_name(itself)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + private
