"""The demo as a person starts it: a process, its output, and what is left when it has ended."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testbed import stage
from testbed.controlplane import ControlPlane
from testbed.kubectl import Kubectl
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO = Path(__file__).parents[2] / "hack" / "demo"
POINT = "before-upgrade-42"
MARK = "VVOL_DEMO_TEST"
PATIENCE = 240.0
READY = {  # what the output says when the demo has got so far
    "starting": "1  Start",
    "asking": "kubectl wait --for=condition=Finished",
}


class Demo:
    """Starts the demo so that all it starts in turn can be told by a mark in the environment."""

    def __init__(self, home: Path, tools: dict[str, Path]) -> None:
        self.temporary = home / "temporary"
        self.temporary.mkdir()
        self.keeper = home / "keeper"
        self._output = home / "output"
        self._mark = uuid.uuid4().hex
        self._kubectl = tools["kubectl"]
        self._environment = {
            **os.environ,
            MARK: self._mark,
            "TMPDIR": str(self.temporary),
            "KUBECONFIG": str(home / "not-to-be-read"),
        }
        self._environment.pop("DEMO_KUBECONFIG", None)
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, what: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start `demo.py <what>` in a process group of its own."""
        with self._output.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, str(DEMO), what, "--directory", str(self.keeper)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**self._environment, **environment},
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def call(self, what: str, **environment: str) -> tuple[int, str]:
        """Run it to its end; return exit status and output, in which there never is a traceback."""
        status = self.start(what, **environment).wait(PATIENCE)
        assert "Traceback" not in self.output
        return status, self.output

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_for(self, process: subprocess.Popen[bytes], text: str) -> None:
        """Wait until the output of `process` has `text`."""
        eventually(
            lambda: text in self.output or process.poll() is not None, what=f"{text!r} in the output", timeout=PATIENCE
        )
        assert process.poll() is None, self.output

    def running(self) -> list[str]:
        """The command lines of what was started, directly or not, and still runs."""
        said = subprocess.run(["ps", "axeww", "-o", "pid=,command="], capture_output=True, text=True, check=True).stdout
        return [line for line in said.splitlines() if f"{MARK}={self._mark}" in line and "<defunct>" not in line]

    def nothing_is_left(self) -> None:
        """No process, no file."""
        assert self.running() == []
        assert list(self.temporary.iterdir()) == []
        assert not self.keeper.exists()

    def end(self) -> None:
        """For a test that failed half-way: end what it started, by pid."""
        for line in self.running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(line.split()[0]), signal.SIGKILL)
        for process in self._started:
            process.wait(PATIENCE)


@pytest.fixture
def demo(tmp_path: Path, tools: dict[str, Path]) -> Iterator[Demo]:
    made = Demo(tmp_path, tools)
    yield made
    made.end()


@pytest.fixture
def cluster(tmp_path: Path, tools: dict[str, Path]) -> Iterator[ControlPlane]:
    """A cluster that somebody names to the demo.

    Not the one of the run: the demo refuses a cluster with others' VCenters in it, and removes CRDs that it installed.
    """
    with ControlPlane.start(tmp_path / "cluster", tools) as running:
        yield running


LEFT_AS_IT_WAS = "namespaces,crd,clusterroles,clusterrolebindings,roles,rolebindings"


def names(kubectl: Kubectl, kinds: str) -> list[str]:
    return kubectl("get", kinds, "--all-namespaces", "--output=name").stdout.split()


def let_namespaces_go(kubectl: Kubectl) -> None:
    """Finish the deletion of namespaces, as a controller manager does."""
    for namespace in kubectl.get("namespaces")["items"]:
        if namespace["metadata"].get("deletionTimestamp"):
            path = f"/api/v1/namespaces/{namespace['metadata']['name']}/finalize"
            kubectl("replace", "--raw", path, "-f", "-", stdin=json.dumps({**namespace, "spec": {"finalizers": []}}))


def chapter(output: str, number: int) -> str:
    return output.partition(f"\n{number}  ")[2].partition(f"\n{number + 1}  ")[0]


def test_it_runs_to_a_named_point_in_time_then_to_a_prepared_failover_and_leaves_nothing(demo: Demo) -> None:
    status, output = demo.call("run")
    assert status == 0, output
    listed = [line.split() for line in chapter(output, 4).splitlines()[1:]]
    assert [line[3] for line in listed if line] == ["-", "-", POINT]
    assert "OlderTransferInFlight" in output
    assert "PointInTimeCreated" in output
    turned_by_a_schedule(chapter(output, 6))
    seen_and_done(chapter(output, 7))
    told_everywhere(chapter(output, 8))
    assert max(len(line) for line in output.splitlines()) <= 100
    demo.nothing_is_left()


def turned_by_a_schedule(planned: str) -> None:
    """The group without a point in time is not current; the schedule makes one, and it is."""
    parts = (
        "RecoveryPointCurrent=False, NoPointInTime",
        "PointInTimeCreated",
        "RecoveryPointCurrent=True",
        "'mail-first'",
    )
    places = [planned.find(part) for part in parts]
    assert -1 not in places, planned
    assert places == sorted(places), planned


def seen_and_done(preparing: str) -> None:
    """The preparation waits for the VM that is on and names it, and goes on when that is off, in this order."""
    parts = ("VMPoweredOn", "VM 'erp-db' is powered on", "erp-db is shut down", "Preparing", "FailoverPrepared")
    places = [preparing.find(part) for part in parts]
    assert -1 not in places, preparing
    assert places == sorted(places), preparing


def told_everywhere(afterwards: str) -> None:
    """One id: in both columns of kubectl, in the group's condition, in vSphere, and in the refusal of the late sync."""
    before, _, refused = afterwards.partition("GroupPrepared")
    assert refused, afterwards
    lines = [line.split() for line in before.splitlines()]
    (row,) = [line for line in lines if line[:1] == ["move"]]
    assert row[1:5] == ["erp", "Succeeded", "FailoverPrepared", "True"]
    (group,) = [line for line in lines if line[:2] == ["erp", "True"]]
    assert group[3:5] == ["TARGET", "FailoverPrepared"]
    final = row[5]
    assert f"The last real point in time is '{final}'" in " ".join(before.split())
    assert f"{final}  <- fail over to it" in before
    assert final in refused


@pytest.mark.parametrize(
    ("moment", "number", "to_group"), [("starting", signal.SIGTERM, False), ("asking", signal.SIGINT, True)]
)
def test_a_signal_ends_it_and_leaves_nothing(
    demo: Demo, moment: str, number: signal.Signals, *, to_group: bool
) -> None:
    process = demo.start("run")
    demo.wait_for(process, READY[moment])
    (os.killpg if to_group else os.kill)(process.pid, number)
    assert process.wait(PATIENCE) == 128 + number
    assert f"Ended on {number.name}" in demo.output
    assert "Traceback" not in demo.output
    demo.nothing_is_left()


def test_a_failure_says_what_failed_and_keeps_the_logs(demo: Demo, tmp_path: Path, tools: dict[str, Path]) -> None:
    assets = tmp_path / "assets"
    assets.mkdir()
    for name in ("etcd", "kubectl"):
        (assets / name).symlink_to(tools[name])
    broken = assets / "kube-apiserver"
    broken.write_text("#!/bin/sh\necho out of order\nexit 3\n")
    broken.chmod(0o755)
    status, output = demo.call("run", KUBEBUILDER_ASSETS=str(assets))
    assert status == 1
    assert "kube-apiserver ended with 3" in output
    (kept,) = demo.temporary.iterdir()
    assert str(kept) in output
    assert (kept / "kube-apiserver.log").read_text() == "out of order\n"
    assert all(path.suffix == ".log" for path in kept.iterdir())
    assert demo.running() == []


def a_sync_as_the_hints_say(keeper: Path, program: Path) -> None:
    """Another group is bound, for the first one is prepared; a sync of it comes to its end."""
    kubectl = Kubectl(program, keeper / "kubeconfig", keeper / "kubectl-cache").in_namespace("vvol-demo")
    kubectl("apply", "-f", str(keeper / "objects" / "crm.yaml"))
    name = kubectl("create", "-f", str(keeper / "objects" / "another.yaml"), "--output=name").stdout.strip()
    kubectl("wait", "--for=condition=Complete", name, "--timeout=60s")


def test_up_leaves_it_running_until_down(demo: Demo, tools: dict[str, Path]) -> None:
    status, output = demo.call("up")
    assert status == 0, output
    assert f"export KUBECONFIG={demo.keeper / 'kubeconfig'}" in output
    assert demo.running()
    a_sync_as_the_hints_say(demo.keeper, tools["kubectl"])

    status, output = demo.call("up")
    assert status == 0
    assert "running already" in output

    status, output = demo.call("down")
    assert status == 0, output
    demo.nothing_is_left()

    status, output = demo.call("down")
    assert (status, output) == (0, "No demo is running.\n")


def test_a_signal_during_up_leaves_nothing(demo: Demo) -> None:
    process = demo.start("up")
    demo.wait_for(process, READY["asking"])
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(PATIENCE) == 128 + signal.SIGINT
    demo.nothing_is_left()


def test_down_never_signals_a_process_that_is_not_the_keeper(demo: Demo) -> None:
    demo.keeper.mkdir()
    (demo.keeper / ".vvol-demo").touch()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        state = {"pid": bystander.pid, "identity": "0 another program", "ready": True}
        (demo.keeper / "state.json").write_text(json.dumps(state))
        held = os.open(demo.keeper, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            status, output = demo.call("down")
        finally:
            os.close(held)
        assert status == 1
        assert "nothing is ended" in output
        assert bystander.poll() is None
        bystander.communicate(b"\n")
        assert bystander.returncode == 0


def test_a_directory_of_others_is_never_emptied(demo: Demo) -> None:
    demo.keeper.mkdir()
    theirs = demo.keeper / "theirs"
    theirs.write_text("precious")
    for what in ("up", "down"):
        status, output = demo.call(what)
        assert status == 1
        assert "was not made by the demo" in output
    assert theirs.read_text() == "precious"


def test_it_uses_the_cluster_that_is_named_and_leaves_it_as_it_was(demo: Demo, cluster: ControlPlane) -> None:
    kubectl = cluster.client
    before = names(kubectl, LEFT_AS_IT_WAS)
    status, output = demo.call("run", DEMO_KUBECONFIG=str(cluster.kubeconfig))
    assert status == 0, output
    assert cluster.server in output
    assert POINT in output
    assert "GroupPrepared" in output
    assert f"Removed from {cluster.server}" in output
    demo.nothing_is_left()
    let_namespaces_go(kubectl)
    assert names(kubectl, LEFT_AS_IT_WAS) == before
    assert "etcd" not in output  # none was started


def test_down_removes_from_the_named_cluster_what_a_killed_demo_left(demo: Demo, cluster: ControlPlane) -> None:
    kubectl = cluster.client
    before = names(kubectl, LEFT_AS_IT_WAS)
    status, output = demo.call("up", DEMO_KUBECONFIG=str(cluster.kubeconfig))
    assert status == 0, output
    os.kill(json.loads((demo.keeper / "state.json").read_text())["pid"], signal.SIGKILL)
    eventually(lambda: not demo.running(), what="everything to end", timeout=PATIENCE)

    status, output = demo.call("down")
    assert status == 0, output
    demo.nothing_is_left()
    let_namespaces_go(kubectl)
    assert names(kubectl, LEFT_AS_IT_WAS) == before


def test_it_refuses_a_cluster_with_vcenters_of_others_and_leaves_crds_that_were_there(
    demo: Demo, cluster: ControlPlane
) -> None:
    kubectl = cluster.client
    kubectl("apply", "--server-side", "-f", str(DEMO.parents[1] / "crds"))
    kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
    theirs = stage.connected(
        "VCenter", "theirs", {"address": "vcenter.example.com", "credentialsSecretRef": {"name": "x"}}
    )
    kubectl.apply(theirs)
    before = names(kubectl, "namespaces,crd,vcenters")
    status, output = demo.call("run", DEMO_KUBECONFIG=str(cluster.kubeconfig))
    assert status == 1
    assert "vcenter.replication.vvol.dev/theirs" in output
    assert names(kubectl, "namespaces,crd,vcenters") == before
    assert kubectl.get("vcenter", "theirs").get("status", {}).get("observedGeneration", -1) == -1

    kubectl("delete", "vcenter", "theirs")
    crds = names(kubectl, "crd")
    status, output = demo.call("run", DEMO_KUBECONFIG=str(cluster.kubeconfig))
    assert status == 0, output
    assert names(kubectl, "crd") == crds
    assert names(kubectl, "vcenters,flasharrays,replicationgroups,replicationsyncs") == []
