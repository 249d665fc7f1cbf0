"""The bundle, installed into a real API server as OLM would do it: the operator has what it needs, and no more.

There is no OLM, no kubelet and no controller: their part is done here.
"""

from __future__ import annotations

import re
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest
from e2e import olm, pods
from e2e.rig import LONG, PUSH, Rig, topology

from olm import bundle, source
from testbed.controlplane import ControlPlane
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.rig import Site

    from testbed.processes import Process

    Object = dict[str, Any]

BUNDLE = source.ROOT / bundle.DIRECTORY
ELSEWHERE = "operators"


class Installed(Rig):
    """A cluster with the bundle in the namespace that it suggests; its pods are processes."""

    def __init__(self, plane: ControlPlane, directory: Path) -> None:
        super().__init__(plane, directory, permissions="cluster-wide")
        namespace = olm.namespace_of(olm.csv_of(BUNDLE))
        plane.client.apply(namespace)
        self.secrets = namespace["metadata"]["name"]
        plane.client.apply(*olm.crds(BUNDLE), options=("--server-side",))
        plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        plane.client.apply(*olm.made(BUNDLE, self.secrets), options=("--server-side",))

    def start_pod(self, name: str, namespace: str) -> Process:
        """One pod of the Deployment in a namespace."""
        kubectl = self.plane.client.in_namespace(namespace)
        spec = kubectl.get("deployment", "vvol-replication")["spec"]["template"]["spec"]
        return pods.start(kubectl, self.directory, spec, namespace, name)

    def may(self, verb: str, what: str, namespace: str, *, home: str = "") -> bool:
        """May the account of the namespace `home` do that?"""
        account = f"system:serviceaccount:{home or self.secrets}:vvol-replication"
        said = self.plane.kubectl("auth", "can-i", verb, what, "-n", namespace, "--as", account, check=False)
        return said.stdout.strip() == "yes"


@pytest.fixture(scope="module")
def installed(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The bundle, in a cluster of its own."""
    directory = tmp_path_factory.mktemp("installed")
    with ControlPlane.start(directory / "plane", tools) as plane:
        yield Installed(plane, directory)


@pytest.fixture(scope="module")
def site(installed: Installed) -> Iterator[Site]:
    """Simulated storage, connected by the two pods of the Deployment."""
    started = [installed.start_pod(name, installed.secrets) for name in ("one", "two")]
    try:
        for one in started:
            eventually(
                lambda one=one: "waiting for Lease" in one.log.read_text(),  # type: ignore[misc]
                what="the pod to be up",
                timeout=LONG,
            )
        with installed.site(topology("erp")) as made:
            yield made
    finally:
        assert [one.end() for one in started] == [0, 0]


def asked(url: str) -> int:
    """The status of the answer."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - ours
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_a_sync_becomes_complete(site: Site) -> None:
    group = site.group("erp")
    site.wait_group(group)
    request = site.request(group)
    request.assert_true_success("erp")
    assert len(site.calls(PUSH, "erp")) == 1


def test_it_reads_secrets_in_its_own_namespace_only(installed: Installed) -> None:
    """OLM gives what is in `permissions` in all namespaces, if the operator acts in all."""
    assert installed.may("get", "secrets", installed.secrets)
    assert not installed.may("get", "secrets", "default")
    assert not installed.may("list", "secrets", installed.secrets)
    assert installed.may("create", "replicationsyncs.replication.vvol.dev", "default")


def test_installed_into_another_namespace_it_does_not_become_ready(installed: Installed) -> None:
    installed.plane.client.make_namespace(ELSEWHERE)
    installed.plane.client.apply(*olm.made(BUNDLE, ELSEWHERE), options=("--server-side", "--force-conflicts"))
    pod = installed.start_pod("elsewhere", ELSEWHERE)
    try:
        log = eventually(pod.log.read_text, what="a refusal", until=lambda text: "may not GET Leases" in text)
        port = re.search(r"probes on port (\d+)", log)
        assert port is not None
        eventually(
            lambda: asked(f"http://127.0.0.1:{port[1]}/readyz"), what="unreadiness", until=lambda said: said == 503
        )
    finally:
        pod.end()
    assert not installed.may("get", "secrets", ELSEWHERE, home=ELSEWHERE)
