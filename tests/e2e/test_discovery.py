"""Discovery on a real API server: groups get their objects, people keep theirs, and silence takes nothing away."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from e2e.rig import LONG, PROTECTED, RECOVERY, SECRETS, SOURCE, TARGET, Rig, Site, topology

from testbed import stage
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.rig import Object

    from testbed.controlplane import ControlPlane

MANAGER = "vvol-replication-discovery"
LATER = f"e2e-later-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def rig(control_plane: ControlPlane, crds: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """An operator that may act in a second namespace, which is not there yet."""
    assert crds
    made = Rig(control_plane, tmp_path_factory.mktemp("operator"), permissions="cluster-wide")
    made.namespaces.append(LATER)
    with made.running():
        yield made


@pytest.fixture
def site(rig: Rig) -> Iterator[Site]:
    """Two vCenters with two groups, none of which has an object."""
    with rig.site(topology("erp", "crm")) as made:
        yield made


def discover(site: Site, name: str, namespace: str) -> None:
    """Turn discovery on."""
    edit(site, name, {"discovery": {"namespace": namespace}})


def edit(site: Site, name: str, spec: Object) -> None:
    """Change a VCenter's spec: it is read again at once."""
    patch = json.dumps({"spec": spec})
    site.rig.kubectl("patch", "vcenter", site.prefix + name, "--type=merge", "--patch", patch)


def read_again(site: Site, name: str) -> Object:
    """Have a VCenter read once more, and wait for what that told."""
    calls = int(site.rig.kubectl.get("vcenter", site.prefix + name)["spec"].get("maxConcurrentCalls", 2))
    edit(site, name, {"maxConcurrentCalls": 3 if calls == 2 else 2})
    generation = site.rig.kubectl.get("vcenter", site.prefix + name)["metadata"]["generation"]
    return site.rig.kubectl.wait_until(
        "vcenter",
        site.prefix + name,
        lambda one: one["status"]["observedGeneration"] == generation,
        what="the new reading",
        timeout=LONG,
    )


def wait_discovery(site: Site, name: str, reason: str = "Discovered", **counts: int) -> Object:
    """Wait until the VCenter says that of its discovery, with these counts: the other site may be read later."""

    def says(obj: Object) -> bool:
        found = stage.condition(obj, "Discovery")
        counted = obj["status"].get("discovery") or {}
        return found is not None and found["reason"] == reason and counts.items() <= counted.items()

    return site.rig.kubectl.wait_until(
        "vcenter", site.prefix + name, says, what=f"Discovery to say {reason} {counts}", timeout=LONG
    )


def ids(site: Site, protection_group: str) -> Object:
    """The target's ids, as a spec names them."""
    (target,) = site.world(protection_group)["targetGroups"]
    return {"faultDomainID": target["faultDomainId"], "deviceGroupID": target["deviceGroupId"]}


def objects(site: Site, namespace: str, target: Object) -> list[Object]:
    """The ReplicationGroups for that target."""
    listed = json.loads(
        site.rig.plane.kubectl("get", "replicationgroups", f"--namespace={namespace}", "--output=json").stdout
    )
    return [one for one in listed["items"] if one["spec"]["group"].get("target") == target]


def one_object(site: Site, namespace: str, target: Object) -> Object:
    """Wait for the ReplicationGroup of that target; there is but one."""
    found = eventually(
        lambda: objects(site, namespace, target), what="the ReplicationGroup", until=bool, timeout=LONG, every=0.1
    )
    assert len(found) == 1
    return found[0]


def test_each_group_gets_an_object_that_works(site: Site, rig: Rig) -> None:
    discover(site, PROTECTED, rig.namespace)
    told = wait_discovery(site, PROTECTED, kept=2)

    assert told["status"]["discovery"] == {"namespace": rig.namespace, "found": 2, "kept": 2, "adopted": 0}
    (domain,) = [one for one in told["status"]["faultDomains"] if one["name"] == SOURCE]
    assert domain["arrayID"] == site.simulator.array(SOURCE)["id"]
    made = one_object(site, rig.namespace, ids(site, "erp"))
    assert made["metadata"]["name"].startswith("flasharray-a-erp-")
    assert made["metadata"]["labels"]["replication.vvol.dev/discovered-by"] == site.prefix + PROTECTED
    assert made["spec"]["recoverySite"]["vCenterRef"]["name"] == site.prefix + RECOVERY
    assert made["spec"]["protectedSite"]["vCenterRef"]["name"] == site.prefix + PROTECTED

    request = site.request(made["metadata"]["name"])
    request.assert_true_success("erp")

    # The other vCenter discovers into the same namespace: it finds all there.
    discover(site, RECOVERY, rig.namespace)
    told = wait_discovery(site, RECOVERY, adopted=2)
    assert told["status"]["discovery"] == {"namespace": rig.namespace, "found": 2, "kept": 0, "adopted": 2}
    one_object(site, rig.namespace, ids(site, "crm"))


def test_both_sides_in_one_vcenter(rig: Rig) -> None:
    described = topology("erp")
    described["vCenters"] = {RECOVERY: {"arrays": [SOURCE, TARGET], "password": SECRETS[1]}}
    with rig.site(described) as site:
        discover(site, RECOVERY, rig.namespace)
        made = one_object(site, rig.namespace, ids(site, "erp"))
        for side in ("recoverySite", "protectedSite"):
            assert made["spec"][side]["vCenterRef"]["name"] == site.prefix + RECOVERY
        site.wait_group(made["metadata"]["name"])


def test_what_somebody_made_is_adopted_and_left_as_it_is(site: Site, rig: Rig) -> None:
    name = site.group("erp")
    by_ids = stage.group(
        f"{site.prefix}by-ids", rig.namespace, "", recovery=site.prefix + RECOVERY, protected=site.prefix + PROTECTED
    )
    by_ids["spec"]["group"] = {"target": ids(site, "crm")}
    site.apply(by_ids)
    before = rig.kubectl.get("replicationgroup", name)

    discover(site, RECOVERY, rig.namespace)
    told = wait_discovery(site, RECOVERY, adopted=2)

    assert told["status"]["discovery"]["adopted"] == 2
    assert objects(site, rig.namespace, ids(site, "erp")) == []
    assert one_object(site, rig.namespace, ids(site, "crm"))["metadata"]["name"] == f"{site.prefix}by-ids"
    after = rig.kubectl.get("replicationgroup", name)
    assert (after["spec"], after["metadata"]["generation"]) == (before["spec"], before["metadata"]["generation"])
    assert "labels" not in after["metadata"]


def test_a_users_own_fields_stay_and_a_field_that_is_contested_is_left_and_told(site: Site, rig: Rig) -> None:
    discover(site, RECOVERY, rig.namespace)
    name = one_object(site, rig.namespace, ids(site, "erp"))["metadata"]["name"]
    wait_discovery(site, RECOVERY)
    site.wait_group(name)
    patch: Any = {"spec": {"minPushInterval": "1m", "protectedSite": {"vCenterRef": {"name": "by-hand"}}}}
    rig.kubectl("patch", "replicationgroup", name, "--type=merge", "--patch", json.dumps(patch))
    rig.kubectl.wait_until(
        "replicationgroup",
        name,
        lambda one: one["status"]["observedGeneration"] == one["metadata"]["generation"],
        what="the edit to be seen",
    )

    read_again(site, RECOVERY)
    told = wait_discovery(site, RECOVERY, "ChangedByOthers")

    condition = stage.condition(told, "Discovery")
    assert condition is not None
    assert name in condition["message"]
    assert "kubectl" in condition["message"]
    spec = rig.kubectl.get("replicationgroup", name)["spec"]
    assert spec["protectedSite"] == {"vCenterRef": {"name": "by-hand"}}

    rig.kubectl(
        "patch", "replicationgroup", name, "--type=json", "--patch", '[{"op":"remove","path":"/spec/protectedSite"}]'
    )
    rig.kubectl.wait_until(
        "replicationgroup",
        name,
        lambda one: "protectedSite" in one["spec"],
        what="the field to be filled in",
        timeout=4 * LONG,
    )
    made = rig.kubectl("get", "replicationgroup", name, "--show-managed-fields", "--output=json").stdout
    obj = json.loads(made)
    assert obj["spec"]["minPushInterval"] == "1m"
    managers = {one["manager"]: one["operation"] for one in obj["metadata"]["managedFields"]}
    assert managers[MANAGER] == "Apply"


def test_a_silent_provider_takes_nothing_away_and_a_group_that_is_gone_is_marked_and_kept(site: Site, rig: Rig) -> None:
    discover(site, RECOVERY, rig.namespace)
    target = ids(site, "erp")
    name = one_object(site, rig.namespace, target)["metadata"]["name"]
    wait_discovery(site, RECOVERY)
    site.wait_group(name)

    # Silence, while the group gets new ids on both sides as after a reverse: nothing is concluded from it.
    site.simulator.action("set-provider", vCenter=RECOVERY, provider=TARGET, status="offline")
    site.act("reassign-groups", "erp")
    for _ in range(2):
        read_again(site, PROTECTED)
        assert not stage.is_true(read_again(site, RECOVERY), "InventoryComplete")
    assert stage.condition(rig.kubectl.get("replicationgroup", name), "Gone") is None

    # It answers again: the old pair is gone for certain, the new one gets an object of its own.
    site.simulator.action("set-provider", vCenter=RECOVERY, provider=TARGET, status="online")
    for _ in range(2):
        read_again(site, PROTECTED)
        read_again(site, RECOVERY)
    marked = rig.kubectl.wait_for_condition("replicationgroup", name, "Gone", timeout=4 * LONG)
    gone = stage.condition(marked, "Gone")
    assert gone is not None
    assert gone["reason"] == "GroupGone"
    assert target["deviceGroupID"] in gone["message"]
    assert marked["spec"]["group"]["target"] == target
    new = one_object(site, rig.namespace, ids(site, "erp"))["metadata"]["name"]
    assert new != name
    site.wait_group(new)

    # A restart changes nothing of it, and makes nothing twice.
    rig.end()
    rig.start()
    site.wait_group(new)
    read_again(site, RECOVERY)
    wait_discovery(site, RECOVERY)
    one_object(site, rig.namespace, ids(site, "erp"))
    after = stage.condition(rig.kubectl.get("replicationgroup", name), "Gone")
    assert after is not None
    assert after["lastTransitionTime"] == gone["lastTransitionTime"]


def test_a_namespace_that_comes_later(site: Site, rig: Rig) -> None:
    discover(site, RECOVERY, LATER)
    told = wait_discovery(site, RECOVERY, "NamespaceNotFound")
    condition = stage.condition(told, "Discovery")
    assert condition is not None
    assert LATER in condition["message"]

    rig.plane.kubectl("create", "namespace", LATER)
    read_again(site, RECOVERY)
    wait_discovery(site, RECOVERY)

    one_object(site, LATER, ids(site, "erp"))

    # Pointed elsewhere, where the operator is not to act: the objects stay, and it is told.
    discover(site, RECOVERY, "kube-public")
    wait_discovery(site, RECOVERY, "NamespaceNotWatched")
    one_object(site, LATER, ids(site, "erp"))
    site.delete("VCenter", site.prefix + RECOVERY)
    one_object(site, LATER, ids(site, "erp"))
