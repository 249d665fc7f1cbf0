"""Every example in the help of `kubectl vvol`, and the pipeline of docs/gitops.md, as they are written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from e2e.pipelines import asked, once, shell
from e2e.preparing import powered, soon
from e2e.rig import Rig, Site

from testbed import stage
from vvol_cli import manual

if TYPE_CHECKING:
    from collections.abc import Iterator

GITOPS = Path(__file__).parents[2] / "docs" / "gitops.md"
LAST = ("sync", "wait", "report", "prepare", "call-off")
"""What comes after all others, in this order: from what changes the group, to what ends it."""
APART = {"cancel", "board"}
"""What has a test of its own: something must run that can be cancelled; the board never ends by itself (test_board)."""


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(powered("erp"), connected=False) as made:
        made.prefix = ""  # the examples name them as people would
        made.connect()
        made.group("erp", name="erp")
        rig.kubectl("label", "replicationgroup", "erp", "app=erp")
        made.wait_group("erp")
        yield made


def example(rig: Rig, command: str) -> None:
    done = shell(rig, *shlex.split(command))
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_every_example_of_the_help_ends_well(rig: Rig, site: Site) -> None:
    nightly = {"groupRef": {"name": "erp"}, "schedule": "0 0 1 1 *"}
    rig.plane.client.have(
        {
            "apiVersion": stage.API_VERSION,
            "kind": "ReplicationSchedule",
            "metadata": {"name": "nightly", "namespace": rig.namespace},
            "spec": nightly,
        }
    )
    site.request("erp", "before-upgrade").wait_complete()
    rig.plane.client.have(stage.preparation("erp-move", rig.namespace, "erp", not_after=soon(), dryRun=True))
    known = {words: command.examples for words, command in manual.commands()}
    for words in sorted(known, key=lambda one: LAST.index(one) if one in LAST else -1):
        for one in known[words] if words not in APART else ():
            example(rig, one)


def test_the_example_of_cancel_ends_well(rig: Rig, site: Site) -> None:
    ((one,),) = [command.examples for words, command in manual.commands() if words == "cancel"]
    rig.kubectl("delete", "replicationsync", "before-upgrade", "--ignore-not-found")
    rig.kubectl("patch", "replicationgroup", "erp", "--type=merge", '--patch={"spec":{"suspend":true}}')
    site.request("erp", "before-upgrade").wait_reason("GroupSuspended")
    example(rig, one)


def test_the_pipeline_of_the_page_makes_one_point_in_time_for_a_commit(rig: Rig, tmp_path: Path) -> None:
    with rig.site(powered("piped")) as other:
        rig.kubectl("delete", "replicationgroup", "erp", "--ignore-not-found")
        other.wait_group(other.group("piped", name="erp"))
        (step,) = re.findall(r"```sh\n(kubectl vvol sync.*?)```", GITOPS.read_text("utf-8"), re.DOTALL)
        (tmp_path / "deployment.yaml").write_text(
            '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "deployed"}}'
        )
        for _ in range(2):
            done = shell(rig, "sh", "-c", f"COMMIT=3f9c1e7\n{step}", directory=tmp_path)
            assert done.returncode == 0, done.stderr
            assert done.stdout.splitlines()[0] == "before-3f9c1e7"
        assert asked(other) == once()
        assert rig.kubectl("get", "configmap", "deployed", "--output=name").stdout.strip() == "configmap/deployed"
