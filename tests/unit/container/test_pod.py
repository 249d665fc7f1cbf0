"""A pod of the shipped Deployment as podman's command."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from pages.markdown import ROOT

from container import pod
from container.engine import ContainerError

DEPLOYMENT: dict[str, Any] = yaml.safe_load((ROOT / "manifests" / "base" / "deployment.yaml").read_text("utf-8"))
DEPLOYMENT["metadata"]["namespace"] = "home"
NODE = pod.Node({"KUBERNETES_SERVICE_HOST": "127.0.0.1"}, Path("/node/account"))


def changed(**container: Any) -> dict[str, Any]:
    made = copy.deepcopy(DEPLOYMENT)
    made["spec"]["template"]["spec"]["containers"][0].update(container)
    return made


def test_the_container_is_as_restricted_as_the_pod() -> None:
    made = pod.command(DEPLOYMENT, "one", NODE)

    assert {"--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--pull=never"} <= set(made)
    for option, value in (
        ("--user", "65532:65532"),
        ("--security-opt", "no-new-privileges"),
        ("--stop-timeout", "30"),
        ("--tmpfs", f"/tmp:size={16 * 2**20},mode=1777"),  # noqa: S108 - of the pod
    ):
        assert (option, value) in itertools.pairwise(made)
    assert f"--memory={512 * 2**20}" in made
    assert {"POD_NAME=one", "POD_NAMESPACE=home", "KUBERNETES_SERVICE_HOST=127.0.0.1"} <= set(made)
    assert f"/node/account:{pod.ACCOUNT_DIRECTORY}:ro" in made
    assert made[made.index("--entrypoint") + 1 :][:2] == ['["vvol-replication"]', "vvol-replication"]
    assert made[-1] == "--http-port=8080"


def test_a_field_that_is_not_known_is_refused() -> None:
    with pytest.raises(ContainerError, match="lifecycle"):
        pod.command(changed(lifecycle={}), "one", NODE)


def test_a_pod_with_more_rights_is_refused() -> None:
    security = {"allowPrivilegeEscalation": True, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    with pytest.raises(ContainerError, match="without escalation"):
        pod.command(changed(securityContext=security), "one", NODE)


def test_a_volume_of_another_kind_is_refused() -> None:
    other = copy.deepcopy(DEPLOYMENT)
    other["spec"]["template"]["spec"]["volumes"] = [{"name": "tmp", "hostPath": {"path": "/"}}]
    with pytest.raises(ContainerError, match="tmp: only emptyDir and configMap"):
        pod.command(other, "one", NODE)


def test_a_probe_has_its_port_by_name_and_the_time_that_it_may_fail() -> None:
    (container,) = DEPLOYMENT["spec"]["template"]["spec"]["containers"]

    assert pod.probe(container, "startupProbe") == ("/livez", 8080, 60.0)


def test_a_quantity_without_a_unit_is_refused() -> None:
    assert pod.size("128Mi") == 134217728
    with pytest.raises(ContainerError, match="Mi"):
        pod.size("128M")
