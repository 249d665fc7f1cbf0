"""VCenter, FlashArray and ReplicationGroup: their live status, what it costs, and what makes it right again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from component.engine.apiserver import ApiServerInMemory
from component.engine.rig import Rig, running
from component.engine.steps import breaks, does, ends, hangs
from component.engine.virtual import until, virtual

from vvol_replication.api.names import FLASHARRAY, REPLICATION_GROUP, VCENTER, Kind
from vvol_replication.api.objects import Conflict, Failed
from vvol_replication.domain.groups import GroupState
from vvol_replication.domain.outcomes import Refused, Unavailable
from vvol_replication.domain.points import PointInTime

VC = {"address": "vc", "credentialsSecretRef": {"name": "vc"}}


def ready(rig: Rig, kind: Kind, name: str) -> tuple[str, str] | None:
    found: tuple[str, str] | None = rig.api.condition(kind, name, "Ready", "prod" if kind.namespaced else None)
    return found


@virtual
async def test_each_kind_has_its_own_live_status() -> None:
    async with running() as rig:
        await until(lambda: ready(rig, REPLICATION_GROUP, "erp") == ("True", "Ready"))
        assert ready(rig, VCENTER, "dallas") == ready(rig, FLASHARRAY, "b") == ("True", "Ready")
        site = rig.api.objects["vcenters", None, "dallas"]["status"]
        assert (site["instanceUUID"], site["version"]) == ("uuid-dallas", "8.0.3.0")
        group = rig.api.objects["replicationgroups", "prod", "erp"]["status"]
        assert group["source"]["protectionGroup"] == "erp"
        assert group["target"]["arrayID"] == "id-b"


@virtual
async def test_a_quiet_hour_costs_few_calls_and_few_writes() -> None:
    groups = [f"g{number:02}" for number in range(30)]
    async with running(Rig(*groups, chances=(0.0, 0.4, 0.9))) as rig:
        await asyncio.sleep(60)
        calls, writes = dict(rig.world.calls), len(rig.api.writes)
        await asyncio.sleep(3600)
        listings = rig.world.calls["points_in_time"] - calls["points_in_time"]
        assert 30 * 30 <= listings <= 60 * 30
        assert rig.world.calls["inventory"] - calls["inventory"] <= 170
        assert len(rig.api.writes) - writes <= 30 * 13 + 3 * 61
        # those of one fault domain at the same moments, one each half minute at most, which makes one question of them
        moments = {round(at.timestamp()) for at, method, _ in rig.world.asked if method == "points_in_time"}
        assert len(moments) <= 3660 / 30 + 5


@virtual
async def test_points_are_listed_at_once_after_a_sync_of_the_group_and_told_at_once() -> None:
    async with running() as rig:
        rig.request("one")
        await rig.until_ended("one")
        name = rig.status("one").point_in_time
        assert name is not None

        def listed() -> bool:
            points = rig.api.objects["replicationgroups", "prod", "erp"]["status"].get("pointsInTime", [])
            return any(point["id"] == name.id for point in points)

        await until(listed, within=2)


@virtual
async def test_a_point_in_time_from_elsewhere_is_told_at_the_next_listing() -> None:
    async with running() as rig:
        await until(lambda: ready(rig, REPLICATION_GROUP, "erp") == ("True", "Ready"))
        for number in range(12):
            rig.world.replicas["erp"].points.append(PointInTime(f"p{number}", None, rig.clock.now()))

        def status() -> dict[str, Any]:
            found: dict[str, Any] = rig.api.objects["replicationgroups", "prod", "erp"]["status"]
            return found

        await until(lambda: status().get("pointInTimeCount") == 12, within=130)
        assert len(status()["pointsInTime"]) == 10


@pytest.mark.parametrize(
    ("break_it", "reason", "reachable", "authenticated"),
    [
        (lambda api: api.secrets.pop("vc"), "SecretNotFound", "Unknown", "False"),
        (lambda api: api.secrets["vc"].pop("password"), "SecretKeyMissing", "Unknown", "False"),
        (lambda api: api.secrets["vc"].update(password="wrong"), "LoginFailed", "True", "False"),
    ],
)
@virtual
async def test_credentials_heal_by_themselves(
    break_it: Callable[[ApiServerInMemory], object], reason: str, reachable: str, authenticated: str
) -> None:
    rig = Rig()
    rig.secrets()
    break_it(rig.api)
    async with running(rig, connect=False):
        rig.api.apply(VCENTER, "dallas", VC)
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", reason), within=5)
        assert rig.api.condition(VCENTER, "dallas", "Reachable")[0] == reachable
        assert rig.api.condition(VCENTER, "dallas", "Authenticated")[0] == authenticated
        assert rig.api.condition(VCENTER, "dallas", "InventoryComplete")[0] == "Unknown"
        rig.secrets()
        await until(lambda: ready(rig, VCENTER, "dallas") == ("True", "Ready"), within=20)


@virtual
async def test_a_changed_secret_or_spec_makes_a_new_session_and_ends_the_old_one() -> None:
    async with running() as rig:
        assert len(rig.world.opened) == 3
        rig.api.secrets["vc"]["password"] = "wrong"
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "LoginFailed"), within=40)
        assert len(rig.world.opened) == 4
        assert len(rig.world.closed) == 1
        rig.secrets()
        await until(lambda: ready(rig, VCENTER, "dallas") == ("True", "Ready"), within=40)
        rig.api.apply(VCENTER, "dallas", {**VC, "maxConcurrentCalls": 4})
        await until(lambda: len(rig.world.opened) == 6, within=2)
        rig.api.apply(VCENTER, "dallas", {"address": "https://no"})
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "InvalidSpec"), within=2)
        await until(lambda: len(rig.world.closed) == 4, within=2)


@virtual
async def test_another_vcenter_behind_the_address_is_told_and_then_met_anew() -> None:
    async with running() as rig:
        await until(lambda: ready(rig, VCENTER, "dallas") == ("True", "Ready"))
        opened = len(rig.world.opened)
        rig.world.before["inventory"] = [ends(Refused("IdentityChanged", "another vCenter answers"))]
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "IdentityChanged"), within=60)
        await until(lambda: ready(rig, VCENTER, "dallas") == ("True", "Ready"), within=60)
        assert len(rig.world.opened) == opened + 1


@virtual
async def test_a_reading_by_the_spec_before_is_not_told_as_one_by_the_new_spec() -> None:
    async with running() as rig:
        rig.world.before["inventory"] = [hangs(5.0)]
        await asyncio.sleep(31)
        rig.api.apply(VCENTER, "dallas", {"address": "https://no"})
        await asyncio.sleep(10)
        for body in rig.api.history["vcenters", None, "dallas"]:
            for one in body["status"].get("conditions", ()):
                if one["type"] == "Ready" and one["observedGeneration"] == 2:
                    assert one["reason"] == "InvalidSpec"
        assert ready(rig, VCENTER, "dallas") == ("False", "InvalidSpec")


@virtual
async def test_tls_that_is_not_verified_is_said_and_a_ca_that_cannot_be_read_is_refused() -> None:
    async with running() as rig:
        rig.api.apply(VCENTER, "dallas", {**VC, "tls": {"insecureSkipVerify": True}})
        await until(
            lambda: rig.api.condition(VCENTER, "dallas", "TLSVerified") == ("False", "TLSNotVerified"), within=3
        )
        rig.connector.refusal = Refused("InvalidCACertificates", "no certificate can be read")
        rig.api.apply(VCENTER, "dallas", VC)
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "InvalidCACertificates"), within=3)
        assert rig.api.condition(VCENTER, "dallas", "TLSVerified") is None


@virtual
async def test_a_word_that_is_not_in_the_catalogue_is_told_as_a_fault() -> None:
    async with running() as rig:
        rig.world.before["inventory"] = [ends(Unavailable("BrandNew", "something new"))] * 3
        rig.world.before["points_in_time"] = [ends(Refused("BrandNew", "something new"))] * 3
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "EndpointFault"), within=40)
        await until(lambda: ready(rig, REPLICATION_GROUP, "erp") == ("False", "EndpointFault"), within=200)
        await until(lambda: ready(rig, VCENTER, "dallas") == ("True", "Ready"), within=40)
        await until(lambda: ready(rig, REPLICATION_GROUP, "erp") == ("True", "Ready"), within=200)


@virtual
async def test_silence_of_the_api_server_says_nothing_about_a_secret() -> None:
    async with running() as rig:
        rig.api.silent = Failed("the API server could not be asked (GET): ClientConnectorError")
        await asyncio.sleep(120)
        assert len(rig.world.closed) == 0
        assert rig.world.calls["inventory"] >= 4
        rig.api.silent = None
        await asyncio.sleep(60)
        assert ready(rig, VCENTER, "dallas") == ("True", "Ready")


@virtual
async def test_silence_of_the_api_server_before_the_first_session_waits() -> None:
    rig = Rig()
    rig.secrets()
    rig.api.apply(VCENTER, "dallas", VC)
    rig.api.silent = Failed("the API server could not be asked (GET): ClientConnectorError")
    await rig.start()
    await asyncio.sleep(120)
    assert rig.world.opened == []
    rig.api.silent = None
    await until(lambda: ready(rig, VCENTER, "dallas") == ("True", "Ready"), within=40)
    await rig.engine.stop()


@pytest.mark.parametrize("answer", [Failed("the API server answered 422: no such field"), Conflict()])
@virtual
async def test_a_status_that_is_refused_is_written_again_ever_more_slowly(answer: Failed | Conflict) -> None:
    async with running() as rig:
        rig.world.replicas["erp"].target_state = GroupState.INTEST
        refused = 0
        original = rig.api.write_status

        async def refuse(*_: object) -> Failed | Conflict:
            nonlocal refused
            refused += 1
            return answer

        rig.api.write_status = refuse  # type: ignore[assignment,method-assign]  # a fault of this test
        calls = rig.world.calls["inventory"]
        await asyncio.sleep(600)
        assert 5 < refused < 250
        assert rig.world.calls["inventory"] - calls < 70
        rig.api.write_status = original  # type: ignore[method-assign]  # as above
        await until(lambda: rig.api.condition(REPLICATION_GROUP, "erp", "Syncable", "prod") is not None, within=60)


@virtual
async def test_a_defect_in_a_monitor_is_logged_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as rig:
        rig.world.before["inventory"] = [breaks()]
        await until(lambda: any("reading VCenter dallas failed" in one.message for one in caplog.records), within=40)
        calls = rig.world.calls["inventory"]
        await until(lambda: rig.world.calls["inventory"] > calls, within=40)


@virtual
async def test_what_was_read_stays_when_an_endpoint_falls_silent() -> None:
    async with running() as rig:
        rig.world.before["inventory"] = [ends(Unavailable("Unreachable", "no route"))] * 100
        await until(lambda: ready(rig, VCENTER, "dallas") == ("False", "Unreachable"), within=40)
        assert rig.api.condition(VCENTER, "dallas", "Reachable") == ("False", "Unreachable")
        assert rig.api.objects["vcenters", None, "dallas"]["status"]["instanceUUID"] == "uuid-dallas"
        assert rig.api.objects["replicationgroups", "prod", "erp"]["status"]["target"]["array"] == "b"


@pytest.mark.parametrize("kind", [VCENTER, FLASHARRAY, REPLICATION_GROUP])
@virtual
async def test_an_object_that_went_while_the_watch_was_down_is_let_go(kind: Kind) -> None:
    name = {"VCenter": "dallas", "FlashArray": "a", "ReplicationGroup": "erp"}[kind.kind]
    async with running() as rig:
        await asyncio.sleep(5)
        rig.api.remove(kind, name, "prod" if kind.namespaced else None, tell=False)
        method, what = {
            "VCenter": ("inventory", "vcenter"),
            "FlashArray": ("connections", "a"),
            "ReplicationGroup": ("points_in_time", "fd-b/t-erp"),
        }[kind.kind]
        await asyncio.sleep(700)
        begun = rig.clock.now()
        await asyncio.sleep(300)
        assert [one for one in rig.world.asked if one[0] > begun and one[1:] == (method, what)] == []


@pytest.mark.parametrize("kind", [VCENTER, REPLICATION_GROUP])
@virtual
async def test_an_object_of_the_same_name_is_another_one_and_its_forerunners_deletion_comes_late(kind: Kind) -> None:
    name, namespace = ("erp", "prod") if kind.namespaced else ("dallas", None)
    async with running() as rig:
        old = rig.api.objects[kind.plural, namespace, name]
        del rig.api.objects[kind.plural, namespace, name]
        rig.api.apply(kind, name, old["spec"], namespace)
        await asyncio.sleep(1)
        rig.engine.observe(kind, old, deleted=True)
        await until(lambda: ready(rig, kind, name) == ("True", "Ready"), within=5)
        assert len(rig.world.closed) == (0 if kind.namespaced else 1)
        rig.request("one")
        await rig.until_ended("one")


@virtual
async def test_an_old_event_does_not_bring_an_old_spec_back() -> None:
    async with running() as rig:
        old = rig.api.history["replicationgroups", "prod", "erp"][0]
        rig.group("erp", suspend=True)
        await until(lambda: rig.api.condition(REPLICATION_GROUP, "erp", "Suspended", "prod") is not None, within=3)
        site = rig.api.history["vcenters", None, "dallas"][0]
        rig.engine.observe(REPLICATION_GROUP, old)
        rig.engine.observe(VCENTER, {**site, "spec": {"address": "https://no"}})
        await asyncio.sleep(5)
        assert rig.api.condition(REPLICATION_GROUP, "erp", "Suspended", "prod") is not None
        assert ready(rig, VCENTER, "dallas") == ("True", "Ready")


@virtual
async def test_a_listing_of_what_the_group_stood_for_before_is_not_told() -> None:
    async with running(Rig("erp", "crm")) as rig:
        await until(lambda: ready(rig, REPLICATION_GROUP, "erp") == ("True", "Ready"))
        rig.world.replicas["erp"].points.append(PointInTime("of-erp", None, rig.clock.now()))
        rig.world.before["points_in_time"] = [
            does(
                lambda: rig.api.apply(
                    REPLICATION_GROUP,
                    "erp",
                    {"recoverySite": {"vCenterRef": {"name": "dallas"}}, "group": {"name": "a:crm"}},
                    "prod",
                )
            ),
            hangs(0.5),
        ]
        rig.world.before["points_in_time"].reverse()
        rig.world.after["points_in_time"] = []
        await asyncio.sleep(300)
        points = rig.api.objects["replicationgroups", "prod", "erp"]["status"].get("pointsInTime", [])
        assert "of-erp" not in [point["id"] for point in points]


@virtual
async def test_a_group_that_cannot_be_read_or_bound_says_so() -> None:
    async with running() as rig:
        rig.api.apply(REPLICATION_GROUP, "bad", {"group": {}}, "prod")
        rig.group("crm")
        await until(lambda: ready(rig, REPLICATION_GROUP, "bad") == ("False", "InvalidSpec"), within=3)
        await until(lambda: ready(rig, REPLICATION_GROUP, "crm") == ("False", "SourceGroupNotFound"), within=3)
        rig.world.replicas["crm"] = replace(rig.world.replicas["erp"], name="crm")
        rig.world.replicas["crm"].source_id = replace(rig.world.replicas["erp"].source_id, device_group="s-crm")
        rig.world.replicas["crm"].target_id = replace(rig.world.replicas["erp"].target_id, device_group="t-crm")
        await until(lambda: ready(rig, REPLICATION_GROUP, "crm") == ("True", "Ready"), within=40)
