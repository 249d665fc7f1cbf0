"""What the demo sets up: simulated storage, the operator as a process, and the objects a platform admin applies."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from demo.clusters import LABEL, NAMESPACE, SYSTEM_NAMESPACE, Cluster, DemoError, labelled
from demo.planned import PLANNED_YAML
from testbed import accounts, stage
from testbed.processes import Process
from testbed.waiting import eventually
from vvol_simulator.client import Simulator
from vvol_simulator.topology import default_topology

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable

GROUP = "erp"
SOURCE_GROUP = "flasharray-a:erp"
POINT = "before-upgrade-42"
PREPARATION = "move"
LATE_SYNC = "too-late"
TIMEOUT = 90.0
EVERY = 0.05

GROUP_YAML = f"""\
apiVersion: {stage.API_VERSION}
kind: ReplicationGroup
metadata: {{name: {GROUP}, namespace: {NAMESPACE}}}
spec:
  group: {{name: "{SOURCE_GROUP}"}}   # as vCenter lists it: <array>:<protection group>
  protectedSite: {{vCenterRef: {{name: austin}}}}
  recoverySite: {{vCenterRef: {{name: dallas}}}}
"""
SYNC_YAML = f"""\
apiVersion: {stage.API_VERSION}
kind: ReplicationSync
metadata: {{name: {POINT}, namespace: {NAMESPACE}}}
spec:
  groupRef: {{name: {GROUP}}}
  pointInTimeName: {POINT}
"""
LATE_YAML = f"""\
apiVersion: {stage.API_VERSION}
kind: ReplicationSync
metadata: {{name: {LATE_SYNC}, namespace: {NAMESPACE}}}
spec:
  groupRef: {{name: {GROUP}}}
"""
OTHER_GROUP_YAML = f"""\
apiVersion: {stage.API_VERSION}
kind: ReplicationGroup
metadata: {{name: crm, namespace: {NAMESPACE}}}
spec:
  group: {{name: "flasharray-a:crm"}}
  protectedSite: {{vCenterRef: {{name: austin}}}}
  recoverySite: {{vCenterRef: {{name: dallas}}}}
"""
ANOTHER_YAML = f"""\
apiVersion: {stage.API_VERSION}
kind: ReplicationSync
metadata: {{generateName: another-, namespace: {NAMESPACE}}}
spec:
  groupRef: {{name: crm}}
"""


def preparation_yaml(not_after: dt.datetime) -> str:
    """The FailoverPreparation of the demo."""
    return f"""\
apiVersion: {stage.API_VERSION}
kind: FailoverPreparation
metadata: {{name: {PREPARATION}, namespace: {NAMESPACE}}}
spec:
  groupRef: {{name: {GROUP}}}
  consent: {GROUP}                       # repeats the group's name
  notAfter: "{not_after:%Y-%m-%dT%H:%M:%SZ}"   # never carried out later than this
"""


@dataclasses.dataclass(frozen=True)
class Stage:
    """All that runs. `directory` has the logs, the kubeconfig, and in `objects` what was applied."""

    directory: Path
    cluster: Cluster
    simulator: Simulator
    operator: Process

    def wait_until(self, look: Callable[[], object], what: str, timeout: float = TIMEOUT) -> None:
        """Wait until `look` is true; DemoError if the operator ends by itself meanwhile, or it takes too long."""

        def watchful() -> object:
            if self.operator.exit_status is not None:
                raise DemoError(
                    f"The operator ended with {self.operator.exit_status}. Its log ({self.operator.log}) ends with:\n"
                    f"{self.operator.last_lines()}"
                )
            return look()

        try:
            eventually(watchful, what=what, timeout=timeout, every=EVERY)
        except TimeoutError:
            raise DemoError(f"Waited {timeout:g} s for {what}, without success. See {self.operator.log}.") from None

    def objects(self, name: str) -> Path:
        """Where a file with objects is."""
        return self.directory / "objects" / name


def start_simulator(directory: Path, running: contextlib.ExitStack, transfer_seconds: float) -> Process:
    """Start the simulated storage, which `running` ends. `simulator_of` waits until it is ready."""
    home = directory / "storage"
    home.mkdir(mode=0o700)
    described = home / "topology.yaml"
    described.write_text(yaml.safe_dump({**default_topology(), "transferSeconds": transfer_seconds}), "utf-8")
    command = [sys.executable, "-m", "vvol_simulator", "--directory", str(home), "--topology", str(described)]
    process = Process("simulator", command, directory)
    running.callback(process.end)
    return process


def simulator_of(process: Process, directory: Path) -> Simulator:
    """A client of the simulator that was started in `directory`, once it is ready."""
    described = directory / "storage" / "simulator.json"

    def look() -> bool:
        if process.exit_status is not None:
            raise DemoError(f"The simulator ended while it was starting. Its log ends with:\n{process.last_lines()}")
        return process.log.read_text("utf-8").endswith("\n") and described.is_file()

    try:
        eventually(look, what="the simulator", timeout=TIMEOUT, every=EVERY)
    except TimeoutError:
        raise DemoError(f"The simulator did not become ready in {TIMEOUT:g} s. See {process.log}.") from None
    return Simulator.attach(described)


def start_operator(cluster: Cluster, directory: Path, running: contextlib.ExitStack) -> Process:
    """Start the operator, which `running` ends, with the permissions of the shipped manifests.

    In a cluster that is not ours it acts in the demo's namespace only.
    """
    namespaces = (NAMESPACE,) if cluster.given else ()
    kubeconfig = accounts.kubeconfig(
        cluster.kubectl, directory, SYSTEM_NAMESPACE, namespaces, {LABEL: cluster.run} if cluster.given else None
    )
    process = stage.operator(kubeconfig, directory, SYSTEM_NAMESPACE, namespaces)
    running.callback(process.end)
    return process


def write_objects(directory: Path, cluster: Cluster, simulator: Simulator) -> None:
    """Write what will be applied as files: storage.yaml (Secrets, VCenters, FlashArrays), groups, and syncs."""
    home = directory / "objects"
    home.mkdir(mode=0o700)
    objects = stage.endpoints(simulator.ready, SYSTEM_NAMESPACE)
    if cluster.given:
        objects = labelled(objects, cluster.run)
    storage = home / "storage.yaml"
    storage.touch(mode=0o600)
    storage.write_text(yaml.safe_dump_all(objects, sort_keys=False), "utf-8")
    (home / "group.yaml").write_text(GROUP_YAML, "utf-8")
    (home / "sync.yaml").write_text(SYNC_YAML, "utf-8")
    (home / "planned.yaml").write_text(PLANNED_YAML, "utf-8")
    (home / "late.yaml").write_text(LATE_YAML, "utf-8")
    (home / "crm.yaml").write_text(OTHER_GROUP_YAML, "utf-8")
    (home / "another.yaml").write_text(ANOTHER_YAML, "utf-8")


def scheduled_transfer(simulator: Simulator, *, held: bool = False) -> None:
    """Let the array's schedule run now, as it does every 15 minutes by itself.

    `held`: its transfer stands still until `release`, so that what is shown does not depend on this machine's speed.
    """
    suffix = simulator.action("run-schedule", protectionGroup=SOURCE_GROUP)["suffix"]
    if held:
        simulator.action("hold", protectionGroup=SOURCE_GROUP, suffix=suffix)


def release(simulator: Simulator) -> None:
    """Let the transfer go on."""
    simulator.action("release", protectionGroup=SOURCE_GROUP)


def power(simulator: Simulator, vm: str, state: str) -> None:
    """Switch a VM, as a person does in vSphere."""
    simulator.action("power", vm=vm, state=state)


def all_ready(cluster: Cluster) -> bool:
    """Whether both sites' endpoints and the group say Ready."""
    kinds = "vcenters.replication.vvol.dev,flasharrays.replication.vvol.dev,replicationgroups.replication.vvol.dev"
    said = cluster.kubectl("get", kinds, "--namespace", NAMESPACE, "--output=json").stdout
    return all(stage.is_true(one, "Ready") for one in json.loads(said)["items"])
