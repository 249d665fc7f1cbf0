"""The cluster that the demo plays on: one of its own, or exactly the one that DEMO_KUBECONFIG names.

In a cluster that is not ours each object we make carries a label with a random id, and only what carries it is removed:
the two namespaces with all in them, the operator's roles, the VCenters and FlashArrays, and the CRDs if we installed
them.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from testbed.controlplane import ControlPlane
from testbed.kubectl import Kubectl, KubectlError
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Object = dict[str, Any]

NAMESPACE = "vvol-demo"
SYSTEM_NAMESPACE = "vvol-demo-system"
CRDS = Path(__file__).resolve().parents[2] / "crds"
LABEL = "replication.vvol.dev/demo"
CLUSTER_SCOPED = "vcenters.replication.vvol.dev,flasharrays.replication.vvol.dev"
NAMESPACED = ",".join(
    f"{plural}.replication.vvol.dev"
    for plural in ("replicationschedules", "replicationsyncs", "failoverpreparations", "replicationgroups")
)
ROLES = "clusterrolebindings,rolebindings,clusterroles,roles"
PATIENCE = "30s"


class DemoError(Exception):
    """The demo cannot go on; the message says why, and what to do."""


def crd_documents() -> list[Object]:
    """The product's CRDs, decoded."""
    return [
        document for path in sorted(CRDS.glob("*.yaml")) for document in yaml.safe_load_all(path.read_text("utf-8"))
    ]


def labelled(objects: Sequence[Mapping[str, Any]], run: str) -> list[Object]:
    """Copies of these objects with our label."""
    return [
        {**one, "metadata": {**one["metadata"], "labels": {**one["metadata"].get("labels", {}), LABEL: run}}}
        for one in objects
    ]


@dataclass(frozen=True)
class Cluster:
    """Where the demo's objects go. `server` and `context` are for people."""

    kubectl: Kubectl
    run: str
    server: str
    context: str | None = None
    """The context in the kubeconfig that was given; None for a cluster of our own."""

    @property
    def given(self) -> bool:
        """Whether it was there before us, and stays."""
        return self.context is not None

    def install_crds(self) -> bool:
        """Apply the CRDs and wait until they are Established; False if they were there, and are left as they are."""
        documents = crd_documents()
        names = [f"crd/{one['metadata']['name']}" for one in documents]
        if self.given and self._installed(documents):
            return False
        self.kubectl.apply(*labelled(documents, self.run), options=("--server-side", "--field-manager=vvol-demo"))
        self.kubectl("wait", "--for=condition=Established", f"--timeout={PATIENCE}", *names)
        return True

    def make_namespaces(self) -> None:
        """Create both; a cluster that has one of them already is refused."""
        names = (NAMESPACE, SYSTEM_NAMESPACE)
        objects = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]
        self.kubectl("create", "-f", "-", stdin="\n---\n".join(json.dumps(one) for one in labelled(objects, self.run)))

    def check(self) -> None:
        """Raise DemoError where the demo would meet what is not its own. Changes nothing."""
        for name in (NAMESPACE, SYSTEM_NAMESPACE):
            self._check_namespace(name)
        if self._installed(crd_documents()):
            met = self.kubectl("get", CLUSTER_SCOPED, "--output=name").stdout.split()
            if met:
                raise DemoError(
                    f"This cluster has {', '.join(met[:3])}{' and others' if len(met) > 3 else ''}: the demo's operator"  # noqa: PLR2004 - enough to recognize
                    " would report on those too. Name a cluster without VCenters and FlashArrays, or none."
                )

    def tidy(self) -> list[str]:
        """Remove what carries our label, but for the namespaces; what could not be removed, in words.

        The operator should still run: it lets go of syncs that are in flight.
        """
        trouble: list[str] = []
        if self._ours("namespace", NAMESPACE):
            self._empty(trouble)
        if self.kubectl("get", CLUSTER_SCOPED, check=False).returncode == 0:
            self._delete(trouble, CLUSTER_SCOPED, f"--selector={LABEL}={self.run}")
        return trouble

    def leave(self) -> list[str]:
        """Remove our roles, namespaces and CRDs, once the operator has ended; what could not be removed, in words."""
        trouble: list[str] = []
        self._delete(trouble, ROLES, f"--selector={LABEL}={self.run}", "--all-namespaces")
        self._delete(trouble, "namespace", f"--selector={LABEL}={self.run}", "--wait=false")
        crds = self.kubectl("get", "crd", f"--selector={LABEL}={self.run}", "--output=name", check=False).stdout.split()
        kinds = ",".join(name.partition("/")[2] for name in crds)
        if not crds:
            return trouble
        others = self.kubectl("get", kinds, "--all-namespaces", "--output=name", check=False)
        if others.returncode or others.stdout.strip():
            trouble.append(f"the CRDs stay, because there are objects that are not the demo's: {kinds}")
        else:
            self._delete(trouble, *crds)
        return trouble

    def _installed(self, documents: Sequence[Object]) -> bool:
        names = [one["metadata"]["name"] for one in documents]
        found = self.kubectl("get", "crd", *names, "--ignore-not-found", "--output=name").stdout.split()
        if found and len(found) < len(names):
            raise DemoError(
                f"This cluster has {len(found)} of the {len(names)} CRDs: another version of the operator is or was"
                " there. Name another cluster, or remove them."
            )
        return bool(found)

    def _check_namespace(self, name: str) -> None:
        found = self.kubectl.find("namespace", name)
        if found is None:
            return
        if not found["metadata"].get("deletionTimestamp"):
            raise DemoError(
                f"This cluster has a namespace {name}, which the demo makes for itself: is a demo running there? If"
                f" not, remove it: kubectl delete namespace {name}"
            )
        try:
            eventually(
                lambda: self.kubectl.find("namespace", name), what="", until=lambda seen: seen is None, every=0.5
            )
        except TimeoutError:
            raise DemoError(
                f"The namespace {name} of an earlier demo is being deleted and does not disappear:"
                f" kubectl get namespace {name} --output=yaml says what it waits for."
            ) from None

    def _ours(self, kind: str, name: str) -> bool:
        found = self.kubectl("get", kind, f"--selector={LABEL}={self.run}", "--output=name", check=False).stdout.split()
        return f"{kind}/{name}" in found

    def _empty(self, trouble: list[str]) -> None:
        """Delete our kinds in our namespace; take off finalizers that nobody serves, which would hold it up."""
        if self.kubectl("get", NAMESPACED, "--namespace", NAMESPACE, check=False).returncode:
            return  # the CRDs are not there yet
        everything = ("delete", NAMESPACED, "--all", "--namespace", NAMESPACE, f"--timeout={PATIENCE}")
        if self.kubectl(*everything, check=False).returncode == 0:
            return
        left = self.kubectl("get", NAMESPACED, "--namespace", NAMESPACE, "--output=name", check=False).stdout.split()
        for name in left:
            release = ("--type=merge", '--patch={"metadata":{"finalizers":null}}')
            self.kubectl("patch", name, "--namespace", NAMESPACE, *release, check=False)
        self._delete(trouble, NAMESPACED, "--all", "--namespace", NAMESPACE)

    def _delete(self, trouble: list[str], *arguments: str) -> None:
        try:
            self.kubectl("delete", *arguments, "--ignore-not-found", f"--timeout={PATIENCE}")
        except KubectlError as error:
            trouble.append(str(error))


@contextlib.contextmanager
def own(directory: Path, tools: Mapping[str, Path]) -> Iterator[tuple[Cluster, ControlPlane]]:
    """A control plane in `directory`, which ends on leaving."""
    with ControlPlane.start(directory, tools) as plane:
        yield Cluster(plane.client, uuid.uuid4().hex[:12], plane.server), plane


def given(kubeconfig: Path, directory: Path, program: Path) -> Cluster:
    """The cluster of this file's current context, whatever becomes of the file: a copy is put into `directory`."""
    if not kubeconfig.is_file():
        raise DemoError(f"DEMO_KUBECONFIG={kubeconfig} is not a file: name one kubeconfig, or leave it unset.")
    asking = Kubectl(program, kubeconfig, directory / "kubectl-cache")
    config = json.loads(asking("config", "view", "--minify", "--flatten", "--raw", "--output=json").stdout)
    pinned = directory / "kubeconfig"
    pinned.touch(mode=0o600)
    pinned.write_text(json.dumps(config, indent=2), "utf-8")
    server = config["clusters"][0]["cluster"]["server"]
    context = config["current-context"]
    return attach(pinned, directory, program, run=uuid.uuid4().hex[:12], server=server, context=context)


def attach(pinned: Path, directory: Path, program: Path, *, run: str, server: str, context: str) -> Cluster:
    """A cluster that `given` returned in a run that has ended."""
    return Cluster(Kubectl(program, pinned, directory / "kubectl-cache"), run, server, context)
