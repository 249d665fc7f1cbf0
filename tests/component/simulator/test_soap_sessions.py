"""Who is let in: the cookie at /sdk, vcSessionCookie at /sms/sdk and /pbm/sdk, expiry and logging in again."""

import ssl
from collections.abc import Iterator
from http.client import HTTPSConnection
from typing import Any

import pytest
from component.simulator.soap_sites import ERP_TARGET, Client, Sites, build, message, running, wire_id
from pyVim.connect import Disconnect, SmartConnect, SmartStubAdapter
from pyVmomi import sms, vim, vmodl
from pyVmomi.SoapAdapter import SoapStubAdapter


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    with running() as sites:
        yield sites


def test_smart_connect_negotiates_logs_in_and_out(sites: Sites) -> None:
    client = sites.connect("austin", login=False)
    before = sites.site("austin").logouts
    connect: Any = SmartConnect
    si = connect(
        host="127.0.0.1",
        port=sites.simulator.endpoint("austin").port,
        user="austin-user",
        pwd="austin-secret",
        sslContext=client.context,
    )
    stub = si._stub  # noqa: SLF001 - the version that SmartConnect has chosen is nowhere else
    try:
        assert stub.version == "vim.version.v8_0_3_0"
        assert si.content.about.instanceUuid == sites.site("austin").instance_uuid
        assert si.content.sessionManager.currentSession.userName == "austin-user"
    finally:
        disconnect: Any = Disconnect
        disconnect(si)
        stub.DropConnections()
    assert sites.site("austin").logouts == before + 1


def test_an_unverified_server_is_refused_by_a_client_without_the_authority(sites: Sites) -> None:
    stub: Any = build(
        SoapStubAdapter,
        host="127.0.0.1",
        port=sites.simulator.endpoint("austin").port,
        path="/sdk",
        version="vim.version.v7_0",
        sslContext=ssl.create_default_context(),
    )
    with pytest.raises(ssl.SSLCertVerificationError):
        build(vim.ServiceInstance, "ServiceInstance", stub).RetrieveContent()


def test_a_wrong_password_is_invalid_login(sites: Sites) -> None:
    client = sites.connect("austin", login=False)
    with pytest.raises(vim.fault.InvalidLogin) as caught:
        client.si.RetrieveContent().sessionManager.Login("austin-user", "dallas-secret", None)
    assert "incorrect user name or password" in message(caught)


def test_a_second_login_in_one_session_is_refused(sites: Sites) -> None:
    client = sites.connect("austin")
    with pytest.raises(vim.fault.InvalidLogin):
        client.login(sites.site("austin"))


def test_the_cookie_before_login_is_no_session(sites: Sites) -> None:
    client = sites.connect("austin", login=False)
    content = client.si.RetrieveContent()
    planted = client.vim_stub.GetSessionId()
    assert planted
    assert content.sessionManager.currentSession is None
    with pytest.raises(vim.fault.NotAuthenticated):
        client.si.CurrentTime()
    client.login(sites.site("austin"))
    assert client.vim_stub.GetSessionId() not in ("", planted)
    assert client.vim_stub.cookie.startswith('vmware_soap_session="')


def test_each_service_has_its_own_fault_for_a_stranger(sites: Sites) -> None:
    client = sites.connect("austin", login=False)
    with pytest.raises(vim.fault.NotAuthenticated):
        client.si.CurrentTime()
    with pytest.raises(sms.fault.InvalidSession) as caught:
        client.sms.QueryStorageManager()
    assert not isinstance(caught.value, vim.fault.NotAuthenticated)
    manager = client.pbm.RetrieveContent().replicationManager
    with pytest.raises(vim.fault.NotAuthenticated):
        manager.QueryReplicationGroups([])


def test_invalid_session_carries_the_value_that_was_sent(sites: Sites) -> None:
    client = sites.connect("austin", login=False)
    client.sms_stub.session = lambda: "stale-session"
    with pytest.raises(sms.fault.InvalidSession) as caught:
        client.sms.QueryStorageManager()
    assert caught.value.sessionCookie == "stale-session"


def test_the_cookies_of_sms_and_pbm_are_of_no_use(sites: Sites) -> None:
    client = sites.connect("austin")
    client.sms.QueryStorageManager()
    client.pbm.RetrieveContent()
    for stub in (client.sms_stub, client.pbm_stub):
        own = stub.GetSessionId()
        assert own not in (None, "", client.vim_stub.GetSessionId())
        client.sms_stub.session = stub.GetSessionId
        with pytest.raises(sms.fault.InvalidSession):
            client.sms.QueryStorageManager()


def test_the_cookie_alone_does_not_open_sms(sites: Sites) -> None:
    client = sites.connect("austin")
    session = client.vim_stub.GetSessionId()
    client.sms_stub.SetSessionId(session)
    client.sms_stub.session = lambda: ""
    with pytest.raises(sms.fault.InvalidSession):
        client.sms.QueryStorageManager()


def test_a_session_is_good_at_its_own_vcenter_only(sites: Sites) -> None:
    austin, dallas = sites.connect("austin"), sites.connect("dallas")
    dallas.sms_stub.session = austin.vim_stub.GetSessionId
    with pytest.raises(sms.fault.InvalidSession):
        dallas.sms.QueryStorageManager()


def test_one_new_login_heals_all_three_services(sites: Sites) -> None:
    client = sites.connect("dallas")
    provider = client.provider()
    task = provider.SyncReplicationGroup_Task([wire_id(ERP_TARGET)], "across-expiry")
    sites.inside(sites.site("dallas").expire_sessions)
    assert client.si.RetrieveContent().sessionManager.currentSession is None
    with pytest.raises(sms.fault.InvalidSession):
        task.QuerySmsTaskInfo()
    client.login(sites.site("dallas"))
    assert task.QuerySmsTaskInfo().state == "running"
    assert client.pbm.RetrieveContent().replicationManager.QueryReplicationGroups([]) == []


def test_logout_ends_the_session_everywhere(sites: Sites) -> None:
    client = sites.connect("austin")
    client.si.RetrieveContent().sessionManager.Logout()
    with pytest.raises(vim.fault.NotAuthenticated):
        client.si.CurrentTime()
    with pytest.raises(sms.fault.InvalidSession):
        client.sms.QueryStorageManager()


def test_an_ordered_expiry_ends_only_the_callers_session(sites: Sites) -> None:
    one, other = sites.connect("austin"), sites.connect("austin")
    sites.order("austin", "QueryStorageManager", "expiredSession")
    with pytest.raises(sms.fault.InvalidSession):
        one.sms.QueryStorageManager()
    with pytest.raises(sms.fault.InvalidSession):
        one.sms.QueryStorageManager()
    assert other.sms.QueryStorageManager() is not None


def test_clocks_are_the_sites_own(sites: Sites) -> None:
    times = [sites.connect(name).si.CurrentTime() for name in ("austin", "dallas")]
    assert all(time.tzinfo is not None for time in times)
    assert (times[1] - times[0]).total_seconds() == 90


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("POST", "/vim/sdk", 404), ("GET", "/sms/sdk", 405)]
)
def test_other_paths_are_not_served(sites: Sites, method: str, path: str, status: int) -> None:
    client = sites.connect("austin", login=False)
    connection = HTTPSConnection("127.0.0.1", sites.simulator.endpoint("austin").port, context=client.context)
    try:
        connection.request(method, path)
        assert connection.getresponse().status == status
    finally:
        connection.close()


def _raw(sites: Sites, client: Client, body: bytes, action: str) -> tuple[int, str]:
    connection = HTTPSConnection("127.0.0.1", sites.simulator.endpoint("austin").port, context=client.context)
    try:
        connection.request("POST", "/sdk", body, {"SOAPAction": action, "Content-Type": "text/xml"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_a_body_that_is_no_soap_is_a_soap_fault(sites: Sites) -> None:
    client = sites.connect("austin", login=False)
    status, text = _raw(sites, client, b'{"not": "xml"}', '"urn:vim25/7.0.0.0"')
    assert status == 500
    assert "<InvalidRequestFault" in text


def test_a_huge_body_is_refused(sites: Sites) -> None:
    client = sites.connect("austin", login=False)
    status, _ = _raw(sites, client, b" " * ((4 << 20) + 1), '"urn:vim25/7.0.0.0"')
    assert status == 413


@pytest.mark.parametrize("action", ["", '"urn:vim25/1.2.3"', '"urn:sms/7.0.0.1"', '"urn:vim25/2.5u2"'])
def test_a_version_that_nobody_knows_is_refused(sites: Sites, action: str) -> None:
    client = sites.connect("austin", login=False)
    status, text = _raw(sites, client, b"<irrelevant/>", action)
    assert status == 500
    assert "Unsupported version URI" in text
    assert "<detail></detail>" in text


@pytest.fixture(scope="module")
def old() -> Iterator[Sites]:
    """One vCenter 7.0.3."""
    with running({"arrays": {"a": {}}, "vCenters": {"old": {"arrays": ["a"], "version": "7.0.3"}}}) as sites:
        yield sites


@pytest.mark.parametrize("version", ["sms.version.v8_0_0_0", "sms.version.v8_0_2_0"])
def test_a_client_newer_than_the_vcenter_is_refused(old: Sites, version: str) -> None:
    client = old.connect("old", login=False, sms_version=version)
    with pytest.raises(vmodl.RuntimeFault) as caught:
        client.sms.QueryAboutInfo()
    assert type(caught.value) is vmodl.RuntimeFault
    assert message(caught).startswith('Unsupported version URI "urn:sms/8.')


def test_the_policy_service_words_it_differently(old: Sites) -> None:
    client = old.connect("old", login=False)
    stub = client.pbm_stub
    stub.version, stub.versionId = "pbm.version.v8_0_2_0", '"urn:pbm/8.0.2.0"'
    with pytest.raises(vmodl.RuntimeFault, match=r"Request version .urn:pbm/8\.0\.2\.0. and namespace .urn:pbm."):
        client.pbm.RetrieveContent()


def test_smart_connect_settles_for_what_an_old_vcenter_has(old: Sites) -> None:
    site = old.site("old")
    client = old.connect("old", login=False)
    smart: Any = SmartStubAdapter
    stub = smart(host="127.0.0.1", port=old.simulator.endpoint("old").port, sslContext=client.context)
    content = build(vim.ServiceInstance, "ServiceInstance", stub).RetrieveContent()
    stub.DropConnections()
    assert stub.version == "vim.version.v7_0_3_0"
    assert (content.about.version, content.about.apiVersion) == (site.version, "7.0.3.0")
