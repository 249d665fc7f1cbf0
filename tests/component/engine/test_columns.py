"""The columns of `kubectl get`, as the CRDs define them: what a person reads of a request, from its first second on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from component.engine.rig import Rig, running
from component.engine.virtual import virtual

from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_GROUP, REPLICATION_SYNC, Kind

CRDS = Path(__file__).parents[3] / "crds"
CONDITION = re.compile(r'^\.status\.conditions\[\?\(@\.type=="(\w+)"\)\]\.(\w+)$')
SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def columns(kind: Kind) -> list[dict[str, Any]]:
    crd = yaml.safe_load((CRDS / f"replication.vvol.dev_{kind.plural}.yaml").read_text("utf-8"))
    found: list[dict[str, Any]] = crd["spec"]["versions"][0]["additionalPrinterColumns"]
    return found


def cell(body: Any, path: str) -> str:
    """What kubectl prints there: nothing where the path leads nowhere."""
    if (found := CONDITION.match(path)) is not None:
        type_, field = found.groups()
        said = (one[field] for one in body["status"].get("conditions", ()) if one["type"] == type_)
        return str(next(said, ""))
    for step in path.removeprefix(".").split("."):
        body = body.get(step) if isinstance(body, dict) else None
    return "" if body is None else str(body)


def row(body: Any, kind: Kind = REPLICATION_SYNC) -> dict[str, str]:
    return {one["name"]: cell(body, one["jsonPath"]) for one in columns(kind)}


def rows(rig: Rig, name: str, kind: Kind = REPLICATION_SYNC) -> Iterator[dict[str, str]]:
    """The row at each moment since the object was accepted."""
    for body in rig.api.history[kind.plural, "prod", name]:
        if body["status"].get("acceptedAt"):
            yield row(body, kind)


def scheduled(rig: Rig) -> None:
    """The array's own schedule has brought a point in time, which has no name."""
    now = rig.clock.now()
    rig.world.replicas["erp"].snapshots["5"] = (now - timedelta(seconds=20), now - timedelta(seconds=10))


@pytest.mark.parametrize("reason", ["FailoverPrepared", "PreparationNotValid", "ValidityUnknown", "FailoverCalledOff"])
def test_a_prepared_group_shows_whether_one_may_fail_over(reason: str) -> None:
    body = {"status": {"conditions": [{"type": "Prepared", "status": "True", "reason": reason}]}}
    assert row(body, REPLICATION_GROUP)["Prepared"] == reason
    assert row({"status": {}}, REPLICATION_GROUP)["Prepared"] == ""


@pytest.mark.parametrize("method", [None, "Coordinated", "ArrayOnly"])
@virtual
async def test_the_method_is_the_effective_one_from_the_acceptance_on(method: str | None) -> None:
    async with running() as rig:
        rig.world.alone = method == "ArrayOnly"
        rig.request("one", **({} if method is None else {"method": method}))
        await rig.until_ended("one")
        assert {one["Method"] for one in rows(rig, "one")} == {method or "Coordinated"}


@virtual
async def test_a_deadline_is_in_whole_seconds_and_gone_when_the_request_has_ended() -> None:
    async with running() as rig:
        await asyncio.sleep(0.123)
        rig.request("one", timeout="90s")
        rig.prepare("dr", validFor="1h")
        await rig.until_ended("one")
        await rig.until_prepared("dr")
        seen = [one["Deadline"] for one in rows(rig, "one")]
        assert any(seen), "there is one while it runs"
        assert all(SECOND.fullmatch(one) for one in seen if one)
        assert seen[-1] == ""
        assert SECOND.fullmatch(row(rig.body(FAILOVER_PREPARATION, "dr"), FAILOVER_PREPARATION)["Valid Until"])
        assert "deadline" not in rig.body(FAILOVER_PREPARATION, "dr")["status"]


@virtual
async def test_one_that_is_out_of_time_shows_no_deadline_either_and_says_when_it_was() -> None:
    async with running(Rig(transfer=1000.0)) as rig:
        rig.request("one", timeout="90s")
        await rig.until_ended("one")
        last = row(rig.api.sync("one"))
        assert (last["Reason"], last["Deadline"]) == ("TimedOut", "")
        assert re.search(rf"Not done by {SECOND.pattern}", last["Message"])


@virtual
async def test_a_time_of_a_point_stands_beside_its_id_also_where_it_has_no_name() -> None:
    async with running() as rig:
        scheduled(rig)
        rig.request("one", maxAge="10m")
        await rig.until_ended("one")
        last = row(rig.api.sync("one"))
        assert last["Reason"] == "RecentEnough"
        assert (last["Point In Time"], last["Point ID"]) == ("", "5")
        assert last["Point Time"]
        names = [one["name"] for one in columns(REPLICATION_SYNC)]
        assert names.index("Point Time") == names.index("Point ID") + 1


@virtual
async def test_a_point_in_time_with_another_requests_name_is_not_shown_without_a_hint() -> None:
    async with running() as rig:
        rig.request("await", method="AwaitSchedule", pointInTimeName="nightly")
        await rig.until_reason("await", "AwaitingTransfer")
        rig.api.edit("await", cancel=True)
        await rig.until_ended("await")
        rig.request("one")
        await rig.until_ended("one")
        last = row(rig.api.sync("one"))
        assert (last["Phase"], last["Point In Time"], last["Named"]) == ("Succeeded", "nightly", "False")
        rig.request("two")
        await rig.until_ended("two")
        assert row(rig.api.sync("two"))["Named"] == "True"
        assert next(one for one in columns(REPLICATION_SYNC) if one["name"] == "Named").get("priority", 0) == 0
