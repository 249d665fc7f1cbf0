"""Pods without a kubelet: the process that a pod of the API server would run, under the pod's own account.

Program, arguments and environment are those of the object; only what a kubelet would mount or forward is given
otherwise: the account's token as a kubeconfig, ConfigMaps as files, and a free port on the loopback.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from testbed import accounts
from testbed.processes import Process

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from testbed.kubectl import Kubectl

Object = dict[str, Any]
_PROGRAMS = {"vvol-replication": [sys.executable, "-m", "vvol_replication"]}


def account(kubectl: Kubectl, directory: Path, namespace: str, name: str) -> Path:
    """A kubeconfig (JSON) of a service account; it is granted nothing here."""
    token = kubectl("create", "token", name, "--namespace", namespace).stdout.strip()
    document = json.loads(accounts.admin(kubectl))
    document["users"] = [{"name": name, "user": {"token": token}}]
    document["contexts"][0]["context"]["user"] = name
    path = directory / f"{namespace}-{name}.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(json.dumps(document), "utf-8")
    return path


def mounted(kubectl: Kubectl, directory: Path, spec: Mapping[str, Any]) -> dict[str, str]:
    """Write what a pod's ConfigMaps hold as files; where they are, by where the container is told that they are."""
    (container,) = spec["containers"]
    maps = {one["name"]: one["configMap"]["name"] for one in spec.get("volumes", ()) if "configMap" in one}
    places: dict[str, str] = {}
    for mount in container.get("volumeMounts", ()):
        if mount["name"] in maps:
            home = directory / mount["name"]
            home.mkdir(exist_ok=True)
            for key, text in kubectl.get("configmap", maps[mount["name"]])["data"].items():
                (home / key).write_text(text)
            places[mount["mountPath"]] = str(home)
    return places


def environment_of(
    container: Mapping[str, Any], fields: Mapping[str, str], places: Mapping[str, str]
) -> dict[str, str]:
    """A container's environment; `fields` are the pod's, by path."""
    found = {}
    for one in container.get("env", ()):
        value = one["value"] if "value" in one else fields[one["valueFrom"]["fieldRef"]["fieldPath"]]
        for there, here in places.items():
            value = value.replace(f"{there}/", f"{here}/")
        found[one["name"]] = value
    return found


def start(kubectl: Kubectl, directory: Path, spec: Mapping[str, Any], namespace: str, name: str) -> Process:
    """Start the only container of a pod's spec; the log is `<name>.log`. `kubectl` is for the pod's namespace."""
    (container,) = spec["containers"]
    fields = {"metadata.namespace": namespace, "metadata.name": name}
    ports = {"--http-port", "--metrics-port"}
    arguments = [f"{flag}=0" if (flag := one.partition("=")[0]) in ports else one for one in container["args"]]
    if "--http-port=0" in arguments:
        arguments.append("--http-host=127.0.0.1")
    kubeconfig = account(kubectl, directory, namespace, spec["serviceAccountName"])
    (program,) = container["command"]
    command = [*_PROGRAMS[program], *arguments, f"--kubeconfig={kubeconfig}"]
    environment = {**os.environ, **environment_of(container, fields, mounted(kubectl, directory, spec))}
    return Process(name, command, directory, environment=environment)
