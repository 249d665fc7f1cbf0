"""podman runs the image as the chart's Deployment describes it: real API server, simulated storage, 128 MiB."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from container.pods import Pod
from e2e.helm import NAMESPACE, RELEASE, Helm, is_hook, one
from e2e.rig import PROTECTED, PUSHES, RECOVERY, SOURCE, topology

from container import pod
from testbed import simulated, stage
from testbed.controlplane import ControlPlane, free_ports
from testbed.waiting import eventually
from vvol_simulator.client import Simulator

MEMORY = "128Mi"
TRANSFER = 6.0
GROUP = "erp"


class Stand:
    """Everything around a pod."""

    def __init__(self, plane: ControlPlane, simulator: Simulator, deployment: dict[str, Any], node: pod.Node) -> None:
        self.plane, self.simulator, self._deployment, self._node = plane, simulator, deployment, node
        self._names = (f"{RELEASE}-{number}-{os.getpid()}" for number in itertools.count(1))
        self.kubectl = plane.client.in_namespace(NAMESPACE)
        self.pods: list[Pod] = []

    @property
    def pod(self) -> Pod:
        """The pod that runs."""
        return self.pods[-1]

    def start(self) -> Pod:
        """A new pod, when it is ready."""
        self.pods.append(Pod(self._deployment, next(self._names), self._node))
        self.pod.wait_ready()
        return self.pod

    def sync(self, name: str) -> None:
        """Ask for a sync."""
        self.plane.client.have(stage.sync(name, NAMESPACE, GROUP))

    def wait_complete(self, name: str) -> None:
        """Wait for its good end."""
        done = self.kubectl.wait_until(
            "replicationsync", name, lambda obj: stage.is_true(obj, "Finished"), what="the end", timeout=90
        )
        assert stage.is_true(done, "Complete"), done["status"]

    def pushes(self) -> int:
        """How many snapshots the source array was asked for."""
        return len([one for one in self.simulator.journal() if one["call"] in PUSHES and one["tookEffect"]])


def node_for(plane: ControlPlane, directory: Path, ca: str) -> pod.Node:
    """The files that a kubelet would mount, readable for the pod's user, and the address of the API server."""
    account, trusted = directory / "account", directory / "ca"
    for made in (directory, account, trusted):
        made.mkdir(exist_ok=True)
        made.chmod(0o755)
    token = plane.kubectl("create", "token", RELEASE, "--namespace", NAMESPACE, "--duration=2h").stdout.strip()
    (account / "token").write_text(token, "utf-8")
    (account / "namespace").write_text(NAMESPACE, "utf-8")
    (account / "ca.crt").write_bytes((plane.directory / "ca.crt").read_bytes())
    (trusted / "ca.crt").write_text(ca, "utf-8")
    server = urlsplit(plane.server)
    where = {"KUBERNETES_SERVICE_HOST": str(server.hostname), "KUBERNETES_SERVICE_PORT": str(server.port)}
    return pod.Node(where, account, {"corporate-ca": trusted})


@pytest.fixture(scope="module")
def stand(
    image: str, helm: Helm, control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stand]:
    """The chart's objects in the API server, the site's objects without a CA of their own, and a pod that is ready."""
    (port,) = free_ports(1)
    repository, _, tag = image.rpartition(":")
    values = {
        "image": {"repository": repository, "tag": tag},
        "http": {"port": port},
        "resources": {"limits": {"memory": MEMORY}},
        "trustedCA": {"configMap": "corporate-ca", "key": "ca.crt"},
    }
    objects = helm.objects(values)
    control_plane.client.apply(*[obj for obj in objects if not is_hook(obj)], options=("--server-side",))
    control_plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
    with simulated.serving(topology(GROUP, transfer_seconds=TRANSFER)) as simulator:
        ca = Path(simulator.ready["caFile"]).read_text("utf-8")
        node = node_for(control_plane, tmp_path_factory.mktemp("node"), ca)
        site = stage.endpoints(simulator.ready, NAMESPACE)
        for obj in site:
            obj.get("spec", {}).pop("tls", None)
        control_plane.client.apply(*site)
        group = stage.group(GROUP, NAMESPACE, f"{SOURCE}:{GROUP}", recovery=RECOVERY, protected=PROTECTED)
        control_plane.client.have(group)
        made = Stand(control_plane, simulator, one(objects, "Deployment"), node)
        try:
            made.start()
            yield made
        finally:
            for each in made.pods:
                print(f"\n--- {each.name}\n{each.log}")  # noqa: T201 - for -s
                each.remove()


def test_it_runs_as_the_deployment_says(stand: Stand) -> None:
    status = stand.pod.status

    assert status["Uid"].split() == status["Gid"].split() == ["65532"] * 4
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_a_sync_becomes_complete_in_128_mib(stand: Stand) -> None:
    stand.sync("first")
    stand.wait_complete("first")

    print(f"\npeak of memory: {stand.pod.peak / 2**20:.0f} MiB")  # noqa: T201 - figures, for -s
    assert stand.pod.peak < pod.size(MEMORY)
    assert not stand.pod.state["OOMKilled"]


def test_killed_in_flight_and_started_again_it_pushes_nothing_twice(stand: Stand) -> None:
    before = stand.pushes()
    stand.sync("second")
    eventually(stand.pushes, what="the push", until=lambda now: now == before + 1, timeout=60)
    stand.pod.kill()
    assert stand.pod.state["ExitCode"] == 128 + signal.SIGKILL
    stand.start()
    stand.wait_complete("second")

    assert stand.pushes() == before + 1


def test_sigterm_ends_it_in_the_grace_period(stand: Stand) -> None:
    grace = 30
    begun = time.monotonic()
    status = stand.pod.stop()
    took = time.monotonic() - begun

    assert (status, stand.pod.state["OOMKilled"]) == (0, False)
    assert took < grace
    assert "SIGTERM: ending" in stand.pod.log
    assert "Traceback" not in stand.pod.log


def test_its_root_file_system_is_as_in_the_image(stand: Stand) -> None:
    changes = {path for one in stand.pods for path in one.changes()}
    print(f"\n{sorted(changes)}")  # noqa: T201 - figures, for -s

    assert changes == set()
