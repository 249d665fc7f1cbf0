"""The account that an operator runs under: the one of the shipped manifests, with a token of its own.

What it may do is read from `manifests/overlays`, as `kubectl kustomize` builds it. Only namespaces are others, and
outside of the operator's namespace each name ends with that: a test run has many operators, a cluster may have one.
"""

from __future__ import annotations

import copy
import functools
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from testbed.kubectl import Kubectl

Object = dict[str, Any]

MANIFESTS = Path(__file__).resolve().parents[2] / "manifests"
ACCOUNT = "vvol-replication"
HOME = "vvol-replication-system"
"""The operator's namespace as the manifests have it."""
WATCHED = "dr"
"""The namespace that the overlay `one-namespace` watches."""
_BINDINGS = {"RoleBinding", "ClusterRoleBinding"}
_DURATION = "24h"


@functools.cache
def admin(kubectl: Kubectl) -> str:
    """The admin's kubeconfig, with all that it names in it."""
    return kubectl("config", "view", "--minify", "--flatten", "--raw", "--output=json").stdout


@functools.cache
def _kustomized(program: Path, directory: Path) -> str:
    return subprocess.run([program, "kustomize", directory], capture_output=True, text=True, check=True).stdout


def built(program: Path, directory: Path) -> list[Object]:
    """All objects of a kustomization, as this kubectl builds them; no cluster is asked."""
    return list(yaml.load_all(_kustomized(program, directory), Loader=yaml.CSafeLoader))


def permissions(program: Path, namespace: str, watched: Sequence[str]) -> list[Object]:
    """The account in ``namespace``, what it may do, and the bindings: in the namespaces ``watched``, or everywhere.

    Roles that are bound to nobody (people's) are left out.
    """
    overlay = MANIFESTS / "overlays" / ("one-namespace" if watched else "cluster-wide")
    objects = built(program, overlay)
    bindings = [one for one in objects if one["kind"] in _BINDINGS]
    bound = {(one["roleRef"]["kind"], one["roleRef"]["name"]) for one in bindings}
    accounts = [one for one in objects if one["kind"] == "ServiceAccount"]
    roles = [one for one in objects if (one["kind"], one["metadata"]["name"]) in bound]
    return [moved for one in (*accounts, *roles, *bindings) for moved in _moved(one, namespace, watched)]


def _moved(obj: Object, home: str, watched: Sequence[str]) -> Iterator[Object]:
    """An object of the manifests for a home of its own; one of the watched namespace for each of these."""
    where = obj["metadata"].get("namespace")
    for namespace in {HOME: [home], WATCHED: watched}.get(where, [where]):
        made = copy.deepcopy(obj)
        if namespace is not None:
            made["metadata"]["namespace"] = namespace
        suffix = "" if namespace == home else f"-{home}"
        made["metadata"]["name"] += suffix
        if made["kind"] in _BINDINGS:
            made["roleRef"]["name"] += suffix
            for subject in made["subjects"]:
                subject["namespace"] = home
        yield made


def kubeconfig(
    kubectl: Kubectl,
    directory: Path,
    namespace: str,
    watched: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
) -> Path:
    """Grant what the manifests grant an operator in ``namespace``; a kubeconfig (JSON) of its account in ``directory``.

    The namespaces ``watched`` have to be there, and may be more than last time. ``labels``: for all that is made.
    """
    objects = permissions(kubectl.program, namespace, watched)
    for one in objects:
        one["metadata"]["labels"] = {**one["metadata"].get("labels", {}), **(labels or {})}
    kubectl.apply(*objects, options=("--server-side", "--force-conflicts"))
    made = ("create", "token", ACCOUNT, "--namespace", namespace, f"--duration={_DURATION}")
    token = kubectl(*made).stdout.strip()
    document = json.loads(admin(kubectl))
    document["users"] = [{"name": ACCOUNT, "user": {"token": token}}]
    document["contexts"][0]["context"]["user"] = ACCOUNT
    path = directory / f"{namespace}.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=2), "utf-8")
    return path
