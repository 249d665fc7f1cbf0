"""One real control plane for the run, the product's CRDs in it, and a fresh namespace for each test.

Every status that is written in any control plane of the run is held against the conditions contract at its end: it is
in the audit log, whoever was watching, and the time of its line says which test was running.
"""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from e2e import permissions
from e2e.helm import Helm
from e2e.rig import Rig
from health import recording

import toolchain
from testbed import auditlog
from testbed.controlplane import ControlPlane

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from testbed.kubectl import Kubectl

CRDS = Path(__file__).parents[2] / "crds"
LONGEST_FIRST = (
    *("restarts", "trouble", "reapply", "leadership", "demo", "sweep", "docs_commands", "image", "deletion"),
    *("preparation_trouble", "preparations", "fields", "states", "cli", "chart_lifecycle", "pipelines_argocd"),
    *("rest_families",),
)
"""What takes longest is begun first, so that no worker is left with it when the others have nothing more to do."""
STARTED: list[tuple[str, str]] = []
"""When each test of this run began, and its name, oldest first."""


def pytest_configure(config: pytest.Config) -> None:
    """Forget what an earlier run recorded."""
    recording.forget("e2e")
    # Simulated storage is served from this process, and operators go on connecting to it while it ends: a connection
    # whose TLS handshake is done in the very moment in which its loop ends is closed by nobody.
    left_open = "Exception ignored in. <(function _(Selector|SSLProtocol)Transport|socket.socket fd)"
    config.addinivalue_line("filterwarnings", f"ignore:{left_open}:pytest.PytestUnraisableExceptionWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; each worker takes the next file when it has finished one."""
    places = {f"test_{name}.py": place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Note when each test begins, in the audit log's clock and form."""
    STARTED.append((datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"), item.nodeid))
    return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many statuses that were."""
    recording.summarize(terminalreporter)


@pytest.fixture(scope="session", autouse=True)
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the audit logs of all control planes, also of other processes, and judge what is in them."""
    kept = tmp_path_factory.mktemp("audit")
    os.environ[auditlog.KEEP] = str(kept)
    yield
    del os.environ[auditlog.KEEP]
    made = recording.Recording("e2e")
    for path in sorted(kept.glob("*.log")):
        with path.open() as lines:
            for at, obj in recording.audited(lines):
                before = [name for began, name in STARTED if began <= at]
                made.add(obj, before[-1] if before else "the start of the run")
    recording.close(made)


@pytest.fixture(scope="session")
def tools(pytestconfig: pytest.Config) -> dict[str, Path]:
    """Paths of kube-apiserver, etcd and kubectl; the first run builds them, and shows it."""
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        return toolchain.ensure()


@pytest.fixture(scope="session")
def control_plane(
    tools: dict[str, Path], recorded: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControlPlane]:
    """A kube-apiserver with RBAC and an audit log, for the whole run. Without a controller manager.

    In the end its log has to say that every operator of the run asked under its shipped account only, and was allowed.
    """
    assert recorded is None, "its log is kept"
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
    """Helm without a cluster: that of `VVOL_HELM`, or the pinned one, which the first run builds, and shows."""
    if given := os.environ.get("VVOL_HELM"):
        return Helm(Path(given), tmp_path_factory.mktemp("helm"))
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        program = toolchain.ensure(["helm"])["helm"]
    return Helm(program, tmp_path_factory.mktemp("helm"))


@pytest.fixture
def namespace(control_plane: ControlPlane) -> str:
    """Name of a namespace made for this test. It stays: without a controller manager none is finally deleted."""
    name = f"e2e-{uuid.uuid4().hex[:10]}"
    control_plane.client.make_namespace(name)
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
