"""One pod of the rendered Deployment, run by podman."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any

from container import pod
from container.engine import ContainerError, output
from testbed.waiting import eventually


class Pod:
    """A container, from its start until it is removed."""

    def __init__(self, deployment: dict[str, Any], name: str, node: pod.Node) -> None:
        self.name = name
        (self.container,) = deployment["spec"]["template"]["spec"]["containers"]
        try:
            output(pod.command(deployment, name, node))
        except ContainerError:  # one that could not start is there all the same
            self.remove()
            raise

    def answers(self, probe: str) -> bool:
        """Does a probe pass now?"""
        path, port, _ = pod.probe(self.container, probe)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", path)
            return connection.getresponse().status == HTTPStatus.OK
        return False

    def wait_ready(self) -> None:
        """As the kubelet asks: the startup probe within its time, then the others. A Lease may have to run out."""
        *_, patience = pod.probe(self.container, "startupProbe")
        eventually(lambda: self.answers("startupProbe"), what=f"{self.name} to start", timeout=patience)
        eventually(lambda: self.answers("readinessProbe"), what=f"{self.name} to be ready", timeout=60)
        assert self.answers("livenessProbe")

    @property
    def state(self) -> dict[str, Any]:
        """What podman says of it."""
        (said,) = json.loads(output(("podman", "inspect", self.name)))
        found: dict[str, Any] = said["State"]
        return found

    @property
    def status(self) -> dict[str, str]:
        """What the kernel says of its first process."""
        lines = Path(f"/proc/{self.state['Pid']}/status").read_text("utf-8").splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}

    @property
    def peak(self) -> int:
        """The most memory in bytes that its control group had: all pages, also those of files."""
        for line in Path(f"/proc/{self.state['Pid']}/cgroup").read_text("utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "memory":
                return int(Path(f"/sys/fs/cgroup/memory{path}/memory.max_usage_in_bytes").read_text("utf-8"))
            if controllers == "" and (found := Path(f"/sys/fs/cgroup{path}/memory.peak")).exists():
                return int(found.read_text("utf-8"))
        raise AssertionError("its control group counts no memory")

    @property
    def log(self) -> str:
        """What it wrote."""
        command = ("podman", "logs", self.name)
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout

    def changes(self) -> set[str]:
        """What is not in its root file system as the image has it, but for where the engine mounts something."""
        places = [
            pod.ACCOUNT_DIRECTORY.removeprefix("/var"),
            *(one["mountPath"] for one in self.container["volumeMounts"]),
        ]
        mounted = {str(one) for place in places for one in (PurePosixPath(place), *PurePosixPath(place).parents)}
        changed = (line.split(" ", 1) for line in output(("podman", "diff", self.name)).splitlines())
        return {path for _, path in changed if path not in mounted}

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        output(("podman", "kill", "--signal=KILL", self.name))
        output(("podman", "wait", self.name))

    def stop(self) -> int:
        """SIGTERM, as the kubelet sends it, and SIGKILL when the grace period is over; the exit status."""
        output(("podman", "stop", self.name))
        return int(self.state["ExitCode"])

    def remove(self) -> None:
        """End and forget it."""
        output(("podman", "rm", "--force", "--ignore", "--time=0", self.name))
