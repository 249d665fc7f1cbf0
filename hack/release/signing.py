"""Signatures with a key pair, offline: ECDSA of P-256 and SHA-256, as `cosign` and `openssl dgst` make and verify them.

The chart's is Helm's own: a `.prov` file, signed by gpg.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from container.engine import ContainerError, output, required

if TYPE_CHECKING:
    from collections.abc import Callable

_ALGORITHM = ec.ECDSA(hashes.SHA256())
STATEMENT = "application/vnd.in-toto+json"


def signer(key: Path) -> Callable[[bytes], str]:
    """Return what signs with a private key (PEM); the password of it is in KEY_PASSWORD. Signatures are in base64."""
    password = os.environ.get("KEY_PASSWORD")
    try:
        private = load_pem_private_key(key.read_bytes(), password.encode() if password else None)
    except (ValueError, TypeError) as error:
        raise ContainerError(f"{key}: no private key in PEM, or KEY_PASSWORD is wrong: {error}") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise ContainerError(f"{key}: only keys of the curve P-256 are supported, as cosign makes them")
    return lambda content: base64.b64encode(private.sign(content, _ALGORITHM)).decode()


def is_signed(content: bytes, signature: str, key: Path) -> bool:
    """Does a signature fit the content and the public key (PEM)?"""
    public = load_pem_public_key(key.read_bytes())
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise ContainerError(f"{key}: only public keys of elliptic curves are supported, as cosign makes them")
    try:
        public.verify(base64.b64decode(signature), content, _ALGORITHM)
    except (InvalidSignature, ValueError):
        return False
    return True


def _encoded(payload: bytes) -> bytes:
    """What is signed of an envelope: DSSE's PAE."""
    return b"DSSEv1 %d %s %d %s" % (len(STATEMENT), STATEMENT.encode(), len(payload), payload)


def envelope(payload: bytes, sign: Callable[[bytes], str]) -> str:
    """Return a DSSE envelope around a statement."""
    body = base64.b64encode(payload).decode()
    signatures = [{"keyid": "", "sig": sign(_encoded(payload))}]
    return json.dumps({"payloadType": STATEMENT, "payload": body, "signatures": signatures}) + "\n"


def opened(text: str, key: Path) -> bytes | None:
    """Return what is in an envelope, or None if its signature does not fit the key."""
    said = json.loads(text)
    payload = base64.b64decode(said["payload"])
    fits = said["payloadType"] == STATEMENT and is_signed(_encoded(payload), said["signatures"][0]["sig"], key)
    return payload if fits else None


def sign_chart(chart: Path, metadata: str, key: str) -> None:
    """Write the chart's `.prov`, as `helm verify` reads it. `metadata`: its Chart.yaml; `key`: as gpg names it."""
    required("gpg")
    digest = hashlib.sha256(chart.read_bytes()).hexdigest()
    plain = chart.with_suffix(".plain")
    plain.write_text(f"{metadata.strip()}\n\n...\nfiles:\n  {chart.name}: sha256:{digest}\n", "utf-8")
    signed = ("--local-user", key, "--output", f"{chart}.prov", "--clearsign", str(plain))
    try:
        output(("gpg", "--batch", "--yes", "--digest-algo", "SHA512", *signed))
    finally:
        plain.unlink()
