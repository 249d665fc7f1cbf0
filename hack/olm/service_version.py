"""The ClusterServiceVersion: what OLM installs, with which rights, and what its catalog says of it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from olm import descriptors, source

CHANNEL = "candidate"
_ICON = Path(__file__).with_name("icon.svg")
_DESCRIPTION = """\
A point in time of a replication group of vSphere Virtual Volumes is asked for as a Kubernetes object, pushed by the
source FlashArray, and proven at the target. A planned failover is prepared in the same way.

Before you install it:

- Install it into the namespace `{namespace}`. Its right to read Secrets and to hold its Lease is for that namespace
  only. Installed elsewhere, its pods do not become ready.
- It acts in all namespaces. If it is to act in some only, use the Helm chart or the manifests.
- Secrets for vCenters and FlashArrays are in its namespace.

After that, make a VCenter and a FlashArray for each site, a ReplicationGroup in the team's namespace, and there a
ReplicationSync for each point in time.
"""


def made(image: str) -> source.Object:
    """Return the object. `image`: the operator's, by tag or, better, by digest."""
    chart, version = source.chart(), source.version()
    name = f"{source.NAME}.v{version}"
    home = source.namespace()
    return {
        "apiVersion": "operators.coreos.com/v1alpha1",
        "kind": "ClusterServiceVersion",
        "metadata": {
            "name": name,
            "annotations": {
                "alm-examples": json.dumps(source.examples(), indent=2) + "\n",
                "capabilities": chart["annotations"]["artifacthub.io/operatorCapabilities"],
                "categories": "Storage",
                "containerImage": image,
                "description": chart["description"],
                "operatorframework.io/suggested-namespace": home["metadata"]["name"],
                "operatorframework.io/suggested-namespace-template": json.dumps(home, indent=2) + "\n",
            },
        },
        "spec": {
            "displayName": source.NAME,
            "description": _DESCRIPTION.format(namespace=home["metadata"]["name"]),
            "version": version,
            "maturity": "alpha",
            "minKubeVersion": str(chart["kubeVersion"]).removeprefix(">=").removesuffix("-0"),
            "keywords": chart["keywords"],
            "provider": {"name": f"The {source.NAME} authors"},
            "icon": [{"base64data": base64.b64encode(_ICON.read_bytes()).decode(), "mediatype": "image/svg+xml"}],
            "installModes": [
                {"type": one, "supported": one == "AllNamespaces"}
                for one in ("OwnNamespace", "SingleNamespace", "MultiNamespace", "AllNamespaces")
            ],
            "install": {"strategy": "deployment", "spec": {"deployments": [_deployment(image)], **_permissions()}},
            "customresourcedefinitions": {"owned": descriptors.owned()},
            "relatedImages": [{"name": "operator", "image": image}],
        },
    }


def _deployment(image: str) -> source.Object:
    """Return the manifests' own. User and group are left to the image: OpenShift gives each namespace its own."""
    found = source.deployment()
    pod = found["spec"]["template"]["spec"]
    for field in ("runAsUser", "runAsGroup"):
        del pod["securityContext"][field]
    (container,) = pod["containers"]
    container["image"] = image
    return {"name": found["metadata"]["name"], "label": found["metadata"]["labels"], "spec": found["spec"]}


def _permissions() -> source.Object:
    """Return what is granted in all namespaces.

    None are in `permissions`, which OLM gives in all namespaces, too, when the operator acts in all: with the right to
    read Secrets that would be the Secrets of everybody. So the operator's own Role is an object of the bundle.
    """
    account = source.deployment()["spec"]["template"]["spec"]["serviceAccountName"]
    rules = [rule for role in source.granted() for rule in role["rules"]]
    return {"clusterPermissions": [{"serviceAccountName": account, "rules": rules}]}
