"""Two replicas, one Lease: hand-over in time, one push, and nobody acts who may not."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from e2e.replicas import LOST, Replicas
from e2e.rig import PUSH, Rig, topology
from e2e.rounds import Play

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.rig import Site

    from testbed.controlplane import ControlPlane

SCALED = (5, 3, 1)


@pytest.fixture(scope="module")
def rig(control_plane: ControlPlane, crds: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """Namespaces of its own; no single operator runs here."""
    assert crds
    return Rig(control_plane, tmp_path_factory.mktemp("replicas"))


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology("term", "kill", "round", transfer_seconds=0.0)) as made:
        yield made


@pytest.mark.parametrize(("how", "group", "most"), [("SIGTERM", "term", 3.0), ("SIGKILL", "kill", 20.0)])
def test_the_other_replica_goes_on_with_a_sync_in_flight(
    how: str, group: str, most: float, site: Site, tmp_path: Path
) -> None:
    rig = site.rig
    with Replicas.running(rig.plane, tmp_path, rig.secrets, rig.namespaces) as replicas:
        name = site.group(group)
        site.wait_group(name)
        site.act("hold", group)
        request = site.request(name)
        request.wait_reason("Transferring")
        leader = replicas.leader()

        leader.signal(signal.Signals[how])
        seconds = replicas.taken_over(leader)
        print(f"hand-over after {how}: {seconds:.1f} s")  # noqa: T201 - a figure for people

        site.act("land", group)
        request.assert_true_success(group)
        assert len(site.calls(PUSH, group)) == 1
        assert seconds < 2 * most  # the machine is shared; the figure itself is printed
        if how == "SIGTERM":
            assert leader.process.wait(30) == 0
            assert "released Lease" in leader.log


@pytest.mark.parametrize(
    ("kind", "place"),
    [("SIGKILL", "arming"), ("SIGTERM", "pushing"), ("SIGSTOP", "transferring"), ("partition", "arming")],
)
def test_a_round_of_each_trouble(rig: Rig, site: Site, tmp_path: Path, kind: str, place: str) -> None:
    """`make rounds` plays hundreds of these."""
    with Replicas.running(rig.plane, tmp_path, rig.secrets, rig.namespaces, SCALED) as replicas:
        played = Play(site, replicas, "round").round(kind, place)
    exit_status = {"SIGKILL": 128 + signal.SIGKILL, "SIGTERM": 0, "SIGSTOP": LOST, "partition": LOST}[kind]
    assert (played.pushes, played.completed, played.exit_status) == (1, True, exit_status), played
