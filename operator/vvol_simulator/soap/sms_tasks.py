"""/sms/sdk: the operations that change something, and their tasks."""

from typing import Any

from pyVmomi import sms

from vvol_simulator.model import GroupError, GroupResult, SmsTask, SyncSuccess
from vvol_simulator.model.clock import as_datetime

from . import bindings
from .calls import Call
from .faults import materialize
from .sms_groups import group_error, requested, wire_id
from .sms_providers import METHODS, provider_of, reference
from .versions import SMS

R = sms.storage.replication
MUTATING = frozenset({"SyncReplicationGroup_Task", "PrepareFailoverReplicationGroup_Task"})


@METHODS.method("SyncReplicationGroup_Task")
def _sync(call: Call) -> object:
    groups = requested(call.arg("groupId"))
    task = call.world.vasa.start_sync(call.site, groups, call.arg("pitName", ""), provider_of(call), call.injected)
    return _started(call, task)


@METHODS.method("PrepareFailoverReplicationGroup_Task")
def _prepare(call: Call) -> object:
    groups = requested(call.arg("groupId"))
    task = call.world.vasa.start_prepare(call.site, groups, provider_of(call), call.injected, stalled=call.stalled)
    return _started(call, task)


def _started(call: Call, task: SmsTask) -> Any:
    call.outcome = task.moid
    return bindings.build(sms.Task, task.moid)


@METHODS.method("QuerySmsTaskInfo")
def _task_info(call: Call) -> object:
    task = call.site.task(call.moid)
    state = call.world.vasa.task_state(task)
    return bindings.build(
        sms.TaskInfo,
        key=task.moid,
        task=bindings.build(sms.Task, task.moid),
        object=None if task.provider is None else reference(task.provider),
        error=None if task.error is None else materialize(task.error, f"urn:{SMS.namespace}"),
        result=_results(task) if state == "success" else None,
        startTime=as_datetime(task.started + call.site.skew),
        completionTime=None if task.completed is None else as_datetime(task.completed + call.site.skew),
        state=state,
        progress={"queued": 0, "success": 100}.get(state),
    )


@METHODS.method("QuerySmsTaskResult")
def _task_result(call: Call) -> object:
    task = call.site.task(call.moid)
    return _results(task) if call.world.vasa.task_state(task) == "success" else None


def _results(task: SmsTask) -> Any:
    # anyType: the array has to say itself what it holds.
    return bindings.array(R.GroupOperationResult, [_result(result) for result in task.ordered_results()])


def _result(result: GroupResult) -> Any:
    if isinstance(result, GroupError):
        return group_error(result.group, result.faults)
    if isinstance(result, SyncSuccess):
        return bindings.build(
            R.SyncReplicationGroupSuccessResult,
            groupId=wire_id(result.group),
            timeStamp=as_datetime(result.time),
            pitId=None if result.point_id is None else bindings.build(R.PointInTimeReplicaId, id=result.point_id),
            pitName=result.point_name,
        )
    return bindings.build(R.GroupOperationResult, groupId=wire_id(result.group))


def journal_arguments(call: Call) -> dict[str, Any]:
    """What a mutating call was asked, for the journal."""
    told: dict[str, Any] = {
        "provider": call.moid,
        # An incomplete id is refused later, but what was asked is on record.
        "groups": [
            {
                "faultDomain": getattr(value.faultDomainId, "id", None),
                "deviceGroup": getattr(value.deviceGroupId, "id", None),
            }
            for value in call.arg("groupId", [])
        ],
    }
    if "pitName" in call.request.args:
        told["name"] = call.arg("pitName")
    return told
