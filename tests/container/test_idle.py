"""The image with the world of the bench's section `idle`, and its groups besides: 128 MiB suffice, whoever runs it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from bench import idle
from bench.stand import load_groups, topology
from container.stand import MEMORY, Stand, standing
from e2e.helm import NAMESPACE, Helm

from container import pod
from testbed import stage
from testbed.controlplane import ControlPlane

USER = 1000680000
KINDS = "vcenters,flasharrays,replicationgroups"


@pytest.fixture(scope="module")
def stand(
    image: str, helm: Helm, control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stand]:
    """All endpoints of the bench, and all groups of its load."""
    with standing(image, helm, control_plane, topology(), tmp_path_factory.mktemp("node")) as made:
        groups = [
            stage.group(name, NAMESPACE, f"array-{name.split('-')[1]}a:{name}", recovery="dallas", protected="austin")
            for name in load_groups()
        ]
        control_plane.client.apply(*groups)
        yield made


def test_at_rest_with_everything_connected_it_stays_in_128_mib(stand: Stand) -> None:
    stand.start()
    stand.plane.kubectl("wait", "--for=condition=Ready", "--all", "-A", "--timeout=120s", KINDS)
    time.sleep(idle.CALM + idle.SECONDS)  # as long as the bench looks at it

    print(f"\npeak of memory: {stand.pod.peak / 2**20:.0f} MiB")  # noqa: T201 - figures, for -s
    assert stand.pod.peak < pod.size(MEMORY)
    assert not stand.pod.state["OOMKilled"]
    assert stand.pod.answers("readinessProbe")


def test_a_user_of_the_platforms_choice_runs_it_as_well(stand: Stand) -> None:
    """OpenShift gives each namespace users of its own, in the group 0."""
    stand.pod.kill()
    stand.start(runAsUser=USER, runAsGroup=0)
    assert stand.pod.status["Uid"].split() == [str(USER)] * 4

    stand.sync("of-another-user", load_groups()[0])
    stand.wait_complete("of-another-user")
    assert stand.pod.changes() == set()
