"""podman runs the image as the chart's Deployment describes it: real API server, simulated storage, 128 MiB."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest
from container.stand import MEMORY, Stand, standing
from e2e.helm import NAMESPACE, Helm
from e2e.rig import PROTECTED, RECOVERY, SOURCE, topology

from container import pod
from testbed import stage
from testbed.controlplane import ControlPlane
from testbed.waiting import eventually

TRANSFER = 6.0
GROUP = "erp"


@pytest.fixture(scope="module")
def stand(
    image: str, helm: Helm, control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stand]:
    """One group, and a pod that is ready."""
    world = topology(GROUP, transfer_seconds=TRANSFER)
    with standing(image, helm, control_plane, world, tmp_path_factory.mktemp("node")) as made:
        group = stage.group(GROUP, NAMESPACE, f"{SOURCE}:{GROUP}", recovery=RECOVERY, protected=PROTECTED)
        control_plane.client.have(group)
        made.start()
        yield made


def test_it_runs_as_the_deployment_says(stand: Stand) -> None:
    status = stand.pod.status

    assert status["Uid"].split() == status["Gid"].split() == ["65532"] * 4
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_a_sync_becomes_complete_in_128_mib(stand: Stand) -> None:
    stand.sync("first", GROUP)
    stand.wait_complete("first")

    print(f"\npeak of memory: {stand.pod.peak / 2**20:.0f} MiB")  # noqa: T201 - figures, for -s
    assert stand.pod.peak < pod.size(MEMORY)
    assert not stand.pod.state["OOMKilled"]


def test_killed_in_flight_and_started_again_it_pushes_nothing_twice(stand: Stand) -> None:
    before = stand.pushes()
    stand.sync("second", GROUP)
    eventually(stand.pushes, what="the push", until=lambda now: now == before + 1, timeout=60)
    stand.pod.kill()
    assert stand.pod.state["ExitCode"] == 128 + signal.SIGKILL
    stand.start()
    stand.wait_complete("second")

    assert stand.pushes() == before + 1


def test_sigterm_ends_it_in_the_grace_period(stand: Stand) -> None:
    grace = 30
    begun = time.monotonic()
    status = stand.pod.stop()
    took = time.monotonic() - begun

    assert (status, stand.pod.state["OOMKilled"]) == (0, False)
    assert took < grace
    assert "SIGTERM: ending" in stand.pod.log
    assert "Traceback" not in stand.pod.log


def test_its_root_file_system_is_as_in_the_image(stand: Stand) -> None:
    changes = {path for one in stand.pods for path in one.changes()}
    print(f"\n{sorted(changes)}")  # noqa: T201 - figures, for -s

    assert changes == set()
