"""CRDs that somebody applied by hand, with an object of theirs: the chart's page says how a release gets them."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from e2e.helm import CHART, NAMESPACE, RELEASE, HelmError
from pages.markdown import ROOT

from testbed import accounts, stage
from testbed.controlplane import ControlPlane
from vvol_replication.api.names import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.helm import Helm

INSTALL = ("install", RELEASE, str(CHART), f"--namespace={NAMESPACE}", "--set=image.repository=x")


@pytest.fixture
def plane(tools: dict[str, Path], tmp_path: Path) -> Iterator[ControlPlane]:
    """A cluster of its own, with the CRDs and a VCenter."""
    with ControlPlane.start(tmp_path / "plane", tools) as made:
        made.kubectl("apply", "--server-side", "-f", str(accounts.MANIFESTS.parent / "crds"))
        made.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        made.kubectl("create", "namespace", NAMESPACE)
        secret = {"credentialsSecretRef": {"name": "dallas"}}
        made.client.apply(stage.connected("VCenter", "dallas", {"address": "vcenter.example.com", **secret}))
        yield made


def block() -> str:
    """The commands of the chart's page."""
    page = (CHART / "README.md").read_text("utf-8").partition("## CRDs that were applied by hand")[2]
    (_, commands, *_) = re.split(r"```(?:sh)?\n", page)
    return commands


def shell(plane: ControlPlane, helm: Helm, tools: dict[str, Path], commands: str) -> str:
    """Run them as a person would in the root of this repository: kubectl and helm on PATH."""
    programs = os.pathsep.join(str(one.parent) for one in (tools["kubectl"], helm.program))
    homes = {f"HELM_{one}_HOME": str(helm.home / one.lower()) for one in ("CACHE", "CONFIG", "DATA")}
    homes["HOME"] = str(helm.home)  # without one kubectl keeps its caches where it is started
    environment = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "KUBECONFIG": str(plane.kubeconfig), **homes}
    done = subprocess.run(
        ["bash", "-euc", commands], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=180
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_crds_that_were_applied_by_hand_are_adopted_as_the_page_says_and_their_objects_stay(
    plane: ControlPlane, helm: Helm, tools: dict[str, Path]
) -> None:
    asking = dataclasses.replace(helm, kubeconfig=plane.kubeconfig)
    uid = plane.client.get("vcenter", "dallas")["metadata"]["uid"]
    with pytest.raises(HelmError, match="cannot be imported into the current release"):
        asking(*INSTALL)

    assert f"NAME: {RELEASE}" in shell(plane, helm, tools, block())

    assert RELEASE in asking("list", f"--namespace={NAMESPACE}", "--short").split()
    owned = [one for one in plane.client.get("crd")["items"] if one["spec"]["group"] == "replication.vvol.dev"]
    assert len(owned) == len(KINDS)
    for one in owned:
        assert one["metadata"]["labels"]["helm.sh/chart"].startswith(RELEASE)
        assert one["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    asking("upgrade", *INSTALL[1:])
    asking("uninstall", RELEASE, f"--namespace={NAMESPACE}", "--no-hooks")
    assert plane.client.get("vcenter", "dallas")["metadata"]["uid"] == uid


def test_crds_that_somebody_else_keeps_are_left_alone(plane: ControlPlane, helm: Helm) -> None:
    before = [one["metadata"]["resourceVersion"] for one in plane.client.get("crd")["items"]]
    asking = dataclasses.replace(helm, kubeconfig=plane.kubeconfig)
    asking(*INSTALL, "--set=crds.enabled=false")
    assert [one["metadata"]["resourceVersion"] for one in plane.client.get("crd")["items"]] == before
