"""Rare answers and moments: callers that leave, providers that split hairs, types that cannot be loaded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from pyVmomi import SoapAdapter

from vvol_replication.domain.groups import GroupId
from vvol_replication.domain.outcomes import Done, Indeterminate, Unavailable

from .conftest import QUICK

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites

SYNC = "SyncReplicationGroup_Task"


def answer(method: str, inside: str = "") -> str:
    """A SOAP answer as text, for what the simulator would not say by itself."""
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>'
        f'<{method}Response xmlns="urn:sms">{inside}</{method}Response></e:Body></e:Envelope>'
    )


def wire_ids(fault_domain: str, device_group: str) -> str:
    return (
        f'<faultDomainId xmlns="urn:vim25"><id>{fault_domain}</id></faultDomainId>'
        f'<deviceGroupId xmlns="urn:vim25"><id>{device_group}</id></deviceGroupId>'
    )


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something is so; a generous deadline."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the simulator's rules count, they do not call back
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("method", ["QueryFaultDomain", "Login"])
async def test_a_caller_that_leaves_before_the_sync_was_sent_takes_it_along(sites: Sites, method: str) -> None:
    rule = sites.world.faults.add("dallas", method, "hang")
    vcenter = sites.vcenter(max_concurrent_calls=1)
    leaving = asyncio.create_task(vcenter.start_sync(sites.group(), "x"))
    await until(lambda: rule.hits == 1)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    sites.world.faults.remove(rule.id)
    assert isinstance(await vcenter.group(sites.group()), Done), "the thread went on to the next call"
    assert sites.world.journal.since(0) == []


async def test_a_caller_that_leaves_a_read_leaves_the_thread_well(sites: Sites) -> None:
    rule = sites.world.faults.add("dallas", "QueryReplicationGroupInfo", "hang", times=1)
    vcenter = sites.vcenter(max_concurrent_calls=1)
    leaving = asyncio.create_task(vcenter.group(sites.group()))
    await until(lambda: rule.hits == 1)
    leaving.cancel()
    sites.world.faults.remove(rule.id)
    assert isinstance(await vcenter.group(sites.group()), Done)


async def test_a_closed_vcenter_does_not_log_in_again(sites: Sites) -> None:
    rule = sites.world.faults.add("dallas", "QueryReplicationGroupInfo", "expiredSession", times=1)
    slow = sites.world.faults.add("dallas", "QueryStorageManager", "hang", times=1)
    vcenter = sites.vcenter(max_concurrent_calls=2)
    under_way = asyncio.create_task(vcenter.group(sites.group()))
    await until(lambda: slow.hits == 1)
    await vcenter.close()
    sites.world.faults.remove(slow.id)
    outcome = await under_way
    assert isinstance(outcome, Unavailable)
    assert outcome.reason in ("EndpointBusy", "EndpointFault", "Unreachable")
    assert sites.site().sessions == {}
    assert sites.site().logins == 1
    assert rule.hits <= 1


async def test_a_batch_that_is_too_long_is_halved(sites: Sites, value: Callable[..., Any]) -> None:
    sites.world.switches.unfiltered_groups = "idsOnly"
    sites.world.faults.add("dallas", "QueryReplicationGroup", "soapFault", skip=1, times=2, name="TooMany")
    inventory = value(await sites.vcenter().inventory())
    # Three ids, then one of one: that one is the hole, the other two are told.
    assert not inventory.complete
    assert len(inventory.groups) == 2
    assert len(inventory.problems) == 1


async def test_ids_that_stay_without_details_are_named(sites: Sites, value: Callable[..., Any]) -> None:
    group = sites.group()
    on_demand = wire_ids("f", "ffffffff-ffff-ffff-ffff-ffffffffffff")
    bare = "".join(
        f"<returnval><groupId>{ids}</groupId></returnval>"
        for ids in (wire_ids(group.fault_domain, group.device_group), on_demand)
    )
    text = answer("QueryReplicationGroup", bare)
    sites.world.faults.add("dallas", "QueryReplicationGroup", "garbage", body=text, contentType="text/xml")
    inventory = value(await sites.vcenter().inventory())
    assert not inventory.complete
    assert inventory.groups == ()
    (problem,) = inventory.problems
    assert str(group) in problem


def told_target(sites: Sites, name: str, details_of: str | None = None, *, source: bool = True) -> str:
    """A row about a target group, with the details of that group or of another one."""
    ids, details = (
        f"<groupId>{wire_ids(group.fault_domain, group.device_group)}</groupId>"
        for group in (sites.group(name), sites.group(details_of or name))
    )
    other = sites.group(name, "source")
    made_from = wire_ids(other.fault_domain, other.device_group)
    told = f"<sourceInfo><sourceGroupId>{made_from}</sourceGroupId></sourceInfo>" if source else ""
    info = f'<rgInfo xsi:type="TargetGroupInfo">{details}{told}<state>TARGET</state></rgInfo>'
    return f'<returnval xsi:type="QueryReplicationGroupSuccessResult">{ids}{info}</returnval>'


@pytest.mark.parametrize("odd", ["no source", "no details", "no id", "details of another group"])
async def test_a_row_that_cannot_be_read_is_a_hole_and_hides_no_other_group(
    sites: Sites, value: Callable[..., Any], odd: str
) -> None:
    erp = sites.group("erp")
    row = {
        "no source": told_target(sites, "erp", source=False),
        "no details": '<returnval xsi:type="QueryReplicationGroupSuccessResult">'
        f"<groupId>{wire_ids(erp.fault_domain, erp.device_group)}</groupId></returnval>",
        "no id": '<returnval xsi:type="QueryReplicationGroupSuccessResult"/>',
        "details of another group": told_target(sites, "erp", "crm"),
    }[odd]
    body = answer("QueryReplicationGroup", row + told_target(sites, "crm"))
    sites.world.faults.add("dallas", "QueryReplicationGroup", "garbage", body=body, contentType="text/xml")
    inventory = value(await sites.vcenter().inventory())
    assert [group.id for group in inventory.groups] == [sites.group("crm")]
    assert not inventory.complete
    (problem,) = inventory.problems
    assert problem.startswith("VASA provider flasharray-b: " if odd == "no id" else f"Group {erp}: ")


async def test_a_fault_domain_that_cannot_be_read_hides_no_other(sites: Sites, value: Callable[..., Any]) -> None:
    target = sites.world.array("flasharray-b")
    domains = (
        '<returnval xsi:type="FaultDomainInfo"><name>odd</name></returnval><returnval xsi:type="FaultDomainInfo">'
        f'<id xmlns="urn:vim25">{target.fault_domain}</id><name>flasharray-b</name>'
        f"<storageArrayId>com.purestorage:{target.id}</storageArrayId></returnval>"
    )
    body = answer("QueryFaultDomain", domains)
    sites.world.faults.add("dallas", "QueryFaultDomain", "garbage", body=body, contentType="text/xml")
    inventory = value(await sites.vcenter().inventory())
    assert [(domain.id, domain.array_id) for domain in inventory.fault_domains] == [(target.fault_domain, target.id)]
    assert len(inventory.groups) == 3
    assert not inventory.complete


async def test_groups_that_vanish_between_the_questions_are_no_hole(sites: Sites, value: Callable[..., Any]) -> None:
    sites.world.switches.unfiltered_groups = "idsOnly"
    rule = sites.world.faults.add("dallas", "QueryReplicationGroup", "slow", times=1, seconds=0.0)
    vcenter = sites.vcenter()
    question = asyncio.create_task(vcenter.inventory())
    await until(lambda: rule.hits == 1)
    sites.world.vasa.reassign(sites.world.protection_group("crm"))
    inventory = value(await question)
    assert inventory.complete
    assert {group.id for group in inventory.groups} >= {sites.group("erp"), sites.group("mail")}


async def test_a_vcenter_that_does_not_say_which_provider_is_active(sites: Sites, value: Callable[..., Any]) -> None:
    silent = answer("QueryFaultDomain")
    sites.world.faults.add("dallas", "QueryFaultDomain", "garbage", body=silent, contentType="text/xml")
    sites.world.faults.add("dallas", "QueryProviderInfo", "soapFault", times=1, name="ProviderBusy")
    vcenter = sites.vcenter()
    assert isinstance(await vcenter.start_sync(sites.group(), "x"), Unavailable)
    value(await vcenter.start_sync(sites.group(), "x"))
    assert [entry.took_effect for entry in sites.world.journal.since(0)] == [True]
    sites.world.counters.reset()
    value(await vcenter.points_in_time(sites.group()))
    assert sites.counts() == {"QueryPointInTimeReplica": 1}


async def test_a_sync_at_a_provider_that_was_registered_anew(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter = sites.vcenter()
    value(await vcenter.points_in_time(sites.group()))
    sites.site().providers[0].moid = "vasaProvider-99"
    value(await vcenter.start_sync(sites.group(), "x"))
    assert [entry.took_effect for entry in sites.world.journal.since(0)] == [False, True]


@pytest.mark.parametrize(
    ("method", "ask"),
    [
        ("QueryReplicationGroupInfo", lambda vcenter, group: vcenter.group(group)),
        ("QueryPointInTimeReplica", lambda vcenter, group: vcenter.points_in_time(group)),
        ("QueryStorageManager", lambda vcenter, group: vcenter.group(group)),
        ("QuerySmsTaskInfo", lambda vcenter, group: vcenter.task("SmsTask-1", group)),
    ],
)
async def test_an_answer_with_nothing_in_it_is_not_nothing(sites: Sites, method: str, ask: Any) -> None:
    sites.world.faults.add("dallas", method, "garbage", body=answer(method), contentType="text/xml")
    outcome = await ask(sites.vcenter(), sites.group())
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "AnswerUnreadable"


async def test_a_sync_answered_without_a_task_is_in_doubt(sites: Sites) -> None:
    sites.world.faults.add("dallas", SYNC, "garbage", body=answer(SYNC), contentType="text/xml", when="after")
    outcome = await sites.vcenter().start_sync(sites.group(), "x")
    assert isinstance(outcome, Indeterminate)
    assert outcome.reason == "AnswerLost"


async def test_details_of_another_group_are_not_taken_for_the_groups(sites: Sites) -> None:
    asked, other = sites.group("erp"), sites.group("crm")
    wrong = f"<groupId>{wire_ids(other.fault_domain, other.device_group)}</groupId>"
    info = f'<rgInfo xsi:type="SourceGroupInfo">{wrong}<state>SOURCE</state></rgInfo>'
    row = f'<returnval xsi:type="QueryReplicationGroupSuccessResult">{wrong}{info}</returnval>'
    sites.world.faults.add(
        "dallas",
        "QueryReplicationGroupInfo",
        "garbage",
        body=answer("QueryReplicationGroupInfo", row),
        contentType="text/xml",
    )
    outcome = await sites.vcenter().group(asked)
    assert isinstance(outcome, Unavailable)
    assert "another group" in outcome.message


async def test_points_in_time_of_another_group_are_not_taken_for_the_groups(sites: Sites) -> None:
    other = sites.group("crm")
    point = "<replicaInfo><id><id>p-crm</id></id><timeStamp>2026-11-24T12:00:00Z</timeStamp></replicaInfo>"
    ids = f"<groupId>{wire_ids(other.fault_domain, other.device_group)}</groupId>"
    row = f'<returnval xsi:type="QueryPointInTimeReplicaSuccessResult">{ids}{point}</returnval>'
    body = answer("QueryPointInTimeReplica", row)
    sites.world.faults.add("dallas", "QueryPointInTimeReplica", "garbage", body=body, contentType="text/xml")
    outcome = await sites.vcenter().points_in_time(sites.group("erp"))
    assert isinstance(outcome, Unavailable), outcome
    assert "another group" in outcome.message


async def test_a_provider_that_tells_of_more_groups_than_was_asked_for(sites: Sites, value: Callable[..., Any]) -> None:
    asked, other = sites.group("erp"), sites.group("crm")

    def row(kind: str, group: GroupId, inside: str) -> str:
        return f'<returnval xsi:type="{kind}"><groupId>{_id(group)}</groupId>{inside}</returnval>'

    def _id(group: GroupId) -> str:
        return wire_ids(group.fault_domain, group.device_group)

    def info(group: GroupId) -> str:
        source = f"<sourceInfo><sourceGroupId>{_id(sites.group('erp', 'source'))}</sourceGroupId></sourceInfo>"
        told = f"<groupId>{_id(group)}</groupId>{source}<state>TARGET</state>"
        return row("QueryReplicationGroupSuccessResult", group, f'<rgInfo xsi:type="TargetGroupInfo">{told}</rgInfo>')

    def listed(group: GroupId, point: str) -> str:
        told = f"<id><id>{point}</id></id><timeStamp>2026-11-24T12:00:00Z</timeStamp>"
        inside = f"<replicaInfo>{told}</replicaInfo>"
        return row("QueryPointInTimeReplicaSuccessResult", group, inside)

    for method, rows in (
        ("QueryReplicationGroupInfo", info(other) + info(asked)),
        ("QueryPointInTimeReplica", listed(other, "p-crm") + listed(asked, "p-erp")),
    ):
        body = answer(method, rows)
        sites.world.faults.add("dallas", method, "garbage", body=body, contentType="text/xml")
    vcenter = sites.vcenter()
    assert value(await vcenter.group(asked)).id == asked
    assert [point.id for point in value(await vcenter.points_in_time(asked))] == ["p-erp"]


async def test_a_fault_domain_that_another_one_has_as_a_child_keeps_its_array(
    sites: Sites, value: Callable[..., Any]
) -> None:
    target = sites.world.array("flasharray-b")
    child = f'<children xmlns="urn:sms"><id xmlns="urn:vim25">{target.fault_domain}</id></children>'
    domains = "".join(
        f'<returnval xsi:type="FaultDomainInfo"><id xmlns="urn:vim25">{identity}</id><name>{name}</name>'
        f"<storageArrayId>{array}</storageArrayId>{more}</returnval>"
        for identity, name, array, more in (
            ("fd-site", "site", "", child),
            (target.fault_domain, "flasharray-b", f"com.purestorage:{target.id}", ""),
        )
    )
    sites.world.faults.add(
        "dallas",
        "QueryFaultDomain",
        "garbage",
        body=answer("QueryFaultDomain", domains),
        contentType="text/xml",
    )
    inventory = value(await sites.vcenter().inventory())
    found = {domain.id: domain.array_id for domain in inventory.fault_domains}
    assert found == {"fd-site": None, target.fault_domain: target.id}


@pytest.mark.parametrize(("method", "kind"), [("QueryReplicationGroupInfo", Unavailable), (SYNC, Indeterminate)])
async def test_a_type_that_ends_the_process_ends_the_call_only(
    sites: Sites, monkeypatch: pytest.MonkeyPatch, method: str, kind: type
) -> None:
    whole: Callable[..., Any] = SoapAdapter.SoapResponseDeserializer.Deserialize

    def deserialize(self: Any, response: Any, result_type: Any, ns_map: Any = None) -> Any:
        value = whole(self, response, result_type, ns_map)
        if vcenter_is_warm:
            raise SystemExit("cannot load")
        return value

    monkeypatch.setattr(SoapAdapter.SoapResponseDeserializer, "Deserialize", deserialize)
    vcenter_is_warm = False
    vcenter = sites.vcenter(timeouts=QUICK)
    await vcenter.points_in_time(sites.group())
    await vcenter.group(sites.group())
    vcenter_is_warm = True
    asked = vcenter.group(sites.group()) if kind is Unavailable else vcenter.start_sync(sites.group(), "x")
    outcome = await asked
    vcenter_is_warm = False
    assert isinstance(outcome, kind), method
    assert isinstance(await vcenter.group(sites.group()), Done)
