"""Faults on demand at the SOAP services, and lawful but unusual ways to write an answer."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPException, HTTPSConnection, IncompleteRead
from typing import Any
from xml.parsers.expat import ExpatError

import pytest
from component.simulator.soap_sites import (
    ERP_SOURCE,
    ERP_TARGET,
    NOWHERE,
    Client,
    R,
    Sites,
    build,
    message,
    running,
    wire_id,
)
from pyVmomi import SoapAdapter, VmomiSupport, pbm, sms, vim, vmodl
from pyVmomi.SoapAdapter import SoapStubAdapter

from vvol_simulator.model import Entry, Fault
from vvol_simulator.soap import envelope, faults

SYNC = "SyncReplicationGroup_Task"


@pytest.fixture
def sites() -> Iterator[Sites]:
    with running() as sites:
        yield sites


@pytest.fixture
def dallas(sites: Sites) -> Client:
    return sites.connect("dallas")


def sync(client: Client, name: str = "op-1") -> Any:
    return client.provider().SyncReplicationGroup_Task([wire_id(ERP_TARGET)], name)


def journal(sites: Sites) -> list[Entry]:
    return sites.inside(lambda: sites.world.journal.since(0))


def armed(sites: Sites) -> bool:
    return sites.inside(lambda: sites.group(ERP_TARGET).pending is not None)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ProviderBusy", sms.fault.ProviderBusy),
        ("NotFound", vim.fault.NotFound),
        ("NoPermission", vim.fault.NoPermission),
        ("NotSupported", vmodl.fault.NotSupported),
        ("RuntimeFault", vmodl.RuntimeFault),
        ("PeerNotReachable", sms.fault.replication.PeerNotReachable),
        ("InvalidReplicationState", sms.fault.replication.InvalidReplicationState),
    ],
)
def test_any_fault_can_be_ordered_by_name(sites: Sites, dallas: Client, name: str, kind: type[Exception]) -> None:
    sites.order("dallas", SYNC, "soapFault", name=name, message="Out of order <today> & tomorrow")
    with pytest.raises(kind) as caught:
        sync(dallas)
    assert type(caught.value) is kind
    assert message(caught) == "Out of order <today> & tomorrow"
    assert not armed(sites)
    (entry,) = journal(sites)
    assert (entry.call, entry.took_effect, entry.outcome, entry.fault) == (SYNC, False, name, "soapFault")


def test_a_fault_with_fields(sites: Sites, dallas: Client) -> None:
    mapping = [{"activeProvider": "vasaProvider-1", "faultDomainId": ["domain-b"]}]
    sites.order("dallas", SYNC, "soapFault", name="InactiveProvider", fields={"mapping": mapping})
    with pytest.raises(sms.fault.InactiveProvider) as caught:
        sync(dallas)
    (told,) = caught.value.mapping
    assert told.activeProvider == dallas.provider()
    assert told.faultDomainId[0].id == "domain-b"


def test_fields_that_are_faults_and_times() -> None:
    cause = faults.materialize(
        Fault("QueryExecutionFault", "outer", {"faultCause": Fault("NotFound", "inner")}), "urn:sms"
    )
    assert isinstance(cause.faultCause, vim.fault.NotFound)
    assert message(cause.faultCause) == "inner"
    fields = {"expirationDate": 86_400}
    expired = faults.materialize(Fault("ExpiredEditionLicense", "a day late", fields), "urn:vim25")
    assert expired.expirationDate == datetime(1970, 1, 2, tzinfo=UTC)


def test_a_fault_after_the_effect(sites: Sites, dallas: Client) -> None:
    sites.order("dallas", SYNC, "soapFault", name="ProviderUnavailable", when="after")
    with pytest.raises(sms.fault.ProviderUnavailable):
        sync(dallas)
    assert armed(sites)
    assert journal(sites)[0].took_effect


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("soapFault", {"name": "NoSuchFault"}),
        ("taskError", {"name": "VirtualMachine"}),
        ("groupError", {"name": "TooMany", "fields": {"maxBatchSize": "many"}}),
        ("soapFault", {"name": "InactiveProvider", "fields": {"mapping": 7}}),
    ],
)
def test_a_fault_that_cannot_be_made_says_so(sites: Sites, dallas: Client, kind: str, options: dict[str, Any]) -> None:
    sites.order("dallas", SYNC, kind, **options)
    with pytest.raises(vmodl.fault.SystemError) as caught:
        sync(dallas)
    assert options["name"] in message(caught)
    assert not armed(sites)


def test_a_task_that_ends_in_error(sites: Sites, dallas: Client) -> None:
    sites.order("dallas", SYNC, "taskError", name="ProviderOutOfResource", message="no room")
    info = sync(dallas).QuerySmsTaskInfo()
    assert info.state == "error"
    assert isinstance(info.error, sms.fault.ProviderOutOfResource)
    assert (message(info.error), info.result) == ("no room", None)
    assert info.completionTime is not None
    assert not armed(sites)


def test_a_successful_task_that_holds_only_errors(sites: Sites, dallas: Client) -> None:
    sites.order("dallas", SYNC, "groupError", name="NoReplicationTarget")
    info = sync(dallas).QuerySmsTaskInfo()
    assert info.state == "success"
    assert [type(result) for result in info.result] == [R.GroupErrorResult]
    assert isinstance(info.result[0].error[0], sms.fault.replication.NoReplicationTarget)


def test_group_errors_in_queries(sites: Sites, dallas: Client) -> None:
    sites.order("dallas", "QueryReplicationGroup", "groupError", name="QueryExecutionFault")
    (result,) = dallas.provider().QueryReplicationGroup([wire_id(ERP_TARGET)])
    assert isinstance(result.error[0], sms.fault.QueryExecutionFault)


@pytest.mark.parametrize(("kind", "arms"), [("resetBefore", False), ("resetAfter", True), ("truncated", True)])
def test_a_lost_answer_before_or_after_the_effect(sites: Sites, dallas: Client, kind: str, *, arms: bool) -> None:
    sites.order("dallas", SYNC, kind)
    with pytest.raises((OSError, HTTPException, ExpatError)):
        sync(dallas)
    assert armed(sites) is arms
    (entry,) = journal(sites)
    assert (entry.took_effect, entry.fault) == (arms, kind)
    assert entry.arguments == {
        "provider": "vasaProvider-1",
        "groups": [{"faultDomain": "domain-b", "deviceGroup": "erp-target"}],
        "name": "op-1",
    }


@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        ("httpStatus", {"status": 503}, HTTPException),
        ("garbage", {"body": "<html><p>Bad gateway<br></html>"}, ExpatError),
        ("truncated", {"bytes": 300}, (IncompleteRead, OSError, ExpatError)),
    ],
)
def test_answers_that_are_no_soap(
    sites: Sites, dallas: Client, kind: str, options: dict[str, Any], error: type[Exception]
) -> None:
    provider = dallas.provider()
    sites.order("dallas", "QueryReplicationGroup", kind, **options)
    with pytest.raises(error):
        provider.QueryReplicationGroup()
    assert len(provider.QueryReplicationGroup()) == 2


def test_well_formed_html_reads_as_no_answer_at_all(sites: Sites, dallas: Client) -> None:
    # Documents pyVmomi, which looks for an element that ends with "Response" and is content without one.
    provider = dallas.provider()
    sites.order("dallas", "QueryReplicationGroup", "garbage")
    assert provider.QueryReplicationGroup() is None


def test_a_hanging_call_goes_on_when_the_fault_is_removed(sites: Sites, dallas: Client) -> None:
    provider = dallas.provider()
    sites.order("dallas", "QueryReplicationGroup", "hang", timeout=0.2)
    assert len(provider.QueryReplicationGroup()) == 2
    sites.order("dallas", "QueryReplicationGroup", "slow", seconds=0.05)
    assert len(provider.QueryReplicationGroup()) == 2


def test_a_prepare_whose_transfer_never_moves(sites: Sites) -> None:
    sites.order("austin", "PrepareFailoverReplicationGroup_Task", "stalledTransfer")
    task = sites.connect("austin").provider().PrepareFailoverReplicationGroup_Task([wire_id(ERP_SOURCE)])
    sites.advance(1_700)  # the session is not idle for half an hour yet
    assert task.QuerySmsTaskInfo().state == "running"


def test_faults_meet_the_other_services_too(sites: Sites, dallas: Client) -> None:
    sites.order("dallas", "Login", "soapFault", name="InvalidLogin")
    sites.order("dallas", "CurrentTime", "expiredSession")
    sites.order("dallas", "PbmQueryReplicationGroups", "expiredSession")
    with pytest.raises(vim.fault.InvalidLogin):
        sites.connect("dallas")
    with pytest.raises(vim.fault.NotAuthenticated):
        dallas.si.CurrentTime()
    dallas.login(sites.site("dallas"))
    manager = dallas.pbm.RetrieveContent().replicationManager
    with pytest.raises(vim.fault.NotAuthenticated):
        manager.QueryReplicationGroups([])
    dallas.login(sites.site("dallas"))
    sites.order("dallas", "PbmQueryReplicationGroups", "soapFault", name="PbmFaultNotFound")
    with pytest.raises(pbm.fault.NotFound):
        manager.QueryReplicationGroups([])


def test_calls_are_counted_and_only_changes_are_journalled(sites: Sites, dallas: Client) -> None:
    sites.inside(sites.world.counters.reset)
    sync(dallas).QuerySmsTaskInfo()
    assert sites.world.counters.as_dict()["dallas"] == {
        "QueryStorageManager": 1,
        "QueryProvider": 1,
        SYNC: 1,
        "QuerySmsTaskInfo": 1,
    }
    (entry,) = journal(sites)
    assert (entry.endpoint, entry.outcome) == ("dallas", "SmsTask-1")


def test_refused_calls_took_no_effect(sites: Sites, dallas: Client) -> None:
    sync(dallas)
    with pytest.raises(sms.fault.replication.SyncOngoing):
        sync(dallas)
    sites.inside(sites.site("dallas").expire_sessions)
    dallas_provider: Any = build(sms.provider.VasaProvider, "vasaProvider-1", dallas.sms_stub)
    with pytest.raises(sms.fault.InvalidSession):
        dallas_provider.SyncReplicationGroup_Task([wire_id(ERP_TARGET)], "op-2")
    assert [(entry.took_effect, entry.outcome) for entry in journal(sites)] == [
        (True, "SmsTask-1"),
        (False, "SyncOngoing"),
        (False, "InvalidSession"),
    ]


@pytest.mark.parametrize("switch", ["soapPrefixedTypes", "soapExtraHeader", "soapChunked", "soapGzip"])
def test_unusual_but_lawful_answers_are_read_alike(sites: Sites, dallas: Client, switch: str) -> None:
    def observed() -> list[str]:
        groups = dallas.provider().QueryReplicationGroup([wire_id(ERP_TARGET), wire_id(NOWHERE)])
        vms = [repr(dallas.si.RetrieveContent().about), repr(dallas.sms.QueryStorageManager().QueryFaultDomain())]
        return [repr(groups), *vms]

    usual = observed()
    sites.switch(switch, value=True)
    dallas.sms_stub._acceptCompressedResponses = True  # noqa: SLF001 - as the constructor's option sets it
    assert observed() == usual
    task = sync(dallas)
    with pytest.raises(sms.fault.replication.SyncOngoing) as caught:
        sync(dallas)
    assert caught.value.task == task
    sites.push("erp", "op-1")
    sites.advance(10)
    assert task.QuerySmsTaskInfo().result[0].pitName == "op-1"


@pytest.mark.parametrize(
    ("switch", "header", "value"),
    [("soapChunked", "Transfer-Encoding", "chunked"), ("soapGzip", "Content-Encoding", "gzip")],
)
def test_the_encoding_switches_do_something(sites: Sites, dallas: Client, switch: str, header: str, value: str) -> None:
    sites.switch(switch, value=True)
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><RetrieveServiceContent '
        'xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></RetrieveServiceContent>'
        "</e:Body></e:Envelope>"
    )
    connection = HTTPSConnection("127.0.0.1", sites.simulator.endpoint("dallas").port, context=dallas.context)
    try:
        connection.request("POST", "/sdk", body, {"SOAPAction": "urn:vim25/7.0.0.0", "Accept-Encoding": "gzip"})
        response = connection.getresponse()
        assert (response.status, response.getheader(header)) == (200, value)
        assert response.read()
    finally:
        connection.close()


def fault_names(namespace: str, version: str) -> list[str]:
    """Wsdl names of all faults of a namespace that a client of this version can receive."""
    support: Any = VmomiSupport
    names = sorted(name for space, name in support._wsdlDefMap if space == namespace)  # noqa: SLF001 - no public list
    found = []
    for name in names:
        kind: Any = faults.fault_type(name, namespace)
        if kind is not None and name != "LocalizedMethodFault" and support.IsChildVersion(version, kind._version):  # noqa: SLF001 - no public name
            found.append(name)
    return found


@pytest.mark.parametrize(
    ("namespace", "version", "least"),
    [
        ("urn:sms", "sms.version.v8_0_2_0", 40),
        ("urn:vim25", "vim.version.v8_0_3_0", 600),
        ("urn:pbm", "pbm.version.v8_0_3_0", 10),
    ],
)
@pytest.mark.parametrize("style", [envelope.PLAIN, envelope.Style(prefixed=True, header=True)])
def test_every_fault_survives_the_wire_with_placeholders(
    namespace: str, version: str, least: int, style: envelope.Style
) -> None:
    reader: Any = SoapAdapter.SoapResponseDeserializer
    stub: Any = build(SoapStubAdapter, host="x", path="/sdk", version=version, sslContext=ssl.create_default_context())
    this = build(sms.provider.VasaProvider, "vasaProvider-1")
    names = fault_names(namespace, version)
    assert len(names) >= least
    for name in names:
        made = faults.materialize(Fault(name, f"about {name}"), namespace, this)
        back = reader(stub).Deserialize(envelope.fault(made, version, style), object)
        assert (type(back), back.msg) == (faults.fault_type(name, namespace), f"about {name}")
