"""An array's own schedule and its targets' retention, over sockets: one or two calls for all groups, and refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from component.flasharray.rig import REST1, Rig, done, is_one_line

from vvol_replication.domain.arrays import ProtectionPolicy, ReplicationSchedule, Retention
from vvol_replication.domain.outcomes import Refused, Unavailable
from vvol_simulator.model.protection import Retention as Kept
from vvol_simulator.model.protection import Schedule

HOUR = timedelta(hours=1)


def a_call_for_each(rig: Rig) -> int:
    """REST 1 tells schedule and retention in two answers."""
    return 2 if rig.words is REST1 else 1


async def test_the_schedule_and_the_targets_retention_of_all_groups_at_once(rig: Rig) -> None:
    rig.erp.schedule = Schedule(enabled=True, every=7200.0)
    rig.erp.retention = Kept(all_for=1, per_day=2, days=3, target_all_for=3600, target_per_day=5, target_days=6)
    rig.crm.retention = Kept(target_all_for=-1, target_per_day=0, target_days=-1)
    port = rig.connect()
    await port.about()
    rig.calls()

    assert done(await port.policies(["ERP", "crm", "erp"])) == {
        "ERP": ProtectionPolicy(ReplicationSchedule(enabled=True, every=2 * HOUR), Retention(HOUR, 5, 6)),
        "crm": ProtectionPolicy(ReplicationSchedule(enabled=False, every=4 * HOUR), Retention(None, 0, None)),
        "erp": ProtectionPolicy(ReplicationSchedule(enabled=True, every=2 * HOUR), Retention(HOUR, 5, 6)),
    }
    assert rig.calls() == {rig.words.group: a_call_for_each(rig)}


async def test_a_group_that_is_missing_or_destroyed_has_no_policy_and_hides_no_other(rig: Rig) -> None:
    rig.world.replication.destroy_group(rig.crm)
    port = rig.connect()
    for asked in (["nothing", "erp", "crm"], ["erp"]):
        assert set(done(await port.policies(asked))) == {"erp"}
    for asked in (["nothing"], []):
        assert done(await port.policies(asked)) == {}


async def test_a_missing_group_that_the_array_does_not_name(rig: Rig) -> None:
    async def unnamed(request: web.BaseRequest) -> web.Response | None:
        asked = f"{dict(request.query)} {await request.text()}"
        return rig.words.refusal("Protection group does not exist.") if "nothing" in asked else None

    port = rig.connect()
    await port.about()
    rig.override = unnamed
    assert set(done(await port.policies(["nothing", "erp", "crm"]))) == {"erp", "crm"}


@pytest.mark.parametrize(
    ("status", "text", "reason"),
    [(403, "", "PermissionDenied"), (400, "Insufficient privilege.", "PermissionDenied"), (400, "No.", "ArrayRefused")],
)
async def test_a_token_that_may_not_read_it_is_refused(rig: Rig, status: int, text: str, reason: str) -> None:
    async def refuse(_: web.BaseRequest) -> web.Response | None:
        return rig.words.refusal(text, status=status)

    port = rig.connect()
    await port.about()
    rig.override = refuse
    outcome = await port.policies(["erp"])
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert is_one_line(outcome.message)


async def test_an_array_that_is_silent_is_unavailable(rig: Rig) -> None:
    port = rig.connect()
    await port.about()
    rig.fault(rig.words.group, "httpStatus", status=500)
    outcome = await port.policies(["erp"])
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "EndpointFault"


async def test_a_name_that_no_group_can_have_is_not_sent(rig: Rig) -> None:
    port = rig.connect()
    await port.about()
    rig.calls()
    assert isinstance(await port.policies(["erp", "../x"]), Refused)
    assert rig.calls() == {}


@pytest.mark.parametrize("told", [{}, {"garbage": True}, {"enabled": "yes"}, {"all_for": "1d", "all_for_sec": None}])
async def test_an_array_that_does_not_tell_leaves_it_unknown(rig: Rig, told: dict[str, Any]) -> None:
    async def older(_: web.BaseRequest) -> web.Response:
        row = {"name": "erp"} | told
        rows: Any = [row] if rig.words is REST1 else {"items": [row | {"target_retention": told}]}
        return web.json_response(rows)

    port = rig.connect()
    await port.about()
    rig.override = older
    assert done(await port.policies(["erp"])) == {"erp": ProtectionPolicy(None, None)}
