"""What a `tls` stanza becomes: trust that verifies, or an error that says what is wrong with the certificates."""

from __future__ import annotations

import gc
import ssl
import stat
from pathlib import Path

import pytest

from vvol_replication.domain.outcomes import Refused
from vvol_replication.storage.tls import TLSTrust

from .certificates import self_signed

CERTIFICATE, KEY = self_signed()


def trust(pem: str | None = None, *, insecure: bool = False) -> TLSTrust:
    made = TLSTrust.create(pem, insecure_skip_verify=insecure)
    assert isinstance(made, TLSTrust)
    return made


def handshake(context: ssl.SSLContext, server_hostname: str, tmp_path: Path) -> None:
    """A TLS handshake in memory with a server that has CERTIFICATE."""
    (tmp_path / "server.pem").write_text(CERTIFICATE + KEY)
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(tmp_path / "server.pem")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, to_server, server_hostname=server_hostname)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    done = {client: False, server: False}
    while not all(done.values()):
        for side in done:
            try:
                side.do_handshake()
                done[side] = True
            except ssl.SSLWantReadError:
                continue


def test_its_own_ca_is_trusted_although_it_lacks_a_public_cas_extensions(tmp_path: Path) -> None:
    handshake(trust(CERTIFICATE).context(), "localhost", tmp_path)


def test_text_around_the_certificates_does_not_matter() -> None:
    commented = trust(f"# Z\N{LATIN SMALL LETTER U WITH DIAERESIS}rich\n{CERTIFICATE}\n# another\n{self_signed()[0]}")
    assert commented.context().cert_store_stats()["x509"] == 2
    commented.close()


def test_the_host_name_is_checked(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(trust(CERTIFICATE).context(), "other.example.com", tmp_path)


@pytest.mark.parametrize("pem", [None, self_signed()[0]], ids=["system", "another CA"])
def test_nobody_elses_certificate_is_trusted(pem: str | None, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(trust(pem).context(), "localhost", tmp_path)


def test_insecure_trusts_anybody_because_it_was_asked_for(tmp_path: Path) -> None:
    anybody = trust(insecure=True)
    handshake(anybody.context(), "other.example.com", tmp_path)
    assert anybody.insecure
    assert anybody.verify is False


def test_own_certificates_replace_the_systems() -> None:
    assert trust(CERTIFICATE).context().cert_store_stats()["x509"] == 1


def test_each_caller_gets_a_context_of_its_own() -> None:
    shared = trust(CERTIFICATE)
    loosened = shared.context()
    loosened.check_hostname = False
    loosened.verify_mode = ssl.CERT_NONE
    assert shared.context().verify_mode is ssl.CERT_REQUIRED
    assert shared.context().check_hostname


def test_the_file_is_private_holds_the_certificates_and_goes_with_close() -> None:
    own = trust(CERTIFICATE)
    path = own.verify
    assert isinstance(path, str)
    assert own.verify == path
    assert Path(path).read_text() == CERTIFICATE
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
    own.close()
    own.close()
    assert not Path(path).exists()


def test_a_forgotten_file_goes_with_its_owner() -> None:
    own = trust(CERTIFICATE)
    path = str(own.verify)
    assert Path(path).exists()
    del own
    gc.collect()
    assert not Path(path).exists()


def test_without_certificates_the_systems_store_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle = tmp_path / "system.pem"
    bundle.write_text(CERTIFICATE)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert trust().verify == str(bundle)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert trust().verify == str(tmp_path)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    assert trust().verify is True


@pytest.mark.parametrize(
    ("pem", "said"),
    [
        ("", "no PEM block"),
        ("hello", "no PEM block"),
        ("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", "cannot be read"),
        (CERTIFICATE[:200], "cannot be read"),
        (CERTIFICATE + CERTIFICATE.replace("M", "?"), "cannot be read"),
        (CERTIFICATE.replace("\n", "\n\N{SNOWMAN}", 1), "cannot be read"),
        (CERTIFICATE + CERTIFICATE[:200], "cannot be read"),
        (CERTIFICATE + KEY, "private key"),
    ],
)
def test_certificates_that_are_none_are_refused_with_what_is_wrong(pem: str, said: str) -> None:
    refused = TLSTrust.create(pem)
    assert isinstance(refused, Refused)
    assert refused.reason == "InvalidCACertificates"
    assert said in refused.message
    assert "\n" not in refused.message


def test_certificates_and_no_verification_contradict_each_other() -> None:
    refused = TLSTrust.create(CERTIFICATE, insecure_skip_verify=True)
    assert isinstance(refused, Refused)
    assert "insecureSkipVerify" in refused.message
