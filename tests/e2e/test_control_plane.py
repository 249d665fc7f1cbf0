"""The ground that the end-to-end tests stand on is what it says it is, and leaves nothing behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testbed.kubectl import KubectlError
from testbed.processes import is_running
from testbed.waiting import eventually
from vvol_replication.cluster.api import note_of

if TYPE_CHECKING:
    from testbed.controlplane import ControlPlane

PROGRAM = Path(__file__).parents[2] / "hack" / "controlplane.py"


def test_server_and_kubectl_tell_the_version_they_were_built_from(
    control_plane: ControlPlane, tools: dict[str, Path]
) -> None:
    said = subprocess.run([tools["kube-apiserver"], "--version"], capture_output=True, text=True, check=True).stdout
    versions = json.loads(control_plane.kubectl("version", "--output=json").stdout)

    assert said.split() == ["Kubernetes", versions["serverVersion"]["gitVersion"]]
    assert versions["serverVersion"]["gitVersion"].startswith("v1.36.")
    assert versions["clientVersion"]["gitVersion"].startswith("v1.36.")


def test_each_write_is_one_line_of_the_audit_log(control_plane: ControlPlane, namespace: str) -> None:
    control_plane.kubectl("create", "configmap", "counted", f"--namespace={namespace}")

    (event,) = eventually(lambda: control_plane.writes(namespace, "configmaps"), what="the audit line of the ConfigMap")
    assert (event["verb"], event["objectRef"]["resource"], event["objectRef"]["name"]) == (
        "create",
        "configmaps",
        "counted",
    )
    assert event["user"]["username"] == "admin"
    assert event["responseStatus"]["code"] == 201


def test_a_user_without_a_role_may_nothing(control_plane: ControlPlane, namespace: str) -> None:
    with pytest.raises(KubectlError, match=r"\(Forbidden\).*cannot list resource \"secrets\""):
        control_plane.kubectl("get", "secrets", f"--namespace={namespace}", "--as=somebody")


def test_apply_and_get_speak_json(control_plane: ControlPlane, namespace: str) -> None:
    kubectl = control_plane.client.in_namespace(namespace)
    one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"key": "a: 'b'"}}
    two = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: two}\n"

    kubectl.apply(one, two)

    assert kubectl.get("configmap", "one")["data"] == {"key": "a: 'b'"}
    assert {item["metadata"]["name"] for item in kubectl.get("configmaps")["items"]} == {"one", "two"}
    assert kubectl.find("configmap", "three") is None


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    direct = [int(child) for child, parent in map(str.split, listed.splitlines()) if int(parent) == pid]
    return [*direct, *(further for child in direct for further in _children(child))]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_behind_when_the_starter_ends(
    how: signal.Signals, tools: dict[str, Path], tmp_path: Path
) -> None:
    assert tools
    program = [sys.executable, str(PROGRAM), "--directory", str(tmp_path / "plane")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        said = next((line for line in starter.stdout if line.startswith("ready")), "")
        started = _children(starter.pid)
        starter.send_signal(how)
        status = starter.wait(timeout=60)

    assert said.startswith("ready: https://127.0.0.1:")
    assert len(started) == 4, "etcd, kube-apiserver and a supervisor of each"
    assert status == (-signal.SIGKILL if how == signal.SIGKILL else 0)
    eventually(
        lambda: [pid for pid in started if is_running(pid)], what="all processes to end", until=lambda left: not left
    )


@pytest.mark.parametrize("letter", ["x", "ü", "漢"])
def test_an_event_takes_a_note_as_we_cut_it_and_not_a_byte_more(
    letter: str, control_plane: ControlPlane, namespace: str
) -> None:
    event = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "one", "namespace": namespace},
        "eventTime": "2026-12-01T00:00:00.000000Z",
        "reportingController": "replication.vvol.dev",
        "reportingInstance": "vvol-replication",
        "action": "Reconcile",
        "type": "Normal",
        "reason": "Complete",
        "regarding": {"kind": "ConfigMap", "name": "one", "namespace": namespace},
    }

    def stored(note: str) -> str:
        return control_plane.kubectl("create", "-f", "-", stdin=json.dumps({**event, "note": note}), check=False).stderr

    assert "can have at most 1024" in stored("ü" * 513)
    assert stored(note_of(letter * 2000)) == ""
