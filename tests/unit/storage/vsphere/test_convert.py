"""From the wire's objects to values: complete ones, or an answer that says that it cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pyVmomi import Iso8601, sms, vim, vmodl

from vvol_replication.domain.groups import FaultDomain, GroupId, GroupState, SourceGroup, TargetGroup
from vvol_replication.domain.points import PointInTime, TaskReading, TaskState
from vvol_replication.storage.redaction import Redactor
from vvol_replication.storage.vsphere import convert
from vvol_replication.storage.vsphere.asked import Asked
from vvol_replication.storage.vsphere.connection import parse_address
from vvol_replication.storage.vsphere.registered import serves_replication
from vvol_replication.storage.vsphere.transport import Unreadable

R: Any = sms.storage.replication
ASKED = Asked("vc", "QuerySmsTaskInfo", redactor=Redactor(""))
GROUP, OTHER = GroupId("fd-b", "erp"), GroupId("fd-b", "crm")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ID = convert.wire_group_id


def success(group: GroupId = GROUP, **fields: Any) -> Any:
    return R.SyncReplicationGroupSuccessResult(groupId=ID(group), timeStamp=NOON, **fields)


def error(fault: Any, group: GroupId = GROUP) -> Any:
    return R.GroupErrorResult(groupId=ID(group), error=[fault])


def reading(state: str, **fields: Any) -> TaskReading:
    return convert.task_reading(sms.TaskInfo(state=state, **fields), GROUP, ASKED)


def test_ids_go_and_come_back() -> None:
    assert convert.group_id(ID(GROUP)) == GROUP


def test_groups() -> None:
    source = R.SourceGroupInfo(
        groupId=ID(OTHER),
        name="",
        state="source",
        replica=[R.SourceGroupInfo.ReplicationTargetInfo(targetGroupId=ID(GROUP))],
    )
    assert convert.group(source) == SourceGroup(OTHER, None, GroupState.SOURCE, (GROUP,))
    target = R.TargetGroupInfo(
        groupId=ID(GROUP),
        name="n",
        state="FREEZING",
        sourceInfo=R.TargetGroupInfo.TargetToSourceInfo(sourceGroupId=ID(OTHER)),
    )
    assert convert.group(target) == TargetGroup(GROUP, OTHER, GroupState.UNKNOWN, "n")


@pytest.mark.parametrize(
    ("wire", "domain"),
    [
        (R.FaultDomainInfo(id="f", name="b", storageArrayId="com.purestorage:7e-91"), FaultDomain("f", "b", "7e-91")),
        (R.FaultDomainInfo(id="f", name="b", storageArrayId="COM.PureStorage:7E-91"), FaultDomain("f", "b", "7E-91")),
        (R.FaultDomainInfo(id="f", name="b", storageArrayId="com.other:7e-91"), FaultDomain("f", "b", None)),
        (R.FaultDomainInfo(id="f", name="b", storageArrayId="com.purestorage:"), FaultDomain("f", "b", None)),
        (vim.vm.replication.FaultDomainId(id="f"), FaultDomain("f", "f", None)),
    ],
)
def test_fault_domains(wire: Any, domain: FaultDomain) -> None:
    assert convert.fault_domain(wire) == domain


def test_a_fault_domain_that_is_mentioned_by_its_id_alone_loses_nothing() -> None:
    whole, bare = FaultDomain("f", "b", "7e-91"), FaultDomain("f", "f", None)
    assert convert.fuller(None, bare) == bare
    for first, second in ((whole, bare), (bare, whole), (whole, whole)):
        assert convert.fuller(first, second) == whole


def test_points_in_time() -> None:
    info = R.QueryPointInTimeReplicaSuccessResult.PointInTimeReplicaInfo
    wire = info(id=R.PointInTimeReplicaId(id="p"), pitName="", timeStamp=NOON)
    assert convert.point_in_time(wire) == PointInTime("p", None, NOON)


def test_a_time_without_a_zone_is_utc_and_one_with_a_zone_stays() -> None:
    assert convert.moment(NOON.replace(tzinfo=None)) == NOON
    elsewhere = NOON.astimezone(timezone(timedelta(hours=2)))
    assert convert.moment(elsewhere) == NOON


def test_what_pyvmomi_makes_of_what_is_missing() -> None:
    """What the conversions and their docstrings stand on (docs/facts/vsphere.md#pyvmomi)."""
    part = R.QueryPointInTimeReplicaSummaryResult.ReplicaIntervalQueryResult()
    assert (part.number, part.fromDate) == (0, None)
    assert (R.TargetGroupInfo().state, R.TargetGroupInfo().sourceInfo) == ("", None)
    runtime: Any = vim.vm.RuntimeInfo()
    assert (runtime.toolsInstallerMounted, runtime.powerState) == (False, None)
    cut = Iso8601.ParseISO8601("2026-11-24T12:00:00.123456789")
    assert cut == datetime(2026, 11, 24, 12, 0, 0, 123456)  # noqa: DTZ001 - it has no zone
    assert convert.moment(cut) == datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    "broken",
    [
        lambda: convert.group_id(None),
        lambda: convert.group_id(vim.vm.replication.ReplicationGroupId()),
        lambda: convert.group_id(ID(GroupId("", "x"))),
        lambda: convert.group(None),
        lambda: convert.group(R.GroupInfo(groupId=ID(GROUP))),
        lambda: convert.group(R.TargetGroupInfo(groupId=ID(GROUP), state="TARGET")),
        lambda: convert.point_in_time(R.QueryPointInTimeReplicaSuccessResult.PointInTimeReplicaInfo(timeStamp=NOON)),
        lambda: convert.moment(None),
        lambda: convert.fault_domain(R.FaultDomainInfo()),
        lambda: convert.moid(None),
        lambda: convert.task_reading(sms.TaskInfo(), GROUP, ASKED),
        lambda: reading("success", result="text"),
    ],
)
def test_what_lacks_a_part_is_unreadable(broken: Any) -> None:
    with pytest.raises(Unreadable):
        broken()


def test_a_task_under_way() -> None:
    assert reading("queued") == TaskReading(TaskState.QUEUED)
    assert reading("running", progress=40) == TaskReading(TaskState.RUNNING, progress=40)


@pytest.mark.parametrize("word", ["success", "Success", "SUCCESS", "Queued", "RUNNING", "Error"])
def test_a_tasks_state_is_the_same_in_any_case(word: str) -> None:
    assert reading(word).state == word.lower()


@pytest.mark.parametrize(
    ("profiles", "serves"),
    [(["StorageCapability", "Replication"], True), (["replication"], True), (["VAIOFilter"], False), ([None], False)],
)
def test_a_providers_profile_is_the_same_in_any_case(profiles: list[object], *, serves: bool) -> None:
    assert serves_replication(profiles) is serves


def test_the_groups_own_element_decides() -> None:
    busy = sms.fault.ProviderBusy()
    won = reading("success", result=R.GroupOperationResult.Array([error(busy, OTHER), success(pitName="n")]))
    assert won == TaskReading(TaskState.SUCCESS, point_name="n", point_time=NOON)
    lost = reading("success", result=R.GroupOperationResult.Array([success(OTHER), error(busy)]))
    assert (lost.state, lost.reason) == (TaskState.ERROR, "EndpointBusy")


def test_an_error_about_others_only_is_still_an_error_if_nothing_is_said_of_the_group() -> None:
    other = reading("success", result=R.GroupOperationResult.Array([error(sms.fault.ProviderBusy(), OTHER)]))
    assert (other.state, other.reason) == (TaskState.ERROR, "EndpointBusy")


def test_of_rows_about_several_groups_only_the_asked_groups_counts() -> None:
    mine, others = success(), success(OTHER)
    assert convert.row_of([others, mine], GROUP) is mine
    for rows in ([], [others, others], [mine, mine]):
        with pytest.raises(Unreadable, match="answers about one group"):
            convert.row_of(rows, GROUP)


def test_a_single_row_about_another_group_is_not_taken_for_this_ones() -> None:
    with pytest.raises(Unreadable, match="another group"):
        convert.row_of([success(OTHER)], GROUP)
    with pytest.raises(Unreadable, match="without its id"):
        convert.row_of([R.QueryPointInTimeReplicaSuccessResult()], GROUP)
    refused = error(sms.fault.ProviderBusy(), OTHER)
    assert convert.row_of([refused], GROUP) is refused


def test_a_result_of_one_group_may_come_without_its_list() -> None:
    assert reading("success", result=success(pitName="n")).point_name == "n"
    assert reading("success", result=error(sms.fault.ProviderBusy())).reason == "EndpointBusy"
    with pytest.raises(Unreadable, match="not a list"):
        reading("success", result="done")


@pytest.mark.parametrize("result", [None, R.GroupOperationResult.Array([])])
def test_a_success_that_says_nothing_claims_no_point_in_time(result: Any) -> None:
    assert reading("success", result=result) == TaskReading(TaskState.SUCCESS)


def test_a_point_in_time_with_its_id() -> None:
    made = reading("success", result=R.GroupOperationResult.Array([success(pitId=R.PointInTimeReplicaId(id="p"))]))
    assert (made.point_id, made.point_name, made.point_time) == ("p", None, NOON)


def test_a_warning_in_a_success_is_no_error() -> None:
    result = success(warning=[sms.fault.replication.AlreadyDone()])
    assert reading("success", result=R.GroupOperationResult.Array([result])).state is TaskState.SUCCESS


def test_an_error_result_without_an_error() -> None:
    empty = R.GroupErrorResult(groupId=ID(GROUP))
    assert reading("success", result=R.GroupOperationResult.Array([empty])).reason == "EndpointFault"
    assert isinstance(convert.error_of(empty), vmodl.MethodFault)


def test_a_task_that_failed() -> None:
    silent = reading("error")
    assert (silent.state, silent.reason) == (TaskState.ERROR, "EndpointFault")
    assert "gives no reason" in (silent.message or "")
    told = reading("error", error=sms.fault.replication.PeerNotReachable())
    assert (told.state, told.reason) == (TaskState.ERROR, "PeerNotReachable")


@pytest.mark.parametrize("state", ["canceled", "Succeeded", "paused"])
def test_a_state_that_nobody_knows_is_neither_an_end_nor_a_beginning(state: str) -> None:
    with pytest.raises(Unreadable, match=state):
        reading(state)


@pytest.mark.parametrize("carries", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_a_sync_in_the_way_names_its_task(*, carries: bool, first: bool) -> None:
    fault = sms.fault.replication.SyncOngoing(**({"task": sms.Task("SmsTask-7")} if carries else {}))
    faults = [fault, sms.fault.ProviderBusy()] if first else [sms.fault.ProviderBusy(), fault]
    in_result = R.GroupErrorResult(groupId=ID(GROUP), error=faults)
    for told in (
        reading("error", error=fault),
        reading("success", result=R.GroupOperationResult.Array([in_result])),
    ):
        assert (told.state, told.reason) == (TaskState.ERROR, "SyncOngoing")
        assert told.ongoing == ("SmsTask-7" if carries else None)


def test_a_prepare_that_is_done_is_a_plain_result() -> None:
    plain = R.GroupOperationResult(groupId=ID(GROUP))
    assert reading("success", result=R.GroupOperationResult.Array([plain])) == TaskReading(TaskState.SUCCESS)


@pytest.mark.parametrize(
    ("address", "parsed"),
    [
        ("vc.example.com", ("vc.example.com", 443)),
        ("vc.example.com:8443", ("vc.example.com", 8443)),
        ("192.0.2.7:1", ("192.0.2.7", 1)),
        ("[2001:db8::7]", ("[2001:db8::7]", 443)),
        ("[2001:db8::7]:8443", ("[2001:db8::7]", 8443)),
        ("2001:db8::7", ("2001:db8::7", 443)),
    ],
)
def test_addresses(address: str, parsed: tuple[str, int]) -> None:
    assert parse_address(address) == parsed
