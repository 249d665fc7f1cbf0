"""Samples for Argo CD, carried out by its sync engine on the real API server, with the health that a user pastes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from e2e.pipelines import Object, argocd_sync, asked, documents, once, sample
from e2e.rig import Rig, Site, topology
from health import judges

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRESYNC = ("argocd-presync/replicationsync.yaml", "argocd-presync/application.yaml")
WAVES = ("argocd-waves/replicationsync.yaml", "argocd-waves/drill.yaml")


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology("erp")) as made:
        made.wait_group(made.group("erp", name="erp"))
        yield made


@pytest.fixture(autouse=True)
def clean(rig: Rig, site: Site) -> Iterator[None]:
    yield
    site.act("release", "erp")
    rig.kubectl("delete", "replicationsyncs,configmaps", "--all")
    eventually(lambda: syncs(rig) == [], what="the requests to be gone")


@pytest.fixture
def before(site: Site) -> int:
    """How much was asked of the storage before this test."""
    return len(asked(site))


def synced(rig: Rig, manifests: str, revision: str, config: Path = judges.ARGOCD_CM) -> tuple[int, list[Object], str]:
    """One sync by Argo CD, to its end."""
    with argocd_sync(rig, manifests, config, revision) as running:
        return running.ended()


def syncs(rig: Rig) -> list[Object]:
    found: list[Object] = rig.kubectl.get("replicationsyncs")["items"]
    return found


def one_sync(rig: Rig, reason: str) -> Object:
    """Wait until the only request there gives that reason."""

    def look() -> list[Object]:
        return [one for one in syncs(rig) if (stage.condition(one, "Ready") or {}).get("reason") == reason]

    (found,) = eventually(look, what=f"a request to say {reason}", timeout=90)
    return found


def test_the_hook_holds_the_deployment_until_the_point_in_time_is_there(rig: Rig, site: Site, before: int) -> None:
    site.act("hold", "erp")
    with argocd_sync(rig, sample(*PRESYNC), judges.ARGOCD_CM, "3f9c1e7a") as running:
        hook = one_sync(rig, "Transferring")
        assert hook["metadata"]["name"].startswith("before-deploy-3f9c1e7-presync-")
        assert rig.kubectl.find("configmap", "application") is None, "the deployment waits for the hook"
        site.act("release", "erp")
        status, out, err = running.ended()

    assert (status, err) == (0, "")
    results = {one["kind"]: one for one in out}
    assert results["ReplicationSync"]["hookPhase"] == "Succeeded"
    assert results["ReplicationSync"]["message"].startswith("PointInTimeCreated: ")
    assert rig.kubectl.get("configmap", "application")["data"] == {"version": "42"}
    assert asked(site)[before:] == once()
    (left,) = syncs(rig)
    assert left["metadata"]["deletionTimestamp"], "Argo CD's policy HookSucceeded has deleted it"
    assert left["metadata"]["finalizers"] == ["foregroundDeletion"], "the garbage collector's, which does not run here"
    named = [one["name"] for one in site.points("erp")]
    assert hook["status"]["operation"]["pointInTimeName"] in named, "it outlives its object"

    status, _, err = synced(rig, sample(*PRESYNC), "3f9c1e7a")
    assert (status, err) == (0, "")
    assert asked(site)[before:] == once(), "nothing has changed in Git: the hook is not run again"

    changed = sample(*PRESYNC).replace('version: "42"', 'version: "43"')
    status, _, err = synced(rig, changed, "a81b2c0d")
    assert (status, err) == (0, "")
    assert asked(site)[before:] == once(2)


def test_a_hook_that_fails_stops_the_deployment_and_stays(rig: Rig, site: Site, before: int) -> None:
    refused = sample(*PRESYNC).replace("timeout: 30m", "timeout: 30m\n  suspend: true")
    with argocd_sync(rig, refused, judges.ARGOCD_CM, "3f9c1e7a") as running:
        hook = one_sync(rig, "Suspended")
        site.known(hook["metadata"]["name"]).patch(cancel=True)
        status, out, err = running.ended()

    assert status == 1, err
    (result,) = [one for one in out if one["kind"] == "ReplicationSync"]
    assert (result["hookPhase"], result["message"][:11]) == ("Failed", "Cancelled: ")
    assert rig.kubectl.find("configmap", "application") is None
    assert [one["metadata"]["name"] for one in syncs(rig)] == [hook["metadata"]["name"]], "to be looked at"
    assert asked(site)[before:] == []


def test_without_our_health_the_hook_protects_nothing(rig: Rig, site: Site, tmp_path: Path) -> None:
    bare = tmp_path / "argocd-cm.yaml"
    bare.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\ndata: {}\n")
    site.act("hold", "erp")
    status, _, err = synced(rig, sample(*PRESYNC), "3f9c1e7a", bare)
    assert (status, err) == (0, "")
    assert rig.kubectl.find("configmap", "application") is not None, "deployed with no point in time: why we ship it"


def test_waves_follow_each_other_and_a_second_sync_asks_for_nothing(rig: Rig, site: Site, before: int) -> None:
    site.act("hold", "erp")
    with argocd_sync(rig, sample(*WAVES), judges.ARGOCD_CM, "1") as running:
        one_sync(rig, "Transferring")
        assert rig.kubectl.find("configmap", "drill") is None
        site.act("release", "erp")
        status, _, err = running.ended()
    assert (status, err) == (0, "")
    site.known("before-drill-7").assert_true_success("erp")
    assert rig.kubectl.get("configmap", "drill")["data"] == {"pointInTime": "drill-7"}

    for _ in range(2):
        status, _, err = synced(rig, sample(*WAVES), "1")
        assert (status, err) == (0, "")
    assert asked(site)[before:] == once()


def test_a_wave_that_fails_is_the_last_one(rig: Rig, site: Site, before: int) -> None:
    cancelled = sample(*WAVES).replace("requestID: drill-7", "requestID: drill-8\n  cancel: true")
    status, out, _ = synced(rig, cancelled, "2")
    (result,) = [one for one in out if one["kind"] == "ReplicationSync"]
    assert status == 1 or result["hookPhase"] == "Failed"
    assert rig.kubectl.find("configmap", "drill") is None
    assert asked(site)[before:] == []


def test_argo_cd_reads_the_annotations_as_they_are_meant() -> None:
    objects = {one["kind"] + str(number): one for number, one in enumerate(documents(sample(*PRESYNC, *WAVES)))}
    said = dict(zip(objects, judges.argocd({"object": one} for one in objects.values()), strict=True))
    assert (said["ReplicationSync0"]["hooks"], said["ReplicationSync0"]["hookDeletion"]) == (
        ["PreSync"],
        ["HookSucceeded"],
    )
    assert [one["wave"] for one in said.values()] == [0, 0, 0, 1]
    assert [one["hooks"] for name, one in said.items() if name != "ReplicationSync0"] == [[], [], []]


def test_run_now_is_left_alone_where_git_does_not_have_it_and_put_back_where_it_does(
    rig: Rig, site: Site, before: int
) -> None:
    git = sample("kubectl/replicationschedule.yaml", PRESYNC[0])

    def text() -> str | None:
        """What spec.runNow says."""
        spec = rig.kubectl.get("replicationschedule", "nightly")["spec"]
        return str(spec["runNow"]) if "runNow" in spec else None

    def click() -> str:
        """Somebody uses the action, as Argo CD carries it out."""
        live = rig.kubectl.get("replicationschedule", "nightly")
        (said,) = judges.argocd([{"object": live, "action": "run-now"}])
        asked_for = {"spec": {"runNow": said["result"]["spec"]["runNow"]}}
        rig.kubectl("patch", "replicationschedule", "nightly", "--type=merge", "--patch", json.dumps(asked_for))
        return str(asked_for["spec"]["runNow"])

    assert synced(rig, git, "3f9c1e7a")[0] == 0
    clicked = click()
    ended = f"--for=jsonpath={{.status.lastRunNow}}={clicked}"
    rig.kubectl("wait", ended, "--timeout=90s", "replicationschedule/nightly")
    assert synced(rig, git, "3f9c1e7a")[0] == 0
    assert text() == clicked
    assert asked(site)[before:] == once(2), "the hook and the run; Argo CD saw no difference, so no hook again"

    with_text = git.replace("spec:\n", "spec:\n  runNow: from-git\n", 1)
    assert synced(rig, with_text, "a81b2c0d")[0] == 0
    assert text() == "from-git"
    rig.kubectl("delete", "replicationschedule", "nightly")
