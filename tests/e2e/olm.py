"""What OLM makes of a bundle when it is installed to act in all namespaces, as its InstallPlans and strategy do.

The account and a ClusterRole for `clusterPermissions`; a Deployment with a few additions of OLM's own; all other
objects of the bundle as they are, those with a namespace in that of the ClusterServiceVersion.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

Object = dict[str, Any]
_RBAC = "rbac.authorization.k8s.io"
_CRD = "CustomResourceDefinition"
_NAMESPACED = {"Role", "RoleBinding", "Service", "PodDisruptionBudget"}


def manifests(bundle: Path) -> list[Object]:
    """All objects of a bundle."""
    return [yaml.safe_load(path.read_text("utf-8")) for path in sorted((bundle / "manifests").glob("*.yaml"))]


def csv_of(bundle: Path) -> Object:
    """Its ClusterServiceVersion."""
    (found,) = [one for one in manifests(bundle) if one["kind"] == "ClusterServiceVersion"]
    return found


def namespace_of(csv: Object) -> Object:
    """The Namespace that it suggests, which OpenShift's console makes."""
    found: Object = json.loads(csv["metadata"]["annotations"]["operatorframework.io/suggested-namespace-template"])
    return found


def crds(bundle: Path) -> list[Object]:
    """What is applied first."""
    return [one for one in manifests(bundle) if one["kind"] == _CRD]


def made(bundle: Path, namespace: str) -> list[Object]:
    """All else that is applied, in OLM's order."""
    csv = csv_of(bundle)
    beside = [one for one in manifests(bundle) if one["kind"] not in {"ClusterServiceVersion", _CRD}]
    for one in beside:
        if one["kind"] in _NAMESPACED:
            one["metadata"]["namespace"] = namespace
    return [*_accounts(csv, namespace), *beside, *_deployments(csv, namespace)]


def _accounts(csv: Object, namespace: str) -> list[Object]:
    found: list[Object] = []
    for number, one in enumerate(csv["spec"]["install"]["spec"]["clusterPermissions"]):
        account, name = one["serviceAccountName"], f"{csv['metadata']['name']}-{number}"
        subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
        reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name}
        rbac, metadata = {"apiVersion": f"{_RBAC}/v1"}, {"metadata": {"name": name}}
        found += [
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": namespace}},
            {**rbac, "kind": "ClusterRole", **metadata, "rules": one["rules"]},
            {**rbac, "kind": "ClusterRoleBinding", **metadata, "roleRef": reference, "subjects": [subject]},
        ]
    return found


def _deployments(csv: Object, namespace: str) -> list[Object]:
    found = []
    for one in csv["spec"]["install"]["spec"]["deployments"]:
        spec = copy.deepcopy(one["spec"])
        template = spec["template"]
        annotations = template["metadata"].setdefault("annotations", {})
        annotations |= {
            **csv["metadata"]["annotations"],
            "olm.targetNamespaces": "",
            "olm.operatorNamespace": namespace,
        }
        for container in template["spec"]["containers"]:
            container["env"].append({"name": "OPERATOR_CONDITION_NAME", "value": csv["metadata"]["name"]})
        metadata = {"name": one["name"], "namespace": namespace, "labels": one["label"]}
        found.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
    return found
