"""Samples for pipelines that only have kubectl: a name for each commit, `kubectl wait`, and a shell recipe."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from e2e import pipelines
from e2e.pipelines import SAMPLES, asked, once, rendered, shell
from e2e.rig import Rig, Site, topology

from testbed import stage
from testbed.kubectl import KubectlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECIPE = str(SAMPLES / "kubectl" / "sync-and-wait.sh")
KUBECTL = SAMPLES / "kubectl" / "replicationsync.yaml"


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology("erp")) as made:
        made.wait_group(made.group("erp", name="erp"))
        yield made


@pytest.fixture(autouse=True)
def flowing(site: Site) -> Iterator[None]:
    yield
    site.act("release", "erp")


@pytest.fixture
def before(site: Site) -> int:
    """How much was asked of the storage before this test."""
    return len(asked(site))


def manifest(directory: Path, name: str, **spec: object) -> str:
    path = directory / f"{name}.yaml"
    obj = stage.sync(name, "", "erp", **spec)
    del obj["metadata"]["namespace"]
    path.write_text(json.dumps(obj))
    return str(path)


def test_one_name_for_each_commit(rig: Rig, site: Site, before: int, tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "kustomize", tmp_path / "kustomize")
    overlay = tmp_path / "kustomize" / "overlay"
    first = rendered(rig, overlay)
    rig.kubectl.apply(first)
    site.known("before-deploy-3f9c1e7").assert_true_success("erp")
    assert asked(site)[before:] == once()

    said = rig.kubectl.apply(rendered(rig, overlay))
    assert said.split() == ["replicationsync.replication.vvol.dev/before-deploy-3f9c1e7", "unchanged"]
    text = (overlay / "kustomization.yaml").read_text()
    (overlay / "kustomization.yaml").write_text(text.replace("-3f9c1e7", "-a81b2c0"))
    rig.kubectl.apply(rendered(rig, overlay))
    site.known("before-deploy-a81b2c0").assert_true_success("erp")
    assert asked(site)[before:] == once(2), "the same commit asked for nothing, the next one once"


def test_a_changed_request_under_the_same_name_is_an_error_and_no_second_push(
    rig: Rig, site: Site, before: int
) -> None:
    text = rendered(rig, SAMPLES / "kustomize" / "overlay")
    rig.kubectl.apply(text)
    site.known("before-deploy-3f9c1e7").wait_complete()
    so_far = len(asked(site))

    with pytest.raises(KubectlError, match="immutable: create a new ReplicationSync under a new name"):
        rig.kubectl.apply(text + "  pointInTimeName: another\n")

    assert asked(site)[so_far:] == []
    assert before <= so_far


def test_kubectl_wait_for_each_end(rig: Rig, site: Site) -> None:
    ends: dict[str, dict[str, Any]] = {"Complete": {}, "Failed": {"cancel": True, "suspend": True}}
    for condition, spec in ends.items():
        request = site.request("erp", f"waited-for-{condition.lower()}", **spec)
        for one in (condition, "Finished"):
            rig.kubectl("wait", f"--for=condition={one}", f"replicationsync/{request.name}", "--timeout=60s")
        other = "Failed" if condition == "Complete" else "Complete"
        done = rig.kubectl(
            "wait", f"--for=condition={other}", f"replicationsync/{request.name}", "--timeout=1s", check=False
        )
        assert done.returncode == 1
        both = ("--for=condition=Complete", "--for=condition=Failed")
        done = rig.kubectl("wait", *both, f"replicationsync/{request.name}", "--timeout=1s", check=False)
        assert done.returncode == 1, "it waits for every one"


def test_the_recipe_says_complete_and_asks_for_nothing_when_it_is_run_again(rig: Rig, site: Site, before: int) -> None:
    for _ in range(2):
        done = shell(rig, RECIPE, str(KUBECTL), "60s")
        assert (done.returncode, done.stdout, done.stderr) == (0, "before-upgrade-42\n", "")
    site.known("before-upgrade-42").assert_true_success("erp")
    assert asked(site)[before:] == once()


def test_the_recipe_asks_for_the_object_in_the_namespace_that_the_manifest_names(
    rig: Rig, site: Site, before: int, tmp_path: Path
) -> None:
    path = tmp_path / "elsewhere.yaml"
    path.write_text(json.dumps(stage.sync("elsewhere", rig.namespace, "erp", pointInTimeName="elsewhere")))
    done = shell(rig, RECIPE, str(path), "60s", namespace="default")
    assert (done.returncode, done.stdout, done.stderr) == (0, "elsewhere\n", "")
    site.known("elsewhere").assert_true_success("erp")
    assert asked(site)[before:] == once()


def test_the_recipe_waits_for_each_request_of_a_manifest_until_one_is_not_complete(
    rig: Rig, site: Site, before: int, tmp_path: Path
) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "beside", "namespace": rig.namespace}}
    names = {"first-of-two": {}, "second-of-two": {"cancel": True}}
    syncs = [stage.sync(one, rig.namespace, "erp", pointInTimeName=one, **spec) for one, spec in names.items()]
    path = tmp_path / "several.yaml"
    path.write_text("\n---\n".join(json.dumps(one) for one in (config, *syncs)))
    done = shell(rig, RECIPE, str(path), "60s", namespace="default")
    assert (done.returncode, done.stdout) == (1, "first-of-two\n")
    assert done.stderr.startswith("replicationsync.replication.vvol.dev/second-of-two: Cancelled: ")
    assert asked(site)[before:] == once()

    path.write_text(json.dumps(config))
    done = shell(rig, RECIPE, str(path), "60s")
    assert done.returncode == 3
    assert done.stderr == f"{path} has no ReplicationSync: there is nothing to wait for\n"
    path.write_text("")
    assert shell(rig, RECIPE, str(path), "60s").returncode == 3


def test_the_recipe_says_failed(rig: Rig, site: Site, before: int, tmp_path: Path) -> None:
    done = shell(rig, RECIPE, manifest(tmp_path, "called-off", cancel=True), "60s")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("replicationsync.replication.vvol.dev/called-off: Cancelled: ")
    assert asked(site)[before:] == []


def test_the_recipe_says_not_finished_and_can_be_run_again(rig: Rig, site: Site, before: int, tmp_path: Path) -> None:
    site.act("hold", "erp")
    path = manifest(tmp_path, "slow", pointInTimeName="slow")
    done = shell(rig, RECIPE, path, "2s")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("replicationsync.replication.vvol.dev/slow is not finished after 2s: ")
    site.wait_effect("POST pgroup", "erp")

    site.act("land", "erp")
    done = shell(rig, RECIPE, path, "60s")

    assert (done.returncode, done.stdout) == (0, "slow\n")
    assert asked(site)[before:] == once()


def test_the_recipe_says_not_taken(rig: Rig, site: Site, before: int, tmp_path: Path) -> None:
    done = shell(rig, RECIPE, manifest(tmp_path, "wrong", timeout="-1h"), "5s")
    assert done.returncode == 3
    assert "spec.timeout" in done.stderr
    assert shell(rig, RECIPE, str(tmp_path / "missing.yaml")).returncode == 3
    assert asked(site)[before:] == []


def test_the_recipe_says_not_executed(rig: Rig, site: Site, before: int, tmp_path: Path) -> None:
    done = shell(rig, RECIPE, manifest(tmp_path, "history", notAfter="2020-01-01T00:00:00Z"), "60s")
    assert done.returncode == 4
    assert "not executed" in done.stderr
    assert asked(site)[before:] == []


def test_the_sample_of_a_schedule_is_taken(rig: Rig) -> None:
    taken = rig.kubectl("apply", "--dry-run=server", "-f", str(SAMPLES / "kubectl" / "replicationschedule.yaml")).stdout

    assert "replicationschedule.replication.vvol.dev/nightly created" in taken


def test_every_directory_of_samples_is_in_a_test() -> None:
    assert {one.name for one in SAMPLES.iterdir()} >= {"argocd-presync", "argocd-waves", "flux", "kustomize", "kubectl"}
    for path in SAMPLES.rglob("*.yaml"):
        assert pipelines.documents(path.read_text()), path
