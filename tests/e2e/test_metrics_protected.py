"""Metrics of the real operator, for real tokens: who may read them, who may not, and until when."""

from __future__ import annotations

import base64
import json
import re
import ssl
import time
import urllib.error
import urllib.request
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from e2e.rig import Rig

from testbed import accounts
from testbed.certificates import Authority
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testbed.controlplane import ControlPlane

READER = "vvol-replication-metrics-reader"
REMEMBERED = 60
"""Seconds for which the operator remembers who may."""


class ProtectedRig(Rig):
    """An operator with protected metrics, under a certificate of ours."""

    def __init__(self, plane: ControlPlane, directory: Path) -> None:
        authority = Authority("metrics")
        pair = authority.server("vvol-replication-metrics", ["127.0.0.1"])
        (directory / "tls.crt").write_bytes(pair.certificate)
        (directory / "tls.key").write_bytes(pair.key)
        super().__init__(plane, directory, more=["--metrics-port=0", f"--metrics-cert-path={directory}"])
        self._trust = ssl.create_default_context(cadata=authority.certificate.decode())
        self.tokens: list[str] = []
        self.always = self.token(self.account(reader=True))

    def account(self, *, reader: bool) -> str:
        """Make a ServiceAccount, bound to the shipped role of readers or to nothing."""
        name = f"scraper-{uuid.uuid4().hex[:6]}"
        self.plane.kubectl("create", "serviceaccount", name, "--namespace", self.secrets)
        if reader:
            who = f"--serviceaccount={self.secrets}:{name}"
            self.plane.kubectl("create", "clusterrolebinding", name, f"--clusterrole={READER}", who)
        return name

    def token(self, account: str) -> str:
        """By TokenRequest, as Prometheus has it."""
        made = self.plane.kubectl("create", "token", account, "--namespace", self.secrets, "--duration=10m")
        self.tokens.append(made.stdout.strip())
        return self.tokens[-1]

    def ask(self, token: str | None, path: str = "/metrics") -> tuple[int, str]:
        """Status and text of the answer on the protected port; the certificate is verified."""
        said = eventually(lambda: re.search(r"metrics on port (\d+), over TLS", self.log), what="the metrics' port")
        assert said is not None
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"https://127.0.0.1:{said[1]}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10, context=self._trust) as answer:  # noqa: S310 - ours
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def scrape(self, accept: str = "") -> tuple[str, str]:
        """As the rig's own search for secrets wants it."""
        status, text = self.ask(self.always)
        assert status == 200, text
        return text, accept

    def check_secrets(self) -> None:
        """Nor is any token in the log."""
        super().check_secrets()
        assert [one for one in self.tokens if one in self.log or one.rpartition(".")[2] in self.log] == []


@pytest.fixture(scope="module")
def protected(
    control_plane: ControlPlane, crds: tuple[str, ...], tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProtectedRig]:
    assert crds
    objects = accounts.built(tools["kubectl"], accounts.MANIFESTS / "overlays" / "cluster-wide")
    control_plane.client.apply(next(one for one in objects if one["metadata"]["name"] == READER))
    made = ProtectedRig(control_plane, tmp_path_factory.mktemp("operator"))
    with made.running():
        yield made


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_anew(plane: ControlPlane, token: str, **claims: Any) -> str:
    """The token with other claims, signed by the API server's own key."""
    header, body, _ = token.split(".")
    said = encoded(json.dumps(decoded(body) | claims).encode())
    key = serialization.load_pem_private_key((plane.directory / "service-account.key").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = key.sign(f"{header}.{said}".encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{header}.{said}.{encoded(signature)}"


def test_a_reader_gets_the_metrics_and_others_are_told_what_is_missing(protected: ProtectedRig) -> None:
    status, text = protected.ask(protected.token(protected.account(reader=True)))
    assert status == 200
    assert "vvol_leader 1.0" in text
    stranger = protected.account(reader=False)
    status, text = protected.ask(protected.token(stranger))
    assert status == 403
    assert f"system:serviceaccount:{protected.secrets}:{stranger} may not get /metrics." in text
    status, text = protected.ask(None)
    assert (status, text) == (401, "Send a token of a Kubernetes account: Authorization: Bearer <token>.\n")
    assert protected.ask("not-a-token")[0] == 401


def test_an_expired_or_changed_token_is_refused(protected: ProtectedRig) -> None:
    plane, token, now = protected.plane, protected.token(protected.account(reader=True)), int(time.time())
    assert protected.ask(signed_anew(plane, token, exp=now + 600))[0] == 200, "it is signed well"
    status, text = protected.ask(signed_anew(plane, token, exp=now - 60, iat=now - 660, nbf=now - 660))
    assert status == 401
    assert "expired or revoked" in text
    header, body, signature = token.split(".")
    claims = encoded(json.dumps(decoded(body) | {"exp": now + 6000}).encode())
    assert protected.ask(f"{header}.{claims}.{signature}")[0] == 401


def test_the_port_of_the_probes_has_no_metrics_and_the_other_one_nothing_else(protected: ProtectedRig) -> None:
    said = eventually(lambda: re.search(r"probes on port (\d+)", protected.log), what="the probes' port")
    assert said is not None
    for path, status in (("/livez", 200), ("/metrics", 404)):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{said[1]}{path}", timeout=10) as answer:
                found = answer.status
        except urllib.error.HTTPError as refused:
            found = refused.code
        assert found == status
    assert protected.ask(protected.always, "/livez")[0] == 404


def test_who_loses_the_role_or_the_account_is_refused_when_the_verdict_is_forgotten(protected: ProtectedRig) -> None:
    unbound, deleted = (protected.account(reader=True) for _ in range(2))
    tokens = [protected.token(one) for one in (unbound, deleted)]
    began = time.monotonic()
    assert [protected.ask(one)[0] for one in tokens] == [200, 200]
    protected.plane.kubectl("delete", "clusterrolebinding", unbound)
    protected.plane.kubectl("delete", "serviceaccount", deleted, "--namespace", protected.secrets)
    assert [protected.ask(one)[0] for one in tokens] == [200, 200], "remembered"
    assert time.monotonic() < began + REMEMBERED
    eventually(
        lambda: [protected.ask(one)[0] for one in tokens],
        what="both to be refused",
        until=lambda seen: seen == [403, 401],
        timeout=2 * REMEMBERED,
        every=1,
    )
    assert time.monotonic() >= began + REMEMBERED
