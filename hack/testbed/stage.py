"""What demo, end-to-end tests and benchmarks put on the stage: the objects for a simulator, and an operator process."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed.processes import Process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

API_VERSION = "replication.vvol.dev/v1alpha1"
FINISHED = ("Complete", "Failed")

Object = dict[str, Any]


def secret(name: str, namespace: str, **data: str) -> Object:
    """A Secret with these values."""
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "data": encoded,
    }


def connected(kind: str, name: str, spec: Object) -> Object:
    """A VCenter or FlashArray."""
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}


def endpoints(ready: Mapping[str, Any], operator_namespace: str, prefix: str = "") -> list[Object]:
    """Secrets, VCenters and FlashArrays for all that a simulator says it serves (its `simulator.json`)."""
    tls = {"caCertificates": Path(ready["caFile"]).read_text("utf-8")}
    objects: list[Object] = []
    for name, site in ready["vcenters"].items():
        secret_name = f"{prefix}vcenter-{name}"
        objects.append(
            secret(secret_name, operator_namespace, username=site["username"], password=site["password"]),
        )
        spec = {"address": site["address"], "credentialsSecretRef": {"name": secret_name}, "tls": tls}
        objects.append(connected("VCenter", prefix + name, spec))
    for name, array in ready["arrays"].items():
        secret_name = f"{prefix}array-{name}"
        objects.append(secret(secret_name, operator_namespace, apiToken=array["apiToken"]))
        spec = {"address": array["address"], "apiTokenSecretRef": {"name": secret_name}, "tls": tls}
        objects.append(connected("FlashArray", prefix + name, spec))
    return objects


def group(name: str, namespace: str, source: str, *, recovery: str, protected: str | None, **more: Any) -> Object:
    """A ReplicationGroup for the source group of that name (`<array>:<protection group>`)."""
    spec: Object = {"recoverySite": {"vCenterRef": {"name": recovery}}, "group": {"name": source}, **more}
    if protected is not None:
        spec["protectedSite"] = {"vCenterRef": {"name": protected}}
    return {
        "apiVersion": API_VERSION,
        "kind": "ReplicationGroup",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def sync(name: str, namespace: str, group_name: str, **more: Any) -> Object:
    """A ReplicationSync on a ReplicationGroup of its namespace."""
    return {
        "apiVersion": API_VERSION,
        "kind": "ReplicationSync",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"groupRef": {"name": group_name}, **more},
    }


def preparation(name: str, namespace: str, group_name: str, *, not_after: str, **more: Any) -> Object:
    """A FailoverPreparation of a ReplicationGroup of its namespace, with consent."""
    return {
        "apiVersion": API_VERSION,
        "kind": "FailoverPreparation",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"groupRef": {"name": group_name}, "consent": group_name, "notAfter": not_after, **more},
    }


def condition(obj: Mapping[str, Any], type_: str) -> Mapping[str, Any] | None:
    """One condition of an object."""
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one["type"] == type_), None)


def is_current(obj: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
    """Was that condition written for the object's generation, and not for one before? As `kubectl wait` asks."""
    generation = obj["metadata"].get("generation", 0)
    whole = obj["status"].get("observedGeneration", generation)
    return bool(condition.get("observedGeneration", whole) >= generation)


def is_true(obj: Mapping[str, Any], type_: str) -> bool:
    """Is that condition True?"""
    found = condition(obj, type_)
    return found is not None and found["status"] == "True"


def operator(
    kubeconfig: Path,
    directory: Path,
    operator_namespace: str,
    namespaces: Sequence[str] = (),
    name: str = "operator",
    *,
    program: Sequence[str] = ("-m", "vvol_replication"),
    probes: bool = False,
    more: Sequence[str] = (),
) -> Process:
    """Start the operator as a process of its own; its log is in `directory`, and says the port of its `probes`.

    `program`: what Python is to run. `more`: arguments for it.
    """
    command = [sys.executable, *program, "--operator-namespace", operator_namespace]
    command += ["--kubeconfig", str(kubeconfig)]
    for namespace in namespaces:
        command += ["--namespace", namespace]
    if probes:
        command += ["--http-host", "127.0.0.1", "--http-port", "0"]
    return Process(name, [*command, *more], directory)
