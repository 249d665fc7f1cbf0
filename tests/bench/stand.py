"""The test stand: a real API server, a simulator, the operator as a process, and who is connected."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.rest import Api
from bench.usage import usage

from testbed import accounts, stage
from testbed.controlplane import ControlPlane, free_ports
from testbed.processes import Process
from testbed.waiting import eventually
from vvol_simulator.client import Simulator
from vvol_simulator.topology import generated_sites, generated_topology

ROOT = Path(__file__).resolve().parents[2]
OPERATOR_NAMESPACE = "vvol-system"
PAIRS, GROUPS_PER_PAIR = 2, 25
OURS, BARE = "latency-operator", "latency-bare"
"""Protection groups of the latency measurement: one for the operator, one for the bare script."""
SLOW = "transfer-two-seconds"
_QUIET = 0.3


@dataclass(frozen=True)
class Size:
    """How many pairs of arrays and of vCenters there are, and how many groups each pair of arrays has for the load.

    `transfer_seconds` is what a transfer of one of these groups takes.
    """

    pairs: int = PAIRS
    groups_per_pair: int = GROUPS_PER_PAIR
    vcenter_pairs: int = 1
    transfer_seconds: float = 1.0

    @classmethod
    def of(cls, endpoints: int, groups: int, vcenters: int = 2, transfer_seconds: float = 1.0) -> Size:
        """Of that many vCenters and FlashArrays, and as many groups at least, none below what is usual.

        `endpoints` are both together, `vcenters` those of them that are vCenters.
        """
        vcenter_pairs = max(1, vcenters // 2)
        pairs = max(PAIRS, endpoints // 2 - vcenter_pairs, vcenter_pairs)
        return cls(pairs, max(GROUPS_PER_PAIR, -(-groups // pairs)), vcenter_pairs, transfer_seconds)

    def sites(self, source: str) -> tuple[str, str]:
        """The vCenters of the groups on a source array: the protected one, the recovery one."""
        pair = int(source.removeprefix("array-").removesuffix("a"))
        return generated_sites((pair - 1) % self.vcenter_pairs)

    @property
    def groups(self) -> list[str]:
        """The names of the groups for the load."""
        numbers = range(1, self.groups_per_pair + 1)
        return [f"group-{pair}-{number}" for pair in range(1, self.pairs + 1) for number in numbers]


USUAL = Size()


def topology(size: Size = USUAL) -> dict[str, Any]:
    """Pairs of arrays with their groups for the load, and three groups for single syncs."""
    world = generated_topology(
        size.pairs, size.groups_per_pair, vcenter_pairs=size.vcenter_pairs, transfer_seconds=size.transfer_seconds
    )
    for name, array in world["arrays"].items():
        if name.startswith("array-1"):  # the bare script speaks REST 1 as well; the other pair is spoken to with REST 2
            array["restVersions"] = [f"1.{minor}" for minor in range(20)]
    single = {"source": "array-1a", "targets": [{"array": "array-1b"}]}
    for name, transfer in ((OURS, 0), (BARE, 0), (SLOW, 2)):
        world["protectionGroups"].append({"name": name, **single, "transferSeconds": transfer})
    return world


def load_groups() -> list[str]:
    """The names of the groups for the load, of the usual size."""
    return USUAL.groups


@dataclass(frozen=True)
class Operator:
    """A running operator. `start_up`: seconds from the start of the process to its being ready; `start_cpu`: of CPU."""

    process: Process
    port: int
    start_up: float
    start_cpu: float

    @property
    def pid(self) -> int:
        """The operator's own pid."""
        pid = self.process.pid
        if pid is None:
            raise RuntimeError(f"the operator has not started; see {self.process.log}")
        return pid


@dataclass
class Stand:
    """Everything that runs. `directory` has the logs; the operator and its CRDs are those of `tree`."""

    directory: Path
    plane: ControlPlane
    simulator: Simulator
    operator: Operator
    tree: Path = ROOT
    size: Size = USUAL

    @classmethod
    @contextlib.contextmanager
    def start(cls, directory: Path, tree: Path = ROOT, size: Size = USUAL) -> Iterator[Stand]:
        """Start all of it and connect the operator with everything but groups; ends with leaving.

        `tree`: where `operator` and `crds` are that are measured. `size`: of the storage.
        """
        directory.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as running:
            simulator = running.enter_context(Simulator.start(topology(size)))
            plane = running.enter_context(ControlPlane.start(directory))
            plane.install(tree / "crds")
            for namespace in (OPERATOR_NAMESPACE, "single", "load"):
                plane.kubectl("create", "namespace", namespace)
            stand = cls(directory, plane, simulator, _operator(plane, directory, tree), tree, size)
            running.callback(stand.end_operator)
            objects = stage.endpoints(simulator.ready, OPERATOR_NAMESPACE)
            plane.client.apply(*objects)
            stand.wait_ready("vcenters,flasharrays")
            yield stand

    def others(self) -> dict[str, int]:
        """The pids of what shares the machine's processors with the operator."""
        plane = {process.name: process.pid for process in self.plane.processes if process.pid is not None}
        return {**plane, "simulator": _child("vvol_simulator"), "this benchmark": os.getpid()}

    def end_operator(self) -> None:
        """End the operator that runs now."""
        self.operator.process.end()

    def start_operator(self, *more: str) -> None:
        """Start another operator, the last one having ended; `more` is said on its command line."""
        self.end_operator()
        self.operator = _operator(self.plane, self.directory, self.tree, more)

    def restart_operator(self) -> None:
        """End the operator and start another one."""
        self.start_operator()
        self.operator_settled()

    def connect_groups(self, namespace: str, groups: Sequence[str]) -> None:
        """Make a ReplicationGroup for each of these protection groups and wait until they are read."""
        self.plane.client.apply(*(self._group(name, namespace) for name in groups))
        self.wait_ready("replicationgroups", timeout=60 + len(groups))

    def _group(self, name: str, namespace: str) -> stage.Object:
        source = _source(name)
        protected, recovery = self.size.sites(source)
        return stage.group(name, namespace, f"{source}:{name}", recovery=recovery, protected=protected)

    def wait_ready(self, kinds: str, timeout: int = 60) -> None:
        """Wait until all objects of these kinds are Ready; `timeout` in seconds."""
        self.plane.kubectl("wait", "--for=condition=Ready", "--all", "-A", f"--timeout={timeout}s", kinds)

    def api(self) -> Api:
        """A client of its own, for one thread."""
        return Api(self.plane.server, self.plane.directory)

    def settled(self) -> None:
        """Wait until nobody has asked the storage for a while: what is measured next disturbs nothing and nobody it."""
        last: list[Any] = [None]

        def quiet() -> bool:
            before, last[0] = last[0], self.simulator.counters()
            return bool(last[0] == before)

        eventually(quiet, what="the storage to be left alone", timeout=30, every=_QUIET)

    def operator_settled(self) -> None:
        """Wait until a started operator has read all endpoints once."""
        eventually(
            lambda: {call for calls in self.simulator.counters().values() for call in calls},
            what="the operator to log in",
            until=lambda calls: "Login" in calls,
        )
        self.settled()


def _source(group: str) -> str:
    return f"array-{group.split('-')[1]}a" if group.startswith("group-") else "array-1a"


def _operator(plane: ControlPlane, directory: Path, tree: Path, more: Sequence[str] = ()) -> Operator:
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "vvol_replication", "--operator-namespace", OPERATOR_NAMESPACE]
    kubeconfig = accounts.kubeconfig(plane.client, directory, OPERATOR_NAMESPACE)
    command += ["--kubeconfig", str(kubeconfig), "--http-host", "127.0.0.1", "--http-port", str(port), *more]
    begun = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(tree / "operator")}
    process = Process("operator", command, directory, environment=environment)
    try:
        eventually(
            lambda: _status(process, port), what="the operator's /readyz", until=lambda seen: seen == "200", every=0.02
        )
    except BaseException:
        process.end()
        raise
    operator = Operator(process, port, time.monotonic() - begun, 0.0)
    return replace(operator, start_cpu=usage(operator.pid).cpu)


def _status(process: Process, port: int) -> str:
    if process.exit_status is not None:
        raise RuntimeError(f"the operator ended with {process.exit_status}; its log ends with:\n{process.last_lines()}")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return str(connection.getresponse().status)
    except OSError as error:
        return str(error)
    finally:
        connection.close()


def _child(module: str) -> int:
    """The pid of the process of ours that runs this module."""
    for task in Path("/proc/self/task").iterdir():
        for pid in task.joinpath("children").read_text().split():
            if module in Path("/proc", pid, "cmdline").read_text().split("\0"):
                return int(pid)
    raise RuntimeError(f"no child process runs {module}")


def arguments_of(entry: dict[str, Any]) -> str:
    """The arguments of a journal's entry as text, to find a name in."""
    return json.dumps(entry["arguments"])
