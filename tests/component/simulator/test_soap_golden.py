"""Messages known from outside (a capture of vCenter 8.0.3, pyVmomi's own requests, the fault convention), byte by byte.

Client and simulator share pyVmomi's type tables; these files do not. The answers are compared as canonical XML, so
prefixes and white space between elements may differ, names, namespaces, types and texts may not.
"""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from component.simulator.soap_sites import R, build, wire_id
from pyVmomi import sms
from pyVmomi.SoapAdapter import SoapStubAdapter

from vvol_simulator.model import Fault, GroupId
from vvol_simulator.soap import bindings, envelope, faults
from vvol_simulator.soap.request import MalformedRequestError, Request, parse

GOLDEN = Path(__file__).parent / "golden"
SMS_VERSION = "sms.version.v7_0_0_1"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
GROUP = GroupId("fd-tgt", "cg-1-r")


def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def canonical(document: bytes) -> str:
    return ET.canonicalize(document.decode(), strip_text=True, rewrite_prefixes=True, qname_aware_attrs=[XSI_TYPE])


def call(method: str, this: object) -> Request:
    return Request("urn:sms", method, SMS_VERSION, this, known=True)


def test_the_captured_request_is_read() -> None:
    request = parse(golden("query_storage_manager.request.xml"), SMS_VERSION)
    assert (request.namespace, request.method, request.known) == ("urn:sms", "QueryStorageManager", True)
    assert isinstance(request.this, sms.ServiceInstance)
    assert bindings.moid(request.this) == "ServiceInstance"
    assert request.headers == {"vcSessionCookie": "9f73c0ffee"}


def test_the_captured_answer_is_written() -> None:
    request = parse(golden("query_storage_manager.request.xml"), SMS_VERSION)
    written = envelope.answer(request, build(sms.StorageManager, "storageManager"))
    assert canonical(written) == canonical(golden("query_storage_manager.answer.xml"))
    assert b'<returnval type="SmsStorageManager">storageManager</returnval>' in written


def test_a_sync_request_with_mixed_namespaces_is_read() -> None:
    request = parse(golden("sync.request.xml"), SMS_VERSION)
    assert bindings.moid(request.this) == "vp-array"
    assert request.headers == {"vcSessionCookie": "9f73c0ffee"}
    assert request.args["pitName"] == "op-sync-1"
    (group,) = request.args["groupId"]
    assert (group.faultDomainId.id, group.deviceGroupId.id) == ("fd-tgt", "cg-1-r")


def test_the_golden_sync_request_is_what_pyvmomi_sends() -> None:
    stub: Any = build(
        SoapStubAdapter,
        host="x",
        path="/sms/sdk",
        version=SMS_VERSION,
        requestContext={"vcSessionCookie": "9f73c0ffee"},
    )
    provider = build(sms.provider.VasaProvider, "vp-array", stub)
    provider_type: Any = sms.provider.VasaProvider
    method = provider_type.SyncReplicationGroup_Task
    sent = stub.SerializeRequest(provider, method.info, ([wire_id(GROUP)], "op-sync-1"))
    assert canonical(sent) == canonical(golden("sync.request.xml"))


def test_a_request_with_prefixes_and_types_everywhere_is_read() -> None:
    request = parse(golden("sync_prefixed.request.xml"), SMS_VERSION)
    assert bindings.moid(request.this) == "vp-array"
    assert [group.deviceGroupId.id for group in request.args["groupId"]] == ["cg-1-r", "cg-2-r"]
    assert request.args["pitName"] == "R&D <1> – ü"  # noqa: RUF001 - not ASCII on purpose


def test_a_task_reference_is_written() -> None:
    written = envelope.answer(
        call("SyncReplicationGroup_Task", build(sms.provider.VasaProvider, "vp-array")), build(sms.Task, "SmsTask-1")
    )
    assert canonical(written) == canonical(golden("sync.answer.xml"))


@pytest.mark.parametrize(
    ("fault", "version", "name"),
    [
        (
            Fault("NotAuthenticated", "The session is not authenticated.", {"privilegeId": "System.View"}),
            "vim.version.v7_0",
            "not_authenticated.fault.xml",
        ),
        (
            Fault("SyncOngoing", "A sync of this replication group is in progress.", {"task": "SmsTask-1"}),
            SMS_VERSION,
            "sync_ongoing.fault.xml",
        ),
    ],
)
def test_a_fault_has_its_own_element_namespace_and_type(fault: Fault, version: str, name: str) -> None:
    written = envelope.fault(faults.materialize(fault, "urn:sms"), version)
    assert canonical(written) == canonical(golden(name))


@pytest.mark.parametrize(
    ("style", "name"),
    [
        (envelope.PLAIN, "task_group_error.answer.xml"),
        (envelope.Style(prefixed=True), "task_group_error_prefixed.answer.xml"),
    ],
)
def test_a_fault_of_another_namespace_inside_an_untyped_result(style: envelope.Style, name: str) -> None:
    error = build(
        R.GroupErrorResult,
        groupId=wire_id(GROUP),
        error=[faults.materialize(Fault("NotFound", "no such group"), "urn:sms")],
    )
    task = build(sms.Task, "SmsTask-1")
    info = build(
        sms.TaskInfo,
        key="SmsTask-1",
        task=task,
        result=bindings.array(R.GroupOperationResult, [error]),
        state="success",
        progress=100,
    )
    written = envelope.answer(call("QuerySmsTaskInfo", task), info, style)
    assert canonical(written) == canonical(golden(name))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ((b"</soapenv:Envelope>", b""), "ExpatError"),
        ((b"<soapenv:Envelope", b"<!DOCTYPE x [<!ENTITY a 'b'>]><soapenv:Envelope"), "document types"),
        ((b"vp-array", b"&external;"), "ExpatError"),
        ((b"pitName", b"pitNames"), "has no parameter pitNames"),
        ((b"<id>fd-tgt</id>", b"<key>fd-tgt</key>"), "AttributeError"),
        ((b'type="VasaProvider"', b'type="NoSuchType"'), "NoSuchType"),
        ((b'type="VasaProvider"', b'xsi:type="xsd:string"'), "_this is no ManagedObject"),
        ((b"<groupId>", b'<groupId xmlns:v="urn:vim25" xsi:type="v:AboutInfo">'), "AttributeError"),
        ((b"<groupId>", b'<groupId/><groupId xsi:type="xsd:string"/><groupId>'), "groupId is no ReplicationGroupId"),
        ((b'<_this versionId="7.0.0.1" type="VasaProvider">vp-array</_this>', b""), "_this is missing"),
        ((b"soapenv:Body>", b"soapenv:Trunk>"), "no body with a call"),
        (
            (b"</SyncReplicationGroup_Task>", b"</SyncReplicationGroup_Task><Logout xmlns='urn:vim25'/>"),
            "more than one",
        ),
    ],
)
def test_what_is_no_call_is_refused_with_a_reason(change: tuple[bytes, bytes], why: str) -> None:
    data = golden("sync.request.xml")
    broken = data.replace(*change)
    assert broken != data
    with pytest.raises(MalformedRequestError, match=why):
        parse(broken, SMS_VERSION)
