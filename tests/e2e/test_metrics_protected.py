"""Metrics of the real operator, for real tokens: who may read them, who may not, and until when."""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from e2e.protected import ProtectedRig, have_reader

from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testbed.controlplane import ControlPlane

REMEMBERED = 60
"""Seconds for which the operator remembers who may."""


@pytest.fixture(scope="module")
def protected(
    control_plane: ControlPlane, crds: tuple[str, ...], tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProtectedRig]:
    assert crds
    have_reader(control_plane, tools["kubectl"])
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
