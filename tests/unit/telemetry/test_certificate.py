"""The certificate of the metrics: what a client is shown, and when that changes."""

from __future__ import annotations

import asyncio
import ssl
import stat
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509

from testbed.certificates import Authority, Pair
from vvol_replication.telemetry.certificate import CERTIFICATE, KEY, CertificateError, ServingCertificate

HALF_A_YEAR = 365 / 2 * 86400


def put(directory: Path, pair: Pair) -> None:
    (directory / CERTIFICATE).write_bytes(pair.certificate)
    (directory / KEY).write_bytes(pair.key)


@asynccontextmanager
async def served(certificate: ServingCertificate) -> AsyncIterator[int]:
    """A port that does no more than shake hands."""

    def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(close, "127.0.0.1", 0, ssl=certificate.context) as server:
        yield server.sockets[0].getsockname()[1]


async def shown(port: int, name: str | None = None) -> x509.Certificate:
    """What a client sees that verifies nothing."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname=name)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(der)


async def test_a_self_signed_one_is_made_and_another_one_at_half_its_lifetime() -> None:
    now = 0.0
    certificate = ServingCertificate(None, "vvol-0", lambda: now)
    async with served(certificate) as port:
        first = await shown(port)
        assert first.subject.rfc4514_string() == first.issuer.rfc4514_string() == "CN=vvol-0"
        assert 364 < (first.not_valid_after_utc - first.not_valid_before_utc).days <= 366
        now = HALF_A_YEAR - 1
        assert not certificate.renew()
        assert await shown(port) == first
        now = HALF_A_YEAR
        assert certificate.renew()
        assert await shown(port) != first
        assert not certificate.renew()


@pytest.mark.parametrize("name", [None, "metrics.example.com"], ids=["no-name", "name"])
async def test_a_new_pair_of_files_is_shown_to_the_next_connection(tmp_path: Path, name: str | None) -> None:
    authority = Authority("ours")
    first, second = (authority.server(one, ["localhost"]) for one in ("first", "second"))
    put(tmp_path, first)
    certificate = ServingCertificate(tmp_path)
    async with served(certificate) as port:
        assert (await shown(port, name or "")) == x509.load_pem_x509_certificate(first.certificate)
        assert not certificate.renew()
        put(tmp_path, second)
        assert certificate.renew()
        assert (await shown(port, name or "")) == x509.load_pem_x509_certificate(second.certificate)
        assert not certificate.renew()


async def test_half_a_change_and_files_that_are_gone_leave_the_one_from_before(tmp_path: Path) -> None:
    authority = Authority("ours")
    first, second = (authority.server(one, ["localhost"]) for one in ("first", "second"))
    put(tmp_path, first)
    certificate = ServingCertificate(tmp_path)
    async with served(certificate) as port:
        (tmp_path / CERTIFICATE).write_bytes(second.certificate)
        with pytest.raises(CertificateError, match="do not belong together"):
            certificate.renew()
        assert await shown(port, "") == x509.load_pem_x509_certificate(first.certificate)
        (tmp_path / KEY).unlink()
        with pytest.raises(CertificateError, match=r"tls\.key: No such file or directory.*Put tls\.crt and tls\.key"):
            certificate.renew()
        assert await shown(port, "") == x509.load_pem_x509_certificate(first.certificate)
        put(tmp_path, second)
        assert certificate.renew()


async def test_nothing_older_than_tls_1_2_is_spoken(tmp_path: Path) -> None:
    put(tmp_path, Authority("ours").server("one", ["localhost"]))
    assert ServingCertificate(tmp_path).context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_without_what_makes_one_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(CertificateError, match=r"--metrics-cert-path, or install vvol-replication\[metrics-tls\]"):
        ServingCertificate(None)


def test_the_key_is_in_no_file_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    modes = []
    load = ssl.SSLContext.load_cert_chain

    def seen(self: ssl.SSLContext, certfile: str, keyfile: str | None = None, password: str | None = None) -> None:
        modes.append(stat.S_IMODE(Path(certfile).stat().st_mode))
        load(self, certfile, keyfile, password)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", seen)
    ServingCertificate(None)
    assert modes == [0o600]
    assert list(tmp_path.iterdir()) == []
