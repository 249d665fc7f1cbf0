"""Discovery and the mark of a group that is gone, with the whole engine: what is written, how often, what is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from component.engine.rig import PACE, Rig, running
from component.engine.steps import Step, does, ends
from component.engine.virtual import until, virtual

from vvol_replication.api.names import REPLICATION_GROUP, VCENTER
from vvol_replication.api.objects import Denial, Denied, Failed
from vvol_replication.domain.groups import FaultDomain, GroupId, Inventory
from vvol_replication.domain.outcomes import Done, Unavailable
from vvol_replication.reconcile.discovery.names import object_name

VC = {"address": "vc", "credentialsSecretRef": {"name": "vc"}}
DISCOVERING = {**VC, "discovery": {"namespace": "dr"}}
NAME = object_name("a:erp", GroupId("fd-b", "t-erp"))
DOMAINS = (FaultDomain("fd-a", "a", "id-a"), FaultDomain("fd-b", "b", "id-b"))


def discovery(rig: Rig) -> tuple[str, str] | None:
    found: tuple[str, str] | None = rig.api.condition(VCENTER, "dallas", "Discovery")
    return found


def message(rig: Rig) -> str:
    conditions = rig.api.objects["vcenters", None, "dallas"]["status"]["conditions"]
    return next(str(one["message"]) for one in conditions if one["type"] == "Discovery")


def made(rig: Rig, namespace: str = "dr") -> dict[str, Any]:
    return {key[2]: body for key, body in rig.api.objects.items() if key[:2] == ("replicationgroups", namespace)}


def gone(rig: Rig, name: str = "erp", namespace: str = "prod") -> bool:
    found: tuple[str, str] | None = rig.api.condition(REPLICATION_GROUP, name, "Gone", namespace)
    return found == ("True", "GroupGone")


async def readings(rig: Rig, number: int) -> None:
    """Let the vCenter be read so often more, and what follows happen."""
    wanted = rig.count("inventory") + number
    await until(lambda: rig.count("inventory") >= wanted)
    await asyncio.sleep(1)


async def found(rig: Rig, status: str = "True", reason: str = "Discovered") -> None:
    await until(lambda: discovery(rig) == (status, reason), within=120)


@virtual
async def test_a_group_for_each_pair_kept_without_a_further_write() -> None:
    groups = [f"g{number:02}" for number in range(60)]
    async with running(Rig(*groups)) as rig:
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await found(rig)
        assert len(made(rig)) == len(rig.api.applied) == 60
        body = made(rig)[object_name("a:g07", GroupId("fd-b", "t-g07"))]
        assert body["spec"] == {
            "recoverySite": {"vCenterRef": {"name": "dallas"}},
            "protectedSite": {"vCenterRef": {"name": "dallas"}},
            "group": {"target": {"faultDomainID": "fd-b", "deviceGroupID": "t-g07"}},
        }
        assert body["metadata"]["labels"] == {
            "app.kubernetes.io/managed-by": "vvol-replication",
            "replication.vvol.dev/discovered-by": "dallas",
        }
        status = rig.api.objects["vcenters", None, "dallas"]["status"]
        assert status["discovery"] == {"namespace": "dr", "found": 60, "kept": 60, "adopted": 0}
        assert [one["id"] for one in status["faultDomains"]] == ["fd-a", "fd-b"]
        await until(lambda: all(rig.api.condition(REPLICATION_GROUP, name, "Ready", "dr") for name in made(rig)))

        listed = rig.api.listed_in
        await asyncio.sleep(3600)
        assert len(rig.api.applied) == 60
        assert rig.api.listed_in == listed
        await rig.restart()
        await readings(rig, 3)
        assert len(rig.api.applied) == 60
        assert discovery(rig) == ("True", "Discovered")


@virtual
async def test_writes_are_bounded_at_a_time() -> None:
    async with running(Rig(*(f"g{number:02}" for number in range(60)))) as rig:
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await until(lambda: len(rig.api.applied) == PACE.discovery_batch)
        at = asyncio.get_running_loop().time()
        await until(lambda: len(rig.api.applied) > PACE.discovery_batch)
        assert asyncio.get_running_loop().time() - at >= PACE.discovery_pause


@virtual
async def test_a_watch_that_lags_makes_nothing_twice() -> None:
    async with running() as rig:
        rig.api.lag = 100.0
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await found(rig)
        assert rig.api.applied == [NAME]


@virtual
async def test_what_people_made_is_adopted_and_stays_as_it_is() -> None:
    async with running() as rig:
        target = {"faultDomainID": "fd-b", "deviceGroupID": "t-erp"}
        spec = {"recoverySite": {"vCenterRef": {"name": "dallas"}}, "group": {"target": target}}
        body = rig.api.apply(REPLICATION_GROUP, "mine", spec, "dr")
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await found(rig)
        assert made(rig).keys() == {"mine"}
        assert made(rig)["mine"]["spec"] == body["spec"]
        assert rig.api.applied == []
        assert "1 by others" in message(rig)


@virtual
async def test_a_field_that_somebody_changed_stays_changed_and_is_told_and_not_asked_for_all_the_time() -> None:
    async with running() as rig:
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await found(rig)
        spec = {**made(rig)[NAME]["spec"], "protectedSite": {"vCenterRef": {"name": "elsewhere"}}}
        rig.api.apply(REPLICATION_GROUP, NAME, spec, "dr")
        await found(rig, "False", "ChangedByOthers")
        applied = len(rig.api.applied)
        await asyncio.sleep(PACE.discovery_retry / 2)
        assert len(rig.api.applied) == applied
        assert made(rig)[NAME]["spec"] == spec
        assert NAME in message(rig)


@pytest.mark.parametrize(
    ("denial", "reason", "word"),
    [
        (Denied(Denial.NO_NAMESPACE, 'namespaces "dr" not found'), "NamespaceNotFound", "Create it"),
        (Denied(Denial.FORBIDDEN, "user cannot patch"), "CreationForbidden", "Allow it"),
    ],
)
@virtual
async def test_what_may_not_be_written_is_told_after_one_try_and_heals(denial: Denied, reason: str, word: str) -> None:
    async with running(Rig("erp", "crm")) as rig:
        rig.api.denials = [denial] * 2
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await found(rig, "False", reason)
        assert word in message(rig)
        assert len(rig.api.applied) - len(made(rig)) <= 2
        await found(rig)
        assert len(made(rig)) == 2


@virtual
async def test_an_object_that_is_refused_hinders_no_other_and_is_told() -> None:
    async with running(Rig("erp", "crm")) as rig:
        rig.api.denials = [Denied(Denial.INVALID, "spec.group: too long")]
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await found(rig, "False", "ObjectRefused")
        assert len(made(rig)) == 1
        assert "too long" in message(rig)
        await asyncio.sleep(PACE.discovery_retry)
        await found(rig)
        assert len(made(rig)) == 2


@virtual
async def test_a_namespace_that_the_operator_is_not_to_see_gets_nothing() -> None:
    async with running() as rig:
        rig.api.watched = ("prod",)
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await found(rig, "False", "NamespaceNotWatched")
        assert rig.api.applied == []


@virtual
async def test_only_the_leader_writes() -> None:
    async with running() as rig:
        rig.leads = False
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await readings(rig, 3)
        assert rig.api.applied == []
        rig.leads = True
        await found(rig)
        assert rig.api.applied == [NAME]


@virtual
async def test_turned_off_pointed_elsewhere_or_deleted_leaves_the_objects() -> None:
    async with running() as rig:
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await found(rig)
        rig.api.apply(VCENTER, "dallas", {**VC, "discovery": {"namespace": "elsewhere"}})
        await until(lambda: NAME in made(rig, "elsewhere"))
        rig.api.apply(VCENTER, "dallas", VC)
        await until(lambda: discovery(rig) is None)
        assert "discovery" not in rig.api.objects["vcenters", None, "dallas"]["status"]
        rig.api.remove(VCENTER, "dallas")
        await asyncio.sleep(60)
        assert NAME in made(rig)
        assert NAME in made(rig, "elsewhere")


@virtual
async def test_an_api_server_that_is_silent_for_a_while() -> None:
    async with running() as rig:
        rig.api.denials = [Failed("no answer")] * 2
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await found(rig)
        assert rig.api.applied == [NAME] * 3


def nothing_listed(*, complete: bool = True, domains: tuple[FaultDomain, ...] = DOMAINS) -> Step:
    return ends(Done(Inventory(domains, (), complete, () if complete else ("a provider is silent",))))


@virtual
async def test_a_group_that_two_readings_lack_is_marked_kept_and_unmarked_when_it_is_back() -> None:
    async with running() as rig:
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await found(rig)
        await until(lambda: rig.api.condition(REPLICATION_GROUP, NAME, "Ready", "dr") == ("True", "Ready"))
        rig.world.before["inventory"] = [nothing_listed()]
        await readings(rig, 1)
        assert not gone(rig)
        await readings(rig, 1)
        rig.world.before["inventory"] = [nothing_listed() for _ in range(40)]
        await until(lambda: gone(rig) and gone(rig, NAME, "dr"), within=200)
        assert rig.api.condition(REPLICATION_GROUP, "erp", "Ready", "prod") == ("False", "GroupGone")
        status = rig.api.objects["replicationgroups", "prod", "erp"]["status"]
        assert status["target"]["deviceGroupID"] == "t-erp"
        since = next(one["lastTransitionTime"] for one in status["conditions"] if one["type"] == "Gone")
        told = next(one["message"] for one in status["conditions"] if one["type"] == "Gone")
        assert "fd-b/t-erp" in told

        await rig.restart()
        for _ in range(6):
            await readings(rig, 1)
            assert gone(rig)
            assert gone(rig, NAME, "dr")
        status = rig.api.objects["replicationgroups", "prod", "erp"]["status"]
        assert since == next(one["lastTransitionTime"] for one in status["conditions"] if one["type"] == "Gone")
        assert rig.api.applied == [NAME]

        rig.world.before.clear()
        await until(lambda: not gone(rig) and not gone(rig, NAME, "dr"), within=120)
        await until(lambda: rig.api.condition(REPLICATION_GROUP, "erp", "Ready", "prod") == ("True", "Ready"))


@virtual
async def test_a_mark_outlives_a_restart_without_a_flap() -> None:
    async with running() as rig:
        await until(lambda: rig.api.condition(REPLICATION_GROUP, "erp", "Ready", "prod") == ("True", "Ready"))
        rig.world.before["inventory"] = [nothing_listed() for _ in range(40)]
        await until(lambda: gone(rig), within=200)
        history = rig.api.history["replicationgroups", "prod", "erp"]
        marked = len(history)

        await rig.restart()
        await readings(rig, 12)  # until its status is written again, although nothing has changed

        told = [one["type"] for body in history[marked - 1 :] for one in body["status"]["conditions"]]
        assert told.count("Gone") == told.count("Ready") == len(history) - marked + 1 > 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda: nothing_listed(complete=False),
        lambda: ends(Unavailable("Unreachable", "no route")),
        lambda: nothing_listed(domains=DOMAINS[:1]),
    ],
    ids=["a silent provider", "a silent vCenter", "an array whose provider was unregistered"],
)
@virtual
async def test_silence_marks_nothing_and_deletes_nothing(answer: Any) -> None:
    async with running() as rig:
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await found(rig)
        await until(lambda: rig.api.condition(REPLICATION_GROUP, NAME, "Ready", "dr") == ("True", "Ready"))
        rig.world.before["inventory"] = [answer() for _ in range(20)]
        await until(lambda: not rig.world.before["inventory"], within=3000)
        await asyncio.sleep(1)
        histories = [
            rig.api.history["replicationgroups", "prod", "erp"],
            rig.api.history["replicationgroups", "dr", NAME],
        ]
        told = {one["type"] for bodies in histories for body in bodies for one in body["status"].get("conditions", ())}
        assert "Gone" not in told
        assert "Ready" in told
        assert made(rig).keys() == {NAME}
        assert rig.api.applied == [NAME]


@virtual
async def test_one_absent_reading_before_a_silence_and_one_after_it_are_not_two_in_a_row() -> None:
    async with running() as rig:
        await until(lambda: rig.api.condition(REPLICATION_GROUP, "erp", "Ready", "prod") == ("True", "Ready"))
        seen: list[bool] = []
        steps = [
            nothing_listed(),
            nothing_listed(complete=False),
            nothing_listed(),
            does(lambda: seen.append(gone(rig))),
        ]
        rig.world.before["inventory"] = steps
        await until(lambda: seen, within=600)
        await asyncio.sleep(1)
        assert seen == [False]
        assert not gone(rig)


@virtual
async def test_a_group_with_new_ids_gets_its_own_object_and_the_old_one_is_marked() -> None:
    async with running() as rig:
        rig.api.apply(VCENTER, "dallas", DISCOVERING)
        await found(rig)
        await until(lambda: rig.api.condition(REPLICATION_GROUP, NAME, "Ready", "dr") == ("True", "Ready"))
        replica = rig.world.replicas["erp"]
        replica.source_id, replica.target_id = GroupId("fd-a", "s-new"), GroupId("fd-b", "t-new")
        new = object_name("a:erp", replica.target_id)
        await until(lambda: gone(rig, NAME, "dr") and new in made(rig), within=300)
        await until(lambda: rig.api.condition(REPLICATION_GROUP, new, "Ready", "dr") == ("True", "Ready"))
        assert not gone(rig)  # it stands for the group by its name, and that is there


@virtual
async def test_a_group_that_was_never_seen_is_not_gone() -> None:
    async with running() as rig:
        target = {"faultDomainID": "fd-b", "deviceGroupID": "never"}
        rig.api.apply(
            REPLICATION_GROUP,
            "typo",
            {"recoverySite": {"vCenterRef": {"name": "dallas"}}, "group": {"target": target}},
            "prod",
        )
        await readings(rig, 4)
        assert rig.api.condition(REPLICATION_GROUP, "typo", "Ready", "prod") == ("False", "TargetGroupNotFound")
        assert not gone(rig, "typo")


@virtual
async def test_an_object_that_is_pointed_to_another_group_loses_the_mark() -> None:
    async with running(Rig("erp", "crm")) as rig:
        target = {"faultDomainID": "fd-b", "deviceGroupID": "t-erp"}
        recovery = {"vCenterRef": {"name": "dallas"}}
        rig.api.apply(REPLICATION_GROUP, "one", {"recoverySite": recovery, "group": {"target": target}}, "prod")
        await until(lambda: rig.api.condition(REPLICATION_GROUP, "one", "Ready", "prod") == ("True", "Ready"))
        del rig.world.replicas["erp"]
        await until(lambda: gone(rig, "one"), within=300)
        target = {"faultDomainID": "fd-b", "deviceGroupID": "t-crm"}
        rig.api.apply(REPLICATION_GROUP, "one", {"recoverySite": recovery, "group": {"target": target}}, "prod")
        await until(lambda: rig.api.condition(REPLICATION_GROUP, "one", "Ready", "prod") == ("True", "Ready"), within=5)
        assert not gone(rig, "one")
