"""One real control plane for the run, the product's CRDs in it, and a fresh namespace for each test."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from e2e import permissions
from e2e.helm import Helm
from e2e.rig import Rig

import toolchain
from controlplane import ControlPlane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl import Kubectl

CRDS = Path(__file__).parents[2] / "crds"


@pytest.fixture(scope="session")
def tools(pytestconfig: pytest.Config) -> dict[str, Path]:
    """Paths of kube-apiserver, etcd and kubectl; the first run builds them, and shows it."""
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        return toolchain.ensure()


@pytest.fixture(scope="session")
def control_plane(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A kube-apiserver with RBAC and an audit log, for the whole run. Without a controller manager.

    In the end its log has to say that every operator of the run asked under its shipped account only, and was allowed.
    """
    with ControlPlane.start(tmp_path_factory.mktemp("control-plane"), tools) as running:
        yield running
        seen = permissions.asked(running.audit())
        if seen.used:
            unused = sorted(" ".join(one) for one in permissions.granted(tools["kubectl"]) - seen.used)
            print(f"\npermissions of the operator that this run had no use for: {unused or 'none'}")  # noqa: T201 - figures, for -s
        seen.check()


@pytest.fixture(scope="session")
def crds(control_plane: ControlPlane) -> tuple[str, ...]:
    """Names of the product's CRDs, installed and Established."""
    names = control_plane.kubectl("apply", "--server-side", "-f", str(CRDS), "--output=name").stdout.split()
    control_plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", *names)
    return tuple(names)


@pytest.fixture(scope="session")
def helm(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm without a cluster; the first run builds it, and shows it."""
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        program = toolchain.ensure(["helm"])["helm"]
    return Helm(program, tmp_path_factory.mktemp("helm"))


@pytest.fixture
def namespace(control_plane: ControlPlane) -> str:
    """Name of a namespace made for this test. It stays: without a controller manager none is finally deleted."""
    name = f"e2e-{uuid.uuid4().hex[:10]}"
    control_plane.kubectl("create", "namespace", name)
    return name


@pytest.fixture
def kubectl(control_plane: ControlPlane, crds: tuple[str, ...], namespace: str) -> Kubectl:
    """The admin's kubectl in this test's namespace, with the CRDs there: apply, get, find, wait_until, ..."""
    assert crds
    return control_plane.client.in_namespace(namespace)


@pytest.fixture(scope="module")
def rig(control_plane: ControlPlane, crds: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A namespace and a running operator for all tests of a module; whatever they do, it tells no secret."""
    assert crds
    made = Rig(control_plane, tmp_path_factory.mktemp("operator"))
    with made.running():
        yield made
