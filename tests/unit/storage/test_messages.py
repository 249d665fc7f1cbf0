"""No message of storage repeats a secret: each way to build one is fed a marked one."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from http.client import HTTPException, IncompleteRead
from typing import Any

import pytest
import requests
from pyVmomi import VmomiSupport, sms, vim

from vvol_replication.domain.arrays import AlreadyThere
from vvol_replication.domain.groups import GroupId
from vvol_replication.storage import tls
from vvol_replication.storage.flasharray import errors
from vvol_replication.storage.flasharray.errors import outcomes
from vvol_replication.storage.flasharray.errors.outcomes import Asked as AskedOfArray
from vvol_replication.storage.flasharray.http import Answer
from vvol_replication.storage.flasharray.rest1 import calls
from vvol_replication.storage.redaction import Redactor
from vvol_replication.storage.vsphere import convert, faults, transport
from vvol_replication.storage.vsphere.accounting import describe
from vvol_replication.storage.vsphere.asked import Asked
from vvol_replication.storage.vsphere.machines import Machine
from vvol_replication.storage.vsphere.transport import InDoubt, NotSent, Unfamiliar, Unreadable

MARK = "marked-secret-9f"
REDACTOR = Redactor(MARK, username="svc")
GROUP = GroupId("fd-b", "erp")
OF_VCENTER = Asked("vc.svc.example.com", "QuerySmsTaskInfo", str(GROUP), redactor=REDACTOR)
OF_ARRAY = [
    AskedOfArray("array.svc.example.com", "read", redactor=REDACTOR),
    AskedOfArray("array.svc.example.com", "push", mutating=True, redactor=REDACTOR),
]
R: Any = sms.storage.replication


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


def with_(error: Any, **attributes: object) -> Any:
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


def is_silent(*texts: object) -> None:
    """Nothing of the mark, not even a part that a cut left over; but the host's name is as people wrote it."""
    for text in map(str, texts):
        assert MARK[:8] not in text, text


TRANSPORT = [
    OSError(113, f"No route, {MARK}"),
    ssl.SSLError(1, MARK),
    with_(ssl.SSLError(1, "x"), reason=f"BAD_{MARK}"),
    with_(ssl.SSLCertVerificationError(1, "x"), verify_message=f"not for {MARK}.", verify_code=62),
    socket.gaierror(-2, MARK),
    ConnectionResetError(104, MARK),
    TimeoutError(MARK),
    ValueError(f"Invalid header value {MARK!r}"),
]
FIELDS: dict[str, dict[str, Any]] = {
    "sms.fault.replication.InvalidReplicationState": {"currentState": MARK, "desiredState": [MARK, "x" * 195 + MARK]},
    "vim.fault.NoPermission": {
        "privilegeId": MARK,
        "missingPrivileges": [vim.fault.NoPermission.EntityPrivileges(privilegeIds=[MARK])],
    },
    "sms.fault.InvalidSession": {"sessionCookie": MARK},
}


@pytest.mark.parametrize("name", [*faults.TABLE, "vmodl.fault.SystemError", "vim.fault.PasswordExpired"])
@pytest.mark.parametrize("text", [MARK, f"you sent {MARK} and", "x" * 190 + MARK])
def test_a_fault(name: str, text: str) -> None:
    fault = VmomiSupport.GetVmodlType(name)(msg=text, **FIELDS.get(name, {}))
    outer = sms.fault.QueryExecutionFault(msg=text, faultCause=fault)
    for one in (fault, outer):
        result = R.GroupErrorResult(groupId=convert.wire_group_id(GROUP), error=[one])
        is_silent(
            faults.outcome(one, OF_VCENTER),
            transport.outcome(caused(InDoubt(), one), OF_VCENTER, answer_timeout=1.0),
            convert.task_reading(sms.TaskInfo(state="error", error=one), GROUP, OF_VCENTER),
            convert.task_reading(
                sms.TaskInfo(state="success", result=R.GroupOperationResult.Array([result])), GROUP, OF_VCENTER
            ),
            Machine("vm-1", {"name": MARK}, {"x": one}).why_not("x", OF_VCENTER),
        )
    assert "vc.svc.example.com" in faults.message(fault, OF_VCENTER)


@pytest.mark.parametrize(
    "error",
    [*TRANSPORT, HTTPException(f"503 {MARK}"), HTTPException(f"404 {'x' * 190}{MARK}"), HTTPException(MARK),
     Unreadable(MARK), Unfamiliar(MARK), IncompleteRead(MARK.encode()), KeyError(MARK), AttributeError(MARK)],
    ids=repr,
)  # fmt: skip
def test_what_broke_a_call_of_a_vcenter(error: Exception) -> None:
    for one in (error, caused(NotSent(), error), caused(InDoubt(), error)):
        is_silent(transport.outcome(one, OF_VCENTER, answer_timeout=1.0))


def test_a_task_in_a_state_of_its_own() -> None:
    with pytest.raises(Unreadable) as caught:
        convert.task_reading(sms.TaskInfo(state=MARK), GROUP, OF_VCENTER)
    is_silent(caught.value)


@pytest.mark.parametrize(
    "device",
    [R.VVolId(id=MARK), R.VirtualMachineMoId(vcUuid="u", vmMoid="x" * 190 + MARK), R.VirtualDiskId(diskId=MARK)],
    ids=lambda device: type(device).__name__,
)
def test_a_member_that_no_vm_accounts_for(device: Any) -> None:
    is_silent(describe(device, REDACTOR))


def test_a_property_that_was_left_out() -> None:
    is_silent(Machine(MARK, {}).why_not("runtime.powerState", OF_VCENTER))


def test_what_a_client_does_not_know_in_a_vm_and_where_it_is() -> None:
    is_silent(Machine("vm-1", {"name": MARK}, odd=MARK).why_not("runtime.powerState", OF_VCENTER))
    lost = Machine("vm-1", {"runtime.connectionState": "disconnected"}, host=MARK)
    assert lost.state(OF_VCENTER).startswith("disconnected, host ")
    is_silent(lost.state(OF_VCENTER))


def test_a_certificate() -> None:
    is_silent(tls.not_trusted(TRANSPORT[3], REDACTOR))


def bodies() -> Iterator[str]:
    for text in (MARK, "x" * 290 + MARK, f"session limit {MARK}", f"{MARK} does not exist", f"{MARK} permission"):
        yield json.dumps([{"ctx": text, "msg": text}])
        yield json.dumps({"errors": [{"context": text, "message": text}]})
    yield MARK


@pytest.mark.parametrize("body", list(bodies()))
@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 409, 429, 500, 502, 503])
def test_an_answer_of_an_array(status: int, body: str) -> None:
    answered = errors.Answered(status, body, {"Retry-After": "3", "X-Echo": MARK})
    every(answered)
    every(errors.LookFailed("already exists", answered))
    with pytest.raises(errors.CallFailed) as caught:
        Answer(status, {"Content-Type": MARK}, body.encode()).json()
    every(caught.value)


@pytest.mark.parametrize(
    "failure",
    [*(errors.NotReached(error, sent=True) for error in TRANSPORT),
     errors.NotReached(requests.ConnectionError(TRANSPORT[0]), sent=False),
     errors.Unreadable(f"it was answered with {MARK}"), errors.IdentityDiffers(MARK, f"x{MARK}"),
     errors.NoCommonVersion("REST 2", (MARK, "1.1"))],
)  # fmt: skip
def test_what_broke_a_call_of_an_array(failure: errors.CallFailed) -> None:
    every(failure)


def every(failure: errors.CallFailed) -> None:
    """The failure as the end of a call and of each step before it, reading and changing."""
    steps = [errors.BeforeTheCall(step, failure) for step in (errors.VERSION, errors.LOGIN, errors.IDENTITY)]
    for asked in OF_ARRAY:
        for one in (failure, *steps):
            outcome = outcomes.outcome(one, asked)
            is_silent(outcome, repr(one))
            assert "array.svc.example.com" in outcome.message


def test_an_answer_that_is_no_json() -> None:
    with pytest.raises(errors.Unreadable) as caught:
        Answer(200, {"Content-Type": MARK}, MARK.encode()).json()
    every(caught.value)


@pytest.mark.parametrize("row", [{"destroyed": True}, None])
def test_what_is_there_already(row: Any) -> None:
    class Taken:
        pending_with_transfer = True

        def create_pgroup_snapshots(self, *_: Any, **__: Any) -> Any:
            raise errors.Answered(400, json.dumps([{"ctx": MARK, "msg": f"{'x' * 280} already exists: {MARK}"}]))

        def get_pgroup(self, *_: Any, **__: Any) -> Any:
            if row is None:
                raise errors.Answered(500, MARK)
            return [{"name": "erp.s", "created": "2026-05-11T20:35:53Z"}]

    try:
        there = calls.push(Taken(), "erp", "s", REDACTOR)  # type: ignore[arg-type]  # all that is asked
    except errors.LookFailed as failure:
        is_silent(failure)
        every(failure)
    else:
        assert isinstance(there, AlreadyThere)
        is_silent(there)
