"""Two replicas, one Lease: hand-over in time, one push, and nobody acts who may not."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from e2e.replicas import LOST, Replicas
from e2e.rig import PUSH, Rig, topology
from e2e.rounds import Play, summary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.rig import Site

    from controlplane import ControlPlane

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
            assert "let go of Lease" in leader.log


def test_a_few_rounds_of_everything(rig: Rig, site: Site, tmp_path: Path) -> None:
    """`make rounds` plays hundreds of these."""
    with Replicas.running(rig.plane, tmp_path, rig.secrets, rig.namespaces, SCALED) as replicas:
        play = Play(site, replicas, "round")
        rounds = [play.round(kind) for kind in ("SIGKILL", "SIGTERM", "SIGSTOP", "partition")]
    print("\n".join(summary(rounds)))  # noqa: T201 - figures for people
    assert [one for one in rounds if one.pushes != 1 or not one.completed] == []
    lost = {one.kind: one.exit_status for one in rounds}
    assert lost["SIGSTOP"] == lost["partition"] == LOST
    assert lost["SIGTERM"] == 0
