"""Turns a pod of a rendered manifest into the podman command that runs its container as the kubelet would have it run.

`podman kube play` is not used: its probes are programs in the container, and this image has none for it. A field that
is not known here is an error, so that nothing of the manifest is passed over in silence. Probes are the caller's.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from container.engine import ContainerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Object = dict[str, Any]

ACCOUNT_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount"
_SIZES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_ELSEWHERE = {"topologySpreadConstraints", "serviceAccountName", "automountServiceAccountToken", "affinity"}
"""What the scheduler and the API server do with a pod; the account's files are in Node."""
_POD = _ELSEWHERE | {"terminationGracePeriodSeconds", "securityContext", "containers", "volumes"}
_PROBES = {"livenessProbe", "readinessProbe", "startupProbe"}
_CONTAINER = _PROBES | {
    *("name", "image", "imagePullPolicy", "command", "args", "env", "ports", "resources", "securityContext"),
    "volumeMounts",
}
_SECURITY = {
    *("runAsNonRoot", "runAsUser", "runAsGroup", "seccompProfile"),
    *("allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities"),
}


@dataclass(frozen=True)
class Node:
    """What a kubelet brings to a pod.

    Parameters:
        environment: of every container, as KUBERNETES_SERVICE_HOST.
        account: directory with `token`, `ca.crt` and `namespace`.
        config_maps: directories with the files of each ConfigMap.
    """

    environment: Mapping[str, str]
    account: Path
    config_maps: Mapping[str, Path] = field(default_factory=dict)


def size(quantity: str) -> int:
    """Return the bytes of a quantity as `128Mi`."""
    number, unit = quantity[:-2], quantity[-2:]
    if unit not in _SIZES:
        raise ContainerError(f"{quantity}: of quantities only those in {', '.join(_SIZES)} are known here")
    return int(number) * _SIZES[unit]


def probe(container: Mapping[str, Any], name: str) -> tuple[str, int, float]:
    """Return a probe's path and port, and for how many seconds it may fail."""
    asked = container[name]
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    seconds = asked["periodSeconds"] * asked["failureThreshold"]
    return asked["httpGet"]["path"], ports[asked["httpGet"]["port"]], float(seconds)


def command(deployment: Mapping[str, Any], name: str, node: Node) -> list[str]:
    """Return the command that runs the one container of a Deployment's pod, detached, in the host's network.

    Raises ContainerError for what is not known here.
    """
    template = deployment["spec"]["template"]
    pod = template["spec"]
    (container,) = pod["containers"]
    _known(pod, _POD)
    _known(container, _CONTAINER)
    made = ["podman", *(["--runtime", "runc"] if shutil.which("runc") else []), "run", "--detach", "--pull=never"]
    made += ["--name", name, "--network=host", "--log-driver=k8s-file", *_limits(container["resources"])]
    made += ["--stop-timeout", str(pod["terminationGracePeriodSeconds"])]
    made += _security({**pod["securityContext"], **container["securityContext"]})
    fields = {"metadata.namespace": deployment["metadata"]["namespace"], "metadata.name": name}
    for one in container["env"]:
        value = one["value"] if "value" in one else fields[one["valueFrom"]["fieldRef"]["fieldPath"]]
        made += ["--env", f"{one['name']}={value}"]
    for key, value in node.environment.items():
        made += ["--env", f"{key}={value}"]
    made += ["--volume", f"{node.account}:{ACCOUNT_DIRECTORY}:ro"]
    volumes = {one["name"]: one for one in pod["volumes"]}
    for mount in container["volumeMounts"]:
        made += _mounted(mount, volumes[mount["name"]], node)
    return [*made, "--entrypoint", json.dumps(container["command"]), container["image"], *container["args"]]


def _known(obj: Mapping[str, Any], names: set[str]) -> None:
    if unknown := sorted(set(obj) - names):
        raise ContainerError(f"not known here, so the container would not run as the pod: {', '.join(unknown)}")


def _security(context: Mapping[str, Any]) -> Iterator[str]:
    """`seccompProfile: RuntimeDefault` is podman's own default."""
    _known(context, _SECURITY)
    if context["seccompProfile"] != {"type": "RuntimeDefault"} or context["allowPrivilegeEscalation"]:
        raise ContainerError("only the default seccomp profile, without escalation of privileges, is known here")
    yield from ("--user", f"{context['runAsUser']}:{context['runAsGroup']}")
    yield from ("--security-opt", "no-new-privileges")
    yield from (f"--cap-drop={one.lower()}" for one in context["capabilities"]["drop"])
    if context["readOnlyRootFilesystem"]:
        yield from ("--read-only", "--read-only-tmpfs=false")


def _limits(resources: Mapping[str, Any]) -> Iterator[str]:
    """Memory without swap. Few open files and processes: podman would raise both, where it may not."""
    if memory := resources.get("limits", {}).get("memory"):
        yield from (f"--memory={size(memory)}", f"--memory-swap={size(memory)}")
    yield from ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")


def _mounted(mount: Mapping[str, Any], volume: Mapping[str, Any], node: Node) -> list[str]:
    if "emptyDir" in volume:
        limit = size(volume["emptyDir"]["sizeLimit"])
        return ["--tmpfs", f"{mount['mountPath']}:size={limit},mode=1777"]
    if "configMap" in volume:
        return ["--volume", f"{node.config_maps[volume['configMap']['name']]}:{mount['mountPath']}:ro"]
    raise ContainerError(f"volume {volume['name']}: only emptyDir and configMap are known here")
