"""What has ended is not listed by a start, against a real API server; and it still gets what it is owed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from e2e import contract
from e2e.rig import Request, Rig, Site, ready, topology

from testbed.waiting import eventually
from vvol_replication.api.names import FINALIZER, REPLICATION_SYNC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.stage import Object

CRD = f"crd/{REPLICATION_SYNC.crd_name}"
FIELDS = "/spec/versions/0/selectableFields"


@pytest.fixture(scope="module")
def site(rig: Rig) -> Iterator[Site]:
    with rig.site(topology("ended", "older")) as made:
        yield made


def completed(site: Site, group: str, **spec: Any) -> Request:
    """A request that has ended well, and is free."""
    name = site.group(group)
    site.wait_group(name)
    request = site.request(name, **spec)
    request.wait_complete()
    request.wait("the finalizer to go", lambda obj: not obj["metadata"].get("finalizers"))
    return request


def answered(obj: Object) -> bool:
    """Does all of its status speak of its newest generation?"""
    status, generation = obj["status"], obj["metadata"]["generation"]
    said = {status["observedGeneration"], *(one["observedGeneration"] for one in status["conditions"])}
    return said == {generation}


def test_what_happened_to_an_ended_request_while_no_operator_ran_is_settled(rig: Rig, site: Site) -> None:
    edited, held, same = (completed(site, "ended", requestID=f"CHG-{number}") for number in range(3))
    stored = same.get()["metadata"]["resourceVersion"]
    rig.kill()
    edited.patch(suspend=True)
    patch = json.dumps({"metadata": {"finalizers": [FINALIZER]}})
    rig.kubectl("patch", "replicationsync", held.name, "--type=merge", "--patch", patch)
    rig.kubectl("delete", "replicationsync", held.name, "--wait=false")

    rig.start()
    contract.check(edited.wait("its edit to be answered", answered))
    eventually(lambda: held.name not in rig.kubectl("get", "replicationsyncs", "-o", "name").stdout, what="it to go")
    edited.patch(suspend=False)
    edited.wait("the second edit to be answered", answered)
    twin = site.request(same.get()["spec"]["groupRef"]["name"], requestID="CHG-2")
    assert ready(twin.wait_complete())[0] == "AlreadyDone"
    assert same.get()["metadata"]["resourceVersion"] == stored


def test_kubectl_selects_by_phase_group_and_request_id(rig: Rig, site: Site) -> None:
    request = completed(site, "ended", requestID="CHG-9")
    group = request.get()["spec"]["groupRef"]["name"]
    for selector in ("spec.requestID=CHG-9", f"status.phase=Succeeded,spec.groupRef.name={group},spec.requestID=CHG-9"):
        found = rig.kubectl("get", "replicationsyncs", f"--field-selector={selector}", "-o", "name").stdout.split()
        assert found == [f"replicationsync.replication.vvol.dev/{request.name}"]


def test_with_a_crd_from_before_it_works_and_says_what_to_do(rig: Rig, site: Site) -> None:
    """Where one team owns the CRDs and another one the operator, the operator may be the first."""
    done = completed(site, "older", requestID="CHG-1")
    rig.kill()
    fields = json.loads(rig.kubectl("get", CRD, "-o", "json").stdout)["spec"]["versions"][0]["selectableFields"]
    change(rig, {"op": "remove", "path": FIELDS})
    try:
        done.patch(suspend=True)
        said = len(rig.log)
        rig.start()
        done.wait("its edit to be answered", answered)
        again = site.request(done.get()["spec"]["groupRef"]["name"], requestID="CHG-1")
        assert ready(again.wait_complete())[0] == "AlreadyDone"
        assert f"The CRD {REPLICATION_SYNC.crd_name} is older than this operator" in rig.log[said:]
    finally:
        rig.kill()
        change(rig, {"op": "add", "path": FIELDS, "value": fields})
        rig.start()


def change(rig: Rig, *patch: Object) -> None:
    """Change the CRD, and wait until the API server serves it so."""
    rig.kubectl("patch", CRD, "--type=json", "--patch", json.dumps(patch))
    wanted = 0 if patch[0]["op"] == "add" else 1
    question = ("get", "replicationsyncs", "--field-selector=status.phase=Succeeded")
    eventually(
        lambda: rig.kubectl(*question, check=False).returncode == wanted, what="the API server to serve the CRD so"
    )
