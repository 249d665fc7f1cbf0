"""Signatures fit one content and one key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from container.engine import ContainerError
from release import signing


def pair(directory: Path, curve: ec.EllipticCurve | None = None, password: str = "") -> tuple[Path, Path]:
    key = ec.generate_private_key(curve or ec.SECP256R1())
    sealing = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    private, public = directory / "key", directory / "key.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


def test_a_signature_fits_its_content_and_key_only(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    private, public = pair(tmp_path)
    _, other = pair(tmp_path / "other")
    signature = signing.signer(private)(b"it")

    assert signing.is_signed(b"it", signature, public)
    assert not signing.is_signed(b"another", signature, public)
    assert not signing.is_signed(b"it", signature, other)
    assert not signing.is_signed(b"it", "no base64!", public)


def test_an_envelope_that_was_changed_is_not_opened(tmp_path: Path) -> None:
    private, public = pair(tmp_path)
    sealed = signing.envelope(b'{"it": 1}', signing.signer(private))
    other = json.loads(signing.envelope(b'{"it": 2}', signing.signer(private)))

    assert signing.opened(sealed, public) == b'{"it": 1}'
    assert signing.opened(json.dumps(json.loads(sealed) | {"payload": other["payload"]}), public) is None


def test_the_password_of_a_key_is_taken_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private, public = pair(tmp_path, password="open it")
    monkeypatch.setenv("KEY_PASSWORD", "open it")
    assert signing.is_signed(b"it", signing.signer(private)(b"it"), public)

    monkeypatch.setenv("KEY_PASSWORD", "wrong")
    with pytest.raises(ContainerError, match="KEY_PASSWORD is wrong"):
        signing.signer(private)


def test_a_key_of_another_curve_is_refused(tmp_path: Path) -> None:
    private, _ = pair(tmp_path, ec.SECP384R1())
    with pytest.raises(ContainerError, match="only keys of the curve P-256"):
        signing.signer(private)
