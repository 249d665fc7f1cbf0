"""Samples for Flux, carried out by the library of its kustomize-controller on the real API server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from e2e.pipelines import SAMPLES, Object, asked, documents, flux_apply, once, rendered
from e2e.rig import Rig, Site, topology
from health import judges

if TYPE_CHECKING:
    from collections.abc import Iterator

FLUX = SAMPLES / "flux"
KUSTOMIZATIONS = {one["metadata"]["name"]: one["spec"] for one in documents((FLUX / "kustomizations.yaml").read_text())}
EXPRESSIONS = {"kstatus": (), "expressions": (str(judges.FLUX_EXPRESSIONS),)}


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


def actions(lines: list[Object]) -> dict[str, str]:
    return {one["subject"].split("/")[0]: one["action"] for one in lines}


def manifests(rig: Rig, name: str, number: int) -> str:
    """What the Kustomization of that name applies, in the namespace that it says; request ids of this test's own."""
    text = rendered(rig, FLUX / KUSTOMIZATIONS[name]["path"].removeprefix("./flux/"))
    return text.replace("requestID: drill-7", f"requestID: drill-7-{number}").replace(
        "metadata:\n", f"metadata:\n  namespace: {rig.namespace}\n"
    )


def test_the_kustomizations_say_what_holds_the_drill_back() -> None:
    sync, drill = KUSTOMIZATIONS["erp-sync"], KUSTOMIZATIONS["erp-drill"]
    assert sync["wait"] is True
    assert drill["dependsOn"] == [{"name": "erp-sync"}]
    for one in (sync, drill):
        assert (FLUX.parent / one["path"] / "kustomization.yaml").exists()


@pytest.mark.parametrize("way", EXPRESSIONS)
def test_a_kustomization_is_ready_when_the_point_in_time_is_there(way: str, rig: Rig, site: Site) -> None:
    before, number = len(asked(site)), list(EXPRESSIONS).index(way)
    site.act("hold", "erp")
    text = manifests(rig, "erp-sync", number)
    status, out, err = flux_apply(rig, text, "erp-sync", "6s", *EXPRESSIONS[way])
    assert (status, actions(out)) == (1, {"ReplicationSync": "created"})
    assert "timeout waiting for" in err, "not Ready, so that nothing which depends on it is applied"

    site.wait_effect("POST pgroup", "erp")
    site.act("land", "erp")
    status, _, err = flux_apply(rig, text, "erp-sync", "60s", *EXPRESSIONS[way])
    assert (status, err) == (0, "")
    status, _, err = flux_apply(rig, manifests(rig, "erp-drill", number), "erp-drill", "60s")
    assert (status, err) == (0, "")
    assert rig.kubectl.get("configmap", "drill")["data"] == {"pointInTime": "drill-7"}

    for _ in range(2):  # the interval comes round
        status, out, err = flux_apply(rig, text, "erp-sync", "60s", *EXPRESSIONS[way])
        assert (status, err) == (0, "")
        assert actions(out)["ReplicationSync"] in {"unchanged", "skipped"}
    assert asked(site)[before:] == once()


@pytest.mark.parametrize("way", EXPRESSIONS)
def test_a_failed_request_ends_the_wait_at_once(way: str, rig: Rig, site: Site) -> None:
    before = len(asked(site))
    text = manifests(rig, "erp-sync", 7).replace("spec:\n", "spec:\n  cancel: true\n")
    status, _, err = flux_apply(rig, text, "erp-sync", "110s", *EXPRESSIONS[way])
    assert status == 1
    assert "failed early due to stalled resources" in err
    assert asked(site)[before:] == []


def test_history_is_ready_and_asks_for_nothing(rig: Rig, site: Site) -> None:
    before = len(asked(site))
    text = manifests(rig, "erp-sync", 8).replace("2099-12-31", "2020-12-31")
    status, _, err = flux_apply(rig, text, "erp-sync", "60s")
    assert (status, err) == (0, "")
    assert asked(site)[before:] == []


def test_a_text_of_run_now_that_git_does_not_have_stays_only_where_kubectl_did_not_write_it(rig: Rig) -> None:
    text = (SAMPLES / "kubectl" / "replicationschedule.yaml").read_text()
    text = text.replace("metadata:\n", f"metadata:\n  namespace: {rig.namespace}\n").replace(
        "name: nightly", "name: mine"
    )
    assert flux_apply(rig, text, "schedules", "60s")[0] == 0

    def asks(change: str, *options: str) -> str | None:
        """The text after somebody has written it and the interval of Flux has come round."""
        patch = json.dumps({"spec": {"runNow": change}})
        rig.kubectl("patch", "replicationschedule", "mine", "--type=merge", "--patch", patch, *options)
        assert flux_apply(rig, text, "schedules", "60s")[0] == 0
        spec = rig.kubectl.get("replicationschedule", "mine")["spec"]
        return str(spec["runNow"]) if "runNow" in spec else None

    assert asks("by-kubectl") is None
    assert asks("by-another-manager", "--field-manager=run-now") == "by-another-manager"
    ended = "--for=jsonpath={.status.lastRunNow}=by-another-manager"
    rig.kubectl("wait", ended, "--timeout=60s", "replicationschedule/mine")
    assert flux_apply(rig, text, "schedules", "60s")[0] == 0, "a run that has ended changes nothing for Flux"
    rig.kubectl("delete", "replicationschedule", "mine")
