"""A pod of the rendered chart's Deployment, in podman, with everything around it: API server, storage, accounts."""

from __future__ import annotations

import contextlib
import copy
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from container.pods import Pod
from e2e.helm import NAMESPACE, RELEASE, Helm, is_hook, one
from e2e.rig import PUSHES

from container import pod
from testbed import simulated, stage
from testbed.controlplane import ControlPlane, free_ports
from vvol_simulator.client import Simulator

MEMORY = "128Mi"


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

    def start(self, **security: Any) -> Pod:
        """A new pod, when it is ready. `security`: other values for the pod's security context."""
        deployment = copy.deepcopy(self._deployment)
        deployment["spec"]["template"]["spec"]["securityContext"] |= security
        self.pods.append(Pod(deployment, next(self._names), self._node))
        self.pod.wait_ready()
        return self.pod

    def sync(self, name: str, group: str) -> None:
        """Ask for a sync."""
        self.plane.client.have(stage.sync(name, NAMESPACE, group))

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


@contextlib.contextmanager
def standing(image: str, helm: Helm, plane: ControlPlane, topology: dict[str, Any], directory: Path) -> Iterator[Stand]:
    """The chart's objects in the API server, the site's objects without a CA of their own, and no pod yet."""
    (port,) = free_ports(1)
    repository, _, tag = image.rpartition(":")
    values = {
        "image": {"repository": repository, "tag": tag},
        "http": {"port": port},
        "resources": {"limits": {"memory": MEMORY}},
        "trustedCA": {"configMap": "corporate-ca", "key": "ca.crt"},
    }
    objects = helm.objects(values)
    plane.client.apply(*[obj for obj in objects if not is_hook(obj)], options=("--server-side",))
    plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
    with simulated.serving(topology) as simulator:
        ca = Path(simulator.ready["caFile"]).read_text("utf-8")
        node = node_for(plane, directory, ca)
        site = stage.endpoints(simulator.ready, NAMESPACE)
        for obj in site:
            obj.get("spec", {}).pop("tls", None)
        plane.client.apply(*site)
        made = Stand(plane, simulator, one(objects, "Deployment"), node)
        try:
            yield made
        finally:
            for each in made.pods:
                print(f"\n--- {each.name}\n{each.log}")  # noqa: T201 - for -s
                each.remove()
            plane.kubectl("delete", "--all", "--all-namespaces", "replicationgroups,vcenters,flasharrays")
