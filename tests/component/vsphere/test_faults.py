"""Every row of the fault table, made by the simulator on a real socket in each place where it may lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.outcomes import Done, Indeterminate, Refused, Unavailable
from vvol_replication.domain.points import OngoingSync, TaskState
from vvol_replication.storage.redaction import one_line
from vvol_replication.storage.vsphere.faults import TABLE, Entry, catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites

SYNC, PREPARE = "SyncReplicationGroup_Task", "PrepareFailoverReplicationGroup_Task"
KINDS: dict[str, type] = {"Refused": Refused, "Unavailable": Unavailable, "Indeterminate": Indeterminate}
SECRET = "fake-marked-secret"
ALL_ROWS = [pytest.param(entry, TABLE[name].shown, id=name) for name, entry in zip(TABLE, catalogue(), strict=True)]
# The policy service's own faults cannot be written in a version of SMS; they come by its own calls.
ROWS, PBM_ROWS = ([row for row in ALL_ROWS if str(row.id).startswith("pbm.") is pbm] for pbm in (False, True))
TASK_ROWS = [row for row in ROWS if row.id not in ("vim.fault.NotAuthenticated", "sms.fault.InvalidSession")]
# Not in the table: what is told of them is their family's.
FAMILIES = [
    ("SystemError", "EndpointFault", Unavailable, Indeterminate),
    ("HostCommunication", "EndpointFault", Unavailable, Indeterminate),
    ("ProviderSyncFailed", "EndpointFault", Unavailable, Unavailable),
    ("PasswordExpired", "LoginFailed", Unavailable, Unavailable),
]


def order(sites: Sites, site: str, call: str, kind: str, entry: Entry) -> Any:
    """A fault whose text has two lines, and a secret where its text is not fit to show."""
    return sites.world.faults.add(site, call, kind, name=entry.fault, message=f"as\nordered {SECRET}")


def check_message(sites: Sites, message: str | None, entry: Entry, *, told: bool) -> None:
    assert message is not None
    seen, advice = entry.message.split(". ", 1)
    assert seen in message
    assert advice in message or entry.reason == "PermissionDenied"  # whose advice names what is missing
    assert "\n" not in message
    assert message == message.strip()
    assert (SECRET in message) is told
    for name in ("austin", "dallas"):
        site = sites.site(name)
        assert not [secret for secret in (site.username, site.password, *site.sessions) if secret in message]


@pytest.mark.parametrize(("entry", "told"), ROWS)
async def test_thrown_by_a_read(sites: Sites, entry: Entry, *, told: bool) -> None:
    order(sites, "dallas", "QueryReplicationGroupInfo", "soapFault", entry)
    outcome = await sites.vcenter().group(sites.group())
    assert type(outcome) is KINDS[entry.read]
    assert not isinstance(outcome, Done)
    assert outcome.reason == entry.reason
    assert "was asked for QueryReplicationGroupInfo" in outcome.message
    check_message(sites, outcome.message, entry, told=told)


@pytest.mark.parametrize(("entry", "told"), ROWS)
async def test_in_the_errors_of_a_read(sites: Sites, entry: Entry, *, told: bool) -> None:
    order(sites, "dallas", "QueryReplicationGroupInfo", "groupError", entry)
    outcome = await sites.vcenter().group(sites.group())
    assert type(outcome) is KINDS[entry.read]
    assert not isinstance(outcome, Done)
    assert outcome.reason == entry.reason
    check_message(sites, outcome.message, entry, told=told)


@pytest.mark.parametrize("method", [SYNC, PREPARE])
@pytest.mark.parametrize(("entry", "told"), ROWS)
async def test_thrown_by_a_change(sites: Sites, method: str, entry: Entry, *, told: bool) -> None:
    name = "dallas" if method == SYNC else "austin"
    order(sites, name, method, "soapFault", entry)
    vcenter = sites.vcenter(name)
    outcome = await (
        vcenter.start_sync(sites.group(), "x")
        if method == SYNC
        else vcenter.start_prepare(sites.group("erp", "source"))
    )
    assert not any(line.took_effect for line in sites.world.journal.since(0))
    if method == SYNC and entry.reason == "SyncOngoing":
        assert isinstance(outcome, Done)
        assert isinstance(outcome.value, OngoingSync)
        return
    assert type(outcome) is KINDS[entry.change]
    assert not isinstance(outcome, Done)
    assert outcome.reason == ("AnswerLost" if entry.change == "Indeterminate" else entry.reason)
    check_message(sites, outcome.message, entry, told=told)


@pytest.mark.parametrize("where", ["groupError", "taskError"])
@pytest.mark.parametrize(("entry", "told"), TASK_ROWS)
async def test_in_the_end_of_a_task(
    sites: Sites, value: Callable[..., Any], where: str, entry: Entry, *, told: bool
) -> None:
    vcenter, group = sites.vcenter(), sites.group()
    order(sites, "dallas", SYNC, where, entry)
    started = value(await vcenter.start_sync(group, "x"))
    reading = value(await vcenter.task(started.task, group))
    assert (reading.state, reading.reason) == (TaskState.ERROR, entry.reason)
    check_message(sites, reading.message, entry, told=told)


@pytest.mark.parametrize("where", ["groupError", "taskError"])
async def test_a_session_fault_inside_a_task_is_its_end_and_no_reason_to_log_in(
    sites: Sites, value: Callable[..., Any], where: str
) -> None:
    vcenter, group = sites.vcenter(), sites.group()
    sites.world.faults.add("dallas", SYNC, where, name="InvalidSession", message=SECRET)
    started = value(await vcenter.start_sync(group, "x"))
    reading = value(await vcenter.task(started.task, group))
    assert (reading.state, reading.reason) == (TaskState.ERROR, "EndpointFault")
    assert SECRET not in reading.message
    assert sites.counts()["Login"] == 1


@pytest.mark.parametrize(("entry", "told"), PBM_ROWS)
@pytest.mark.parametrize("call", ["PbmRetrieveServiceContent", "PbmQueryReplicationGroups"])
async def test_thrown_by_the_policy_service(sites: Sites, call: str, entry: Entry, *, told: bool) -> None:
    order(sites, "austin", call, "soapFault", entry)
    outcome = await sites.vcenter("austin").members(sites.group("erp", "source"))
    assert type(outcome) is KINDS[entry.read]
    assert not isinstance(outcome, Done)
    assert outcome.reason == entry.reason
    assert "was asked for the VMs for group" in outcome.message
    check_message(sites, outcome.message, entry, told=told)


@pytest.mark.parametrize(("name", "reason", "read", "change"), FAMILIES)
async def test_a_fault_of_a_known_family(sites: Sites, name: str, reason: str, read: type, change: type) -> None:
    sites.world.faults.add("dallas", "QueryReplicationGroupInfo", "soapFault", name=name)
    asked = await sites.vcenter().group(sites.group())
    assert isinstance(asked, read)
    assert getattr(asked, "reason", None) == reason
    rule = sites.world.faults.add("dallas", SYNC, "soapFault", name=name, when="after")
    told = await sites.vcenter().start_sync(sites.group(), "x")
    assert isinstance(told, change)
    assert rule.hits == 1


@pytest.mark.parametrize(
    "detail",
    [
        '<VendorFault xmlns="urn:vendor" xmlns:v="urn:vendor" xsi:type="v:Vendor"><word>x</word></VendorFault>',
        '<VendorFault xmlns="urn:sms" xsi:type="VendorThing"><word>x</word></VendorFault>',
    ],
    ids=["namespace", "type"],
)
async def test_a_fault_that_nobody_knows(sites: Sites, detail: str) -> None:
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body><e:Fault><faultcode>ServerFaultCode</faultcode>'
        f"<faultstring>vendor trouble</faultstring><detail>{detail}</detail></e:Fault></e:Body></e:Envelope>"
    )
    for call in ("QueryReplicationGroupInfo", SYNC):
        sites.world.faults.add("dallas", call, "httpStatus", status=500, body=body, contentType="text/xml")
    asked = await sites.vcenter().group(sites.group())
    assert isinstance(asked, Unavailable)
    assert asked.reason in ("AnswerUnreadable", "EndpointFault")
    told = await sites.vcenter().start_sync(sites.group(), "x")
    assert isinstance(told, Indeterminate)


async def test_a_query_that_failed_is_told_by_its_cause(sites: Sites) -> None:
    sites.world.faults.add(
        "dallas",
        "QueryReplicationGroupInfo",
        "soapFault",
        name="QueryExecutionFault",
        fields={"faultCause": {}},
    )
    outcome = await sites.vcenter().group(sites.group())
    assert isinstance(outcome, Unavailable)
    assert one_line(outcome.message, 200) == outcome.message


async def test_a_batch_limit_of_one_is_told_with_its_number(sites: Sites) -> None:
    sites.world.faults.add(
        "dallas", "QueryReplicationGroupInfo", "soapFault", name="TooMany", fields={"maxBatchSize": 16}
    )
    outcome = await sites.vcenter().group(sites.group())
    assert isinstance(outcome, Refused)
    assert "(it takes 16 at a time)" in outcome.message


async def test_a_provider_that_is_not_there_any_more_is_looked_up_once(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter, group = sites.vcenter(), sites.group()
    value(await vcenter.points_in_time(group))
    rule = sites.world.faults.add("dallas", "QueryPointInTimeReplica", "soapFault", name="ManagedObjectNotFound")
    assert isinstance(await vcenter.points_in_time(group), Unavailable)
    assert rule.hits == 2
    sites.world.faults.remove(rule.id)
    value(await vcenter.points_in_time(group))


async def test_a_storage_manager_that_is_not_there_any_more_is_looked_up(
    sites: Sites, value: Callable[..., Any]
) -> None:
    vcenter, group = sites.vcenter(), sites.group()
    value(await vcenter.group(group))
    sites.world.faults.add("dallas", "QueryReplicationGroupInfo", "soapFault", times=1, name="ManagedObjectNotFound")
    value(await vcenter.group(group))
    assert sites.counts()["QueryStorageManager"] == 2
