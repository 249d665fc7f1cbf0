"""What the pages for people play on: a real API server, the operator as a process, and simulated storage.

A page's comments name a stage; each has all that the ones before it have. Names are those that the pages use.

    empty      an API server, and the files of the repository in the working directory
    cluster    the CRDs
    operator   the operator under its own account, its namespace, the applications' namespace, storage at the addresses
               that the pages write, and the files that a reader is told to have: ca.pem, *.password, *.token
    connected  VCenters, FlashArrays and the ReplicationGroup, all Ready
    synced     a ReplicationSync that is complete
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pages.markdown import ROOT

import toolchain
from testbed import accounts, simulated, stage
from testbed.controlplane import ControlPlane
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from testbed.processes import Process

NAMES = ("empty", "cluster", "operator", "connected", "synced")
NAMESPACE, GROUP, POINT = "erp-prod", "erp", "before-upgrade-42"
USER = "vvol-replication@vsphere.local"
SECRETS = {
    "austin.password": "marked-austin-5b1c",
    "dallas.password": "marked-dallas-5b1c",
    "flasharray-a.token": "marked-array-a-5b1c",
    "flasharray-b.token": "marked-array-b-5b1c",
}
"""Files that a reader has, each with a password or token in it."""
SITES = {"austin": "flasharray-a", "dallas": "flasharray-b"}
"""The vCenters, the protected site's first, each with its array."""
SHOWN = (
    "crds",
    "docs",
    "hack",
    "manifests",
    "charts",
    "operator",
    "pyproject.toml",
    "Makefile",
    "README.md",
    "Containerfile",
)
"""What of the repository a reader has at hand."""
LIMIT = 240.0


def _topology() -> dict[str, object]:
    source, target = SITES.values()
    group = {
        "name": GROUP,
        "source": source,
        "targets": [{"array": target}],
        "vms": [{"name": "erp-db", "power": "poweredOff"}],
        "snapshots": [{"suffix": "first"}],
    }
    return {
        "transferSeconds": 0.5,
        "arrays": {one: {"apiToken": SECRETS[f"{one}.token"]} for one in SITES.values()},
        "connections": [{"arrays": [source, target]}],
        "vCenters": {
            site: {"arrays": [array], "username": USER, "password": SECRETS[f"{site}.password"]}
            for site, array in SITES.items()
        },
        "protectionGroups": [group],
    }


class Stage:
    """The stage of one page. As a context manager it ends all that it started."""

    def __init__(self, directory: Path, tools: Mapping[str, Path]) -> None:
        """Nothing is started yet. `directory` is empty; `tools` has the control plane's programs."""
        self.directory, self.work = directory, directory / "work"
        self._tools = tools
        self._running = contextlib.ExitStack()
        self._reached = -1
        self._addresses: dict[str, str] = {}
        self._environment_file = directory / "environment.sh"
        self._operator: Process | None = None

    def __enter__(self) -> Self:
        """Start the API server, and lay out the working directory."""
        self.work.mkdir()
        for name in SHOWN:
            there = ROOT / name
            if there.is_dir():  # a copy: kubectl follows no links, and what a page does to a file is its own
                shutil.copytree(there, self.work / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif there.exists():
                shutil.copyfile(there, self.work / name)
        programs = self.directory / "bin"
        programs.mkdir()
        for name in ("kubectl",):
            (programs / name).symlink_to(self._tools[name])
        self.plane = self._running.enter_context(ControlPlane.start(self.directory / "plane", self._tools))
        path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
        self._environment = {
            "PATH": path,
            "HOME": str(self.work),
            "KUBECONFIG": str(self.plane.kubeconfig),
            "KUBERC": "off",
        }
        self._environment_file.touch()
        self._reached = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything; what the operator said must have been fit for people."""
        with self._running:
            if kind is None and self._operator is not None:
                said = self._operator.log.read_text(errors="replace")
                assert "Traceback" not in said, said[-3000:]
                assert [secret for secret in SECRETS.values() if secret in said] == []

    def reach(self, name: str) -> None:
        """Set up this stage and all before it. Raises ValueError for one that nobody knows."""
        if name not in NAMES:
            raise ValueError(f"there is no stage {name!r}: the stages are {', '.join(NAMES)}")
        steps = {
            "cluster": self._have_crds,
            "operator": self._have_operator,
            "connected": self._have_objects,
            "synced": self._have_sync,
        }
        for number in range(self._reached + 1, NAMES.index(name) + 1):
            steps[NAMES[number]]()
            self._reached = number

    def have_program(self, name: str) -> None:
        """Put a program of the toolchain, built when it is first asked for, where commands find it."""
        place = self.directory / "bin" / name
        if not place.exists():
            place.symlink_to(toolchain.ensure([name])[name])

    def with_addresses(self, text: str) -> str:
        """A text of the page, with the addresses that storage really has here."""
        for shown, real in self._addresses.items():
            text = text.replace(shown, real)
        return text

    def with_names(self, text: str) -> str:
        """What a program printed, with the addresses that the page shows."""
        for shown, real in self._addresses.items():
            text = text.replace(real, shown)
        return text

    def run(self, command: str) -> tuple[int, str]:
        """Let bash run a command as the page has it; exit status, and what it printed, errors included.

        Variables that it exports are there for later commands of the page.
        """
        script = (
            f"set -euo pipefail; source {self._environment_file}\ntrap 'export -p > {self._environment_file}' EXIT\n"
        )
        done = subprocess.run(
            ["bash", "-c", script + self.with_addresses(command)],
            cwd=self.work,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=LIMIT,
        )
        return done.returncode, self.with_names(done.stdout)

    def _have_crds(self) -> None:
        kubectl = self.plane.client
        names = kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"), "--output=name").stdout
        kubectl("wait", "--for=condition=Established", "--timeout=60s", *names.split())

    def _have_operator(self) -> None:
        for one in (accounts.HOME, NAMESPACE):
            if self.plane.client.find("namespace", one) is None:
                self.plane.kubectl("create", "namespace", one)
        simulator = self._running.enter_context(simulated.serving(_topology()))
        (self.work / "ca.pem").write_text(Path(simulator.ready["caFile"]).read_text("utf-8"), "utf-8")
        for name, secret in SECRETS.items():
            (self.work / name).write_text(secret, "utf-8")
        for site, array in SITES.items():
            self._addresses[f"vcenter.{site}.example.com"] = simulator.ready["vcenters"][site]["address"]
            self._addresses[f"{array}.example.com"] = simulator.ready["arrays"][array]["address"]
        kubeconfig = accounts.kubeconfig(self.plane.client, self.directory, accounts.HOME)
        self._operator = stage.operator(kubeconfig, self.directory, accounts.HOME)
        self._running.callback(self._operator.end)

    def _have_objects(self) -> None:
        tls = {"caCertificates": (self.work / "ca.pem").read_text("utf-8")}
        objects = []
        for site, array in SITES.items():
            secret = f"vcenter-{site}"
            login = {"username": USER, "password": SECRETS[f"{site}.password"]}
            objects.append(stage.secret(secret, accounts.HOME, **login))
            spec = {"address": self._addresses[f"vcenter.{site}.example.com"], "credentialsSecretRef": {"name": secret}}
            objects.append(stage.connected("VCenter", site, {**spec, "tls": tls}))
            objects.append(stage.secret(array, accounts.HOME, apiToken=SECRETS[f"{array}.token"]))
            spec = {"address": self._addresses[f"{array}.example.com"], "apiTokenSecretRef": {"name": array}}
            objects.append(stage.connected("FlashArray", array, {**spec, "tls": tls}))
        protected, recovery = SITES
        source = f"{SITES[protected]}:{GROUP}"
        objects.append(stage.group(GROUP, NAMESPACE, source, recovery=recovery, protected=protected))
        self.plane.client.apply(*objects)
        kinds = "vcenters,flasharrays,replicationgroups"
        eventually(
            lambda: json.loads(self.plane.kubectl("get", kinds, "-A", "--output=json").stdout)["items"],
            what="all endpoints and the group to be Ready",
            until=lambda items: all(stage.is_true(one, "Ready") for one in items),
        )

    def _have_sync(self) -> None:
        kubectl = self.plane.client.in_namespace(NAMESPACE)
        kubectl.apply(stage.sync(POINT, NAMESPACE, GROUP, pointInTimeName=POINT))
        kubectl.wait_for_condition("replicationsync", POINT, "Complete")
