"""The real kube-state-metrics, under the shipped role and configuration, tells what the objects' statuses say."""

from __future__ import annotations

import json
import subprocess
import urllib.request
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from testbed import accounts, stage
from testbed.controlplane import free_ports
from testbed.processes import Process
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from testbed.controlplane import ControlPlane

    Object = dict[str, Any]
    Series = Mapping[tuple[str, frozenset[tuple[str, str]]], float]

SHIPPED = accounts.MANIFESTS / "kube-state-metrics"
NAMESPACE = f"told-{uuid.uuid4().hex[:6]}"
ACCOUNT, HOME = "kube-state-metrics", "kube-system"
BEGUN, LATER = "2026-11-30T04:00:00Z", "2026-11-30T04:15:00.75Z"
BEGUN_SECONDS, LATER_SECONDS = 1796011200.0, 1796012100.0
"""Fractions of a second are cut."""


def condition(type_: str, status: str, reason: str) -> Object:
    said = {"type": type_, "status": status, "reason": reason, "message": "said"}
    return said | {"lastTransitionTime": BEGUN, "observedGeneration": 1}


REQUEST: Object = {
    "observedGeneration": 1,
    "phase": "Running",
    "acceptedAt": BEGUN,
    "deadline": LATER,
    "pointInTime": {"id": "1", "time": LATER},
    "transfer": {"snapshot": "a:erp.1", "percent": 42, "bytesTransferred": 4711},
    "conditions": [condition("Ready", "Unknown", "Transferring")],
}
ENDPOINT: Object = {
    "observedGeneration": 1,
    "lastReadAt": BEGUN,
    "conditions": [condition("Ready", "False", "Unreachable"), condition("Authenticated", "Unknown", "NotAsked")],
}
GROUP: Object = {
    "observedGeneration": 1,
    "conditions": [condition("Ready", "True", "Read"), condition("RecoveryPointCurrent", "Unknown", "ClockUnknown")],
    "source": {"state": "SOURCE", "protectionGroup": "erp", "array": "flasharray-a"},
    "target": {"state": "INTEST", "array": "flasharray-b"},
    "pointInTimeCount": 3,
    "newestPointInTime": LATER,
    "newestNamedPointInTime": {"id": "1", "name": "named", "time": BEGUN},
    "behindObjectiveSince": BEGUN,
    "lastReadAt": LATER,
    "prepared": {"since": BEGUN, "proven": True, "sourceGroup": {"faultDomainID": "a", "deviceGroupID": "b"}},
    "armedSync": {
        "since": LATER,
        "request": f"{NAMESPACE}/one",
        "uid": "1",
        "pointInTimeName": "named",
        "targetGroup": {"faultDomainID": "a", "deviceGroupID": "b"},
    },
}
SCHEDULE: Object = {
    "observedGeneration": 1,
    "conditions": [condition("Ready", "False", "Suspended")],
    "nextScheduleTime": LATER,
    "lastScheduleTime": BEGUN,
    "lastSuccessfulTime": BEGUN,
    "missed": 7,
    "skipped": 2,
}
ENDPOINT_SPEC: Object = {"address": "one.example.com", "tls": {"insecureSkipVerify": True}}


def objects() -> Iterator[tuple[Object, Object | None]]:
    """Objects with their statuses; the last one has none."""
    vcenter = ENDPOINT_SPEC | {"credentialsSecretRef": {"name": "none"}}
    array = ENDPOINT_SPEC | {"apiTokenSecretRef": {"name": "none"}}
    yield stage.connected("VCenter", f"{NAMESPACE}-v", vcenter), ENDPOINT
    yield stage.connected("FlashArray", f"{NAMESPACE}-f", array), ENDPOINT
    bound: Object = {"recovery": "dallas", "protected": None}
    yield stage.group("erp", NAMESPACE, "flasharray-a:erp", **bound, recoveryPointObjective="15m", suspend=True), GROUP
    yield stage.sync("sync", NAMESPACE, "erp"), REQUEST
    yield stage.sync("done", NAMESPACE, "erp"), REQUEST | {"phase": "Succeeded", "finishedAt": LATER}
    prepared = stage.preparation("move", NAMESPACE, "erp", not_after="2099-01-01T00:00:00Z")
    yield prepared, REQUEST | {"phase": "Succeeded", "finishedAt": LATER, "validUntil": LATER}
    schedule = {"groupRef": {"name": "erp"}, "schedule": "0 2 * * *", "timeZone": "Etc/UTC"}
    named = {"name": "nightly", "namespace": NAMESPACE}
    yield (
        {"apiVersion": stage.API_VERSION, "kind": "ReplicationSchedule", "metadata": named, "spec": schedule},
        SCHEDULE,
    )
    yield stage.group("fresh", NAMESPACE, "flasharray-a:other", **bound), None


def series(port: int) -> Series | None:
    """All that it tells; None while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    except OSError:
        return None
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def port(
    control_plane: ControlPlane,
    crds: tuple[str, ...],
    programs: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[int]:
    """Where a kube-state-metrics answers that knows only our kinds. It reads under the shipped role."""
    assert crds
    kubectl, directory = control_plane.client, tmp_path_factory.mktemp("kube-state-metrics")
    kubectl.make_namespace(NAMESPACE)
    made = list(objects())
    kubectl.apply(*(one for one, _ in made))
    for one, status in made:
        if status is not None:
            where = ("--namespace", one["metadata"].get("namespace", "default"), "--subresource=status", "--type=merge")
            kubectl(
                "patch", one["kind"].lower(), one["metadata"]["name"], *where, "--patch", json.dumps({"status": status})
            )
    shipped = accounts.built(kubectl.program, SHIPPED)
    kubectl.apply(
        *shipped, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": HOME}}
    )
    (config,) = (one["data"] for one in shipped if one["kind"] == "ConfigMap")
    for name, text in config.items():
        (directory / name).write_text(text)
    document = json.loads(accounts.admin(kubectl))
    token = kubectl("create", "token", ACCOUNT, "--namespace", HOME, "--duration=1h").stdout.strip()
    document["users"][0]["user"] = {"token": token}
    (directory / "kubeconfig").write_text(json.dumps(document))
    (found, own) = free_ports(2)
    command = [
        str(programs["kube-state-metrics"]),
        f"--kubeconfig={directory / 'kubeconfig'}",
        "--custom-resource-state-only",
        f"--custom-resource-state-config-file={directory / 'custom-resource-state.yaml'}",
        "--host=127.0.0.1",
        f"--port={found}",
        "--telemetry-host=127.0.0.1",
        f"--telemetry-port={own}",
    ]
    process = Process("kube-state-metrics", command, directory)
    try:
        eventually(
            lambda: series(found),
            what=f"all kinds to be told of; see {process.log}",
            until=lambda told: told is not None and len({name for name, _ in told}) >= len(names()),
        )
        yield found
    finally:
        process.end()
        # Operators of other tests would read these.
        everywhere = [one for one, _ in made if "namespace" not in one["metadata"]]
        kubectl("delete", *(f"{one['kind'].lower()}/{one['metadata']['name']}" for one in everywhere))


ADDED = {"customresource_group", "customresource_kind", "customresource_version"}


def names() -> set[str]:
    """All metrics of the configuration."""
    said = yaml.safe_load((SHIPPED / "custom-resource-state.yaml").read_text("utf-8"))
    return {
        f"{resource['metricNamePrefix']}_{metric['name']}"
        for resource in said["spec"]["resources"]
        for metric in resource["metrics"]
    }


def test_each_metric_of_the_configuration_is_told(port: int) -> None:
    told = series(port)
    assert told is not None
    assert {name for name, _ in told} == names()


def values(port: int, name: str, /, **labels: str) -> dict[str, float]:
    """Values by the labels that are not given; those that kube-state-metrics adds to each series are left out."""
    told = series(port)
    assert told is not None
    return {
        ",".join(value for key, value in sorted(found) if key not in labels and key not in ADDED): number
        for (one, found), number in told.items()
        if one == f"kube_vvol_{name}" and labels.items() <= dict(found).items()
    }


HERE = {"namespace": NAMESPACE}
ERP = HERE | {"name": "erp"}
SYNC = HERE | {"name": "sync", "group": "erp"}
MOVE = HERE | {"name": "move", "group": "erp"}
NIGHTLY = HERE | {"name": "nightly", "group": "erp"}
PHASES = ("Cancelled", "Expired", "Failed", "Missed", "Pending", "Running", "Succeeded", "Suspended", "Waiting")


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("group_suspended", ERP, 1),
        ("group_suspended", HERE | {"name": "fresh"}, 0),
        ("group_points_in_time", ERP, 3),
        ("group_newest_point_in_time_timestamp_seconds", ERP, LATER_SECONDS),
        ("group_newest_named_point_in_time_timestamp_seconds", ERP, BEGUN_SECONDS),
        ("group_behind_objective_since_timestamp_seconds", ERP, BEGUN_SECONDS),
        ("group_prepared_since_timestamp_seconds", ERP, BEGUN_SECONDS),
        ("group_sync_left_armed_since_timestamp_seconds", ERP, LATER_SECONDS),
        ("group_last_read_timestamp_seconds", ERP, LATER_SECONDS),
        ("schedule_suspended", NIGHTLY, 0),
        ("schedule_next_run_timestamp_seconds", NIGHTLY, LATER_SECONDS),
        ("schedule_last_run_timestamp_seconds", NIGHTLY, BEGUN_SECONDS),
        ("schedule_last_success_timestamp_seconds", NIGHTLY, BEGUN_SECONDS),
        ("schedule_missed_runs", NIGHTLY, 7),
        ("schedule_skipped_runs", NIGHTLY, 2),
        ("sync_accepted_timestamp_seconds", SYNC, BEGUN_SECONDS),
        ("sync_deadline_timestamp_seconds", SYNC, LATER_SECONDS),
        ("sync_point_in_time_timestamp_seconds", SYNC, LATER_SECONDS),
        ("sync_transfer_percent", SYNC, 42),
        ("sync_transfer_bytes", SYNC, 4711),
        ("preparation_finished_timestamp_seconds", MOVE, LATER_SECONDS),
        ("preparation_valid_until_timestamp_seconds", MOVE, LATER_SECONDS),
        ("vcenter_last_read_timestamp_seconds", {"name": f"{NAMESPACE}-v"}, BEGUN_SECONDS),
        ("flasharray_last_read_timestamp_seconds", {"name": f"{NAMESPACE}-f"}, BEGUN_SECONDS),
    ],
)
def test_a_number_or_a_time_is_that_of_the_status(port: int, name: str, labels: dict[str, str], value: float) -> None:
    assert values(port, name, **labels) == {"": value}


@pytest.mark.parametrize(
    "name",
    ["group_points_in_time", "group_newest_point_in_time_timestamp_seconds", "group_status_condition", "group_info"],
)
def test_what_an_object_does_not_have_is_not_told(port: int, name: str) -> None:
    assert values(port, name, namespace=NAMESPACE, name="fresh") == {}


def test_an_unknown_condition_is_not_told_as_false(port: int) -> None:
    current = ERP | {"condition": "RecoveryPointCurrent", "reason": "ClockUnknown"}
    assert values(port, "group_status_condition", **current) == {"True": 0, "False": 0, "Unknown": 1}
    ready = ERP | {"condition": "Ready", "reason": "Read"}
    assert values(port, "group_status_condition", **ready) == {"True": 1, "False": 0, "Unknown": 0}
    told = values(port, "vcenter_status_condition", name=f"{NAMESPACE}-v", status="False")
    assert told == {"Authenticated,NotAsked": 0, "Ready,Unreachable": 1}


def test_a_state_and_a_phase_are_one_of_all(port: int) -> None:
    states = values(port, "group_target_state", **ERP)
    assert {state for state, value in states.items() if value} == {"INTEST"}
    assert len(states) == 6
    for name, labels, phase in (("sync", SYNC, "Running"), ("preparation", MOVE, "Succeeded")):
        assert values(port, f"{name}_status_phase", **labels) == {one: float(one == phase) for one in PHASES}


def test_an_objective_is_told_as_it_is_written(port: int) -> None:
    told = values(port, "group_info", **ERP, protection_group="erp", source_array="flasharray-a")
    assert told == {"15m,flasharray-b": 1}


def test_promtool_has_nothing_to_say(port: int, programs: dict[str, Path]) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    done = subprocess.run(
        [programs["promtool"], "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
