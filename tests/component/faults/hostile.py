"""Servers on the loopback that stand in an endpoint's place and are none; each ends with its test."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

UNRESOLVED = "unresolved"
DOORS = (UNRESOLVED, "silent", "ssh", "hangs up", "other name", "expired")
"""An address without a host; TCP that never says a word; another protocol; certificates that are not right."""

_DAY = dt.timedelta(days=1)


@asynccontextmanager
async def door(kind: str, folder: Path) -> AsyncIterator[tuple[str, str | None]]:
    """(address, the CA that its certificate is from) of a hostile server."""
    if kind == UNRESOLVED:
        yield "endpoint.invalid", None
        return
    pem, context = _tls(kind, folder) if kind in ("other name", "expired") else (None, None)
    over = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)  # what is left unread would make the end a reset
        if kind == "ssh":
            writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        if kind == "silent":
            await over.wait()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", pem
    finally:
        over.set()
        server.close()
        await server.wait_closed()


def _tls(kind: str, folder: Path) -> tuple[str, ssl.SSLContext]:
    """A server whose certificate is its own CA: for another name, or of yesterday."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    begin, end = (now - 3 * _DAY, now - _DAY) if kind == "expired" else (now - _DAY, now + _DAY)
    host = "192.0.2.1" if kind == "other name" else "127.0.0.1"
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "an endpoint of tests")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    chain = folder / "chain.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain.write_bytes(private + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return pem.decode(), context
