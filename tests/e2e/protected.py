"""An operator whose metrics are protected, with a certificate of ours; accounts that may read them, and others."""

from __future__ import annotations

import re
import ssl
import urllib.error
import urllib.request
import uuid
from typing import TYPE_CHECKING

from e2e.rig import Rig

from testbed import accounts
from testbed.certificates import Authority
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from testbed.controlplane import ControlPlane

READER = "vvol-replication-metrics-reader"


def have_reader(plane: ControlPlane, kubectl: Path) -> None:
    """Apply the shipped role of those who may read."""
    objects = accounts.built(kubectl, accounts.MANIFESTS / "overlays" / "cluster-wide")
    plane.client.apply(next(one for one in objects if one["metadata"]["name"] == READER))


class ProtectedRig(Rig):
    """An operator with protected metrics, under a certificate of ours. The role of readers has to be there."""

    def __init__(self, plane: ControlPlane, directory: Path, *, port: int = 0, more: Sequence[str] = ()) -> None:
        """`port`: of the metrics; 0: any."""
        authority = Authority("metrics")
        pair = authority.server("vvol-replication-metrics", ["127.0.0.1"])
        (directory / "tls.crt").write_bytes(pair.certificate)
        (directory / "tls.key").write_bytes(pair.key)
        protection = [f"--metrics-port={port}", f"--metrics-cert-path={directory}"]
        super().__init__(plane, directory, more=[*protection, *more])
        self.authority = authority.certificate
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
