"""From pyVmomi's objects to the domain's frozen values, and ids the other way.

pyVmomi makes of a required field that the answer lacks False, 0 or '' where it is a bool, a number or a text, and None
where it is an enumeration, a time or an object (docs/facts/vsphere.md#pyvmomi). An answer that lacks what identifies
something, or its time, is `Unreadable` here, never a value with a hole; of a number nothing is believed that 0 would
say. Nothing of pyVmomi leaves this border: its objects compare by identity, and managed objects of two vCenters
compare equal.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vvol_replication.domain.groups import FaultDomain, Group, GroupId, GroupState, SourceGroup, TargetGroup
from vvol_replication.domain.points import PointInTime, TaskReading, TaskState
from vvol_replication.storage import reasons

from . import faults
from .transport import Unreadable
from .vmomi import sms, vim, vmodl

if TYPE_CHECKING:
    from .asked import Asked

_ARRAY_ID_PREFIX = "com.purestorage:"
# VASA's well-known id for "make a group on demand": no group.
ON_DEMAND = "ffffffff-ffff-ffff-ffff-ffffffffffff"


def wire_group_id(group: GroupId) -> Any:
    """A group's id as SMS wants it, built afresh: a FaultDomainInfo in its place would send its fields along."""
    replication = vim.vm.replication
    return replication.ReplicationGroupId(
        faultDomainId=replication.FaultDomainId(id=group.fault_domain),
        deviceGroupId=replication.DeviceGroupId(id=group.device_group),
    )


def moid(managed: Any) -> str:
    """The id of a managed object, good within its own vCenter only."""
    if managed is None:
        raise Unreadable("a reference is missing")
    return str(managed._GetMoId())  # noqa: SLF001 - pyVmomi has no public name for it


def group_id(wire: Any) -> GroupId:
    """Read a `ReplicationGroupId`. Raises `Unreadable`."""
    if wire is None or wire.faultDomainId is None or wire.deviceGroupId is None:
        raise Unreadable("a group without its id")
    return GroupId(_text(wire.faultDomainId.id, "fault domain id"), _text(wire.deviceGroupId.id, "device group id"))


def is_same(one: GroupId, other: GroupId) -> bool:
    """Are these ids of one group? A provider may write them in another case than vCenter."""
    folded = [(group.fault_domain.casefold(), group.device_group.casefold()) for group in (one, other)]
    return folded[0] == folded[1]


def row_of(rows: list[Any], group: GroupId) -> Any:
    """The row about this group. A single one that is an error counts whoever it names. Raises `Unreadable`."""
    if len(rows) == 1 and error_of(rows[0]) is not None:
        return rows[0]
    own = [row for row in rows if is_same(group_id(row.groupId), group)]
    if len(rows) == 1 and not own:
        raise Unreadable("details of another group")
    if len(own) != 1:
        raise Unreadable(f"{len(own)} answers about one group")
    return own[0]


def group(info: Any) -> Group:
    """An `rgInfo`: `SourceGroupInfo` or `TargetGroupInfo`."""
    replication = sms.storage.replication
    if isinstance(info, replication.SourceGroupInfo):
        return SourceGroup(
            id=group_id(info.groupId),
            name=info.name or None,
            state=GroupState.parse(info.state),
            targets=tuple(group_id(replica.targetGroupId) for replica in info.replica or ()),
        )
    if isinstance(info, replication.TargetGroupInfo):
        if info.sourceInfo is None:
            raise Unreadable("a target group without its source")
        return TargetGroup(
            id=group_id(info.groupId),
            source=group_id(info.sourceInfo.sourceGroupId),
            state=GroupState.parse(info.state),
            name=info.name or None,
        )
    raise Unreadable("a group that is neither source nor target")


def fault_domain(wire: Any) -> FaultDomain:
    """A `FaultDomainInfo`, or a bare `FaultDomainId`, whose name is not known."""
    identity = _text(wire.id, "fault domain id")
    name = getattr(wire, "name", None) or identity
    array = getattr(wire, "storageArrayId", None) or ""
    return FaultDomain(identity, name, array[len(_ARRAY_ID_PREFIX) :] if _is_pure(array) else None)


def fuller(known: FaultDomain | None, told: FaultDomain) -> FaultDomain:
    """What two mentions of one fault domain say together: as a child of another it comes with its id alone."""
    if known is None:
        return told
    name = known.name if told.name == told.id else told.name
    return FaultDomain(told.id, name, told.array_id or known.array_id)


def point_in_time(wire: Any) -> PointInTime:
    """Read a `PointInTimeReplicaInfo`. Raises `Unreadable`."""
    if wire.id is None:
        raise Unreadable("a point in time without its id")
    return PointInTime(_text(wire.id.id, "point in time id"), wire.pitName or None, moment(wire.timeStamp))


def moment(value: Any) -> datetime:
    """A time with its zone, to the microsecond, as pyVmomi has cut it. Raises `Unreadable` where there is none.

    pyVmomi leaves a time without a zone as it is; here it is taken for UTC, in which vCenter writes times.
    """
    if not isinstance(value, datetime):
        raise Unreadable("a time is missing")
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def error_of(result: Any) -> Any | None:
    """The fault of a `GroupErrorResult`, None for any other result.

    Of several the first, but for a `SyncOngoing`: that one says what to do next.
    """
    if not isinstance(result, sms.storage.replication.GroupErrorResult):
        return None
    errors = list(result.error or ())
    ongoing = (error for error in errors if isinstance(error, sms.fault.replication.SyncOngoing))
    return next(ongoing, None) or next(iter(errors), None) or vmodl.MethodFault()


def ongoing(fault: Any) -> str | None:
    """The task of the sync that is in the way, where a `SyncOngoing` names it."""
    task = getattr(fault, "task", None)
    return moid(task) if task is not None else None


def task_reading(info: Any, group: GroupId, asked: Asked) -> TaskReading:
    """A `TaskInfo`, as far as `group` is concerned: `success` of the task is not success of the group."""
    told = _text(getattr(info, "state", None), "task state")
    state = told.casefold()
    if state in (TaskState.QUEUED, TaskState.RUNNING):
        return TaskReading(TaskState(state), progress=info.progress)
    if state not in (TaskState.SUCCESS, TaskState.ERROR):
        # A newer or a vendor's own word: neither an end nor that it goes on is read into it.
        raise Unreadable(f"a task in a state of its own, '{asked.quote(told)}'")
    if state == TaskState.ERROR:
        fault = info.error
        if fault is not None:
            return _failed(fault, asked)
        return TaskReading(
            TaskState.ERROR,
            reason=reasons.ENDPOINT_FAULT,
            message=asked.line("the task ended in error and gives no reason. Look at the array."),
        )
    result = _result_of(info.result, group)
    fault = error_of(result)
    if fault is not None:
        return _failed(fault, asked)
    if not isinstance(result, sms.storage.replication.SyncReplicationGroupSuccessResult):
        return TaskReading(TaskState.SUCCESS, progress=info.progress)
    return TaskReading(
        TaskState.SUCCESS,
        progress=info.progress,
        point_id=result.pitId.id if result.pitId is not None else None,
        point_name=result.pitName or None,
        point_time=moment(result.timeStamp) if result.timeStamp is not None else None,
    )


def _result_of(results: Any, group: GroupId) -> Any | None:
    """The group's own element; where there is none, the first error, which then is about the whole batch."""
    if isinstance(results, sms.storage.replication.GroupOperationResult):
        results = [results]  # one group was asked for, and any value fits into the field
    if results is not None and not isinstance(results, list):
        raise Unreadable("a task result that is not a list")
    for result in results or ():
        if group_id(result.groupId) == group:
            return result
    return next((result for result in results or () if error_of(result) is not None), None)


def _failed(fault: Any, asked: Asked) -> TaskReading:
    under_way = isinstance(fault, sms.fault.replication.SyncOngoing)
    return TaskReading(
        TaskState.ERROR,
        reason=faults.verdict(fault).reason,
        message=faults.message(fault, asked),
        ongoing=ongoing(fault) if under_way else None,
    )


def _is_pure(array: str) -> bool:
    return array.casefold().startswith(_ARRAY_ID_PREFIX) and len(array) > len(_ARRAY_ID_PREFIX)


def _text(value: Any, what: str) -> str:
    """A required text: '' is what pyVmomi makes of one that the answer lacks. Raises `Unreadable`."""
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{what} is missing")
    return str(value)
