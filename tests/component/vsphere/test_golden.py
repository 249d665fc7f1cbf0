"""What goes over the wire, byte for byte: each different SOAP request of the adapter has a file in `golden/`.

A change there is a change in what vCenters are asked, and is reviewed as such. After one that is meant:
`VVOL_UPDATE_GOLDEN=1 make component ARGS='-k test_golden'` writes the files anew.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from component.simulator.soap_sites import ERP_SOURCE, ERP_TARGET, TOPOLOGY

from testbed import closing, simulated
from vvol_replication.domain.groups import GroupId
from vvol_replication.domain.outcomes import Done
from vvol_replication.domain.points import StartedSync
from vvol_simulator.model import ManualClock
from vvol_simulator.server import Simulator
from vvol_simulator.topology import build

from .conftest import Sites
from .recording import SOAP, Recording, Sent, record

GOLDEN = Path(__file__).parent / "golden"
APART = 600.0
KEPT_ALIVE = 600.0  # after so long without a call of vim, one is made
UPDATE = "VVOL_UPDATE_GOLDEN"
SOURCE = GroupId(ERP_SOURCE.fault_domain, ERP_SOURCE.device_group)
TARGET = GroupId(ERP_TARGET.fault_domain, ERP_TARGET.device_group)
OPERATIONS = {
    "RetrieveServiceContent",
    "Login",
    "CurrentTime",
    "Logout",
    "CreateContainerView",
    "RetrievePropertiesEx",
    "ContinueRetrievePropertiesEx",
    "DestroyView",
    "QueryStorageManager",
    "QueryProvider",
    "QueryProviderInfo",
    "QueryFaultDomain",
    "QueryReplicationGroup",
    "QueryReplicationGroupInfo",
    "QueryReplicationPeer",
    "QueryPointInTimeReplica",
    "SyncReplicationGroup_Task",
    "PrepareFailoverReplicationGroup_Task",
    "QuerySmsTaskInfo",
    "PbmRetrieveServiceContent",
    "PbmQueryReplicationGroups",
}


@pytest.fixture(scope="module")
def recording() -> Recording:
    """What was sent while the adapter was asked for everything once."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        return asyncio.run(everything(monkeypatch))


async def everything(monkeypatch: pytest.MonkeyPatch) -> Recording:
    """Ask for all that the adapter can be asked for, at two sites whose ids are the same in each run."""
    monkeypatch.setattr("vvol_replication.storage.vsphere.machines._PAGE", 1)
    time = ManualClock()
    simulator = Simulator(build(TOPOLOGY, clock=time), simulated.authority())
    sites = Sites(simulator, time)
    await simulator.start()
    try:
        recorded = record(monkeypatch)
        await ask_the_target(sites, recorded)
        await ask_the_source(sites, recorded)
    finally:
        for vcenter in sites.made:
            await vcenter.close()
        await closing.stop(simulator)
    return recorded


async def ask_the_target(sites: Sites, recorded: Recording) -> None:
    now = 1000.0
    vcenter = sites.vcenter("dallas", clock=lambda: now)
    switches = sites.world.switches
    started = done(await vcenter.start_sync(TARGET, "before-upgrade"))
    assert isinstance(started, StartedSync)
    done(await vcenter.task(started.task, TARGET))
    for _ in range(2):
        sites.push(seconds=APART)  # few questions tell them from each other
    switches.unfiltered_groups = "idsOnly"
    done(await vcenter.inventory())
    done(await vcenter.group(TARGET))
    done(await vcenter.points_in_time(TARGET))
    switches.points_in_time_at_most = 1
    done(await vcenter.points_in_time(TARGET))
    now += KEPT_ALIVE
    done(await vcenter.group(TARGET))
    mask(recorded, sites, "dallas")


async def ask_the_source(sites: Sites, recorded: Recording) -> None:
    vcenter = sites.vcenter("austin")
    done(await vcenter.members(SOURCE))
    done(await vcenter.start_prepare(SOURCE))
    mask(recorded, sites, "austin")


def done(outcome: Any) -> Any:
    assert isinstance(outcome, Done), outcome
    return outcome.value


def mask(recorded: Recording, sites: Sites, name: str) -> None:
    """What must not be in a file: secrets; and what differs from run to run."""
    site = sites.site(name)
    (session,) = site.sessions
    recorded.masks |= {
        session: "SESSION",
        f"session[{session[:8]}]": "session[…]",
        site.username: "USERNAME",
        site.password: "PASSWORD",
        site.instance_uuid: f"UUID-OF-{name.upper()}",
    }


def test_what_is_sent_is_what_the_files_say(recording: Recording) -> None:
    texts = recording.texts()
    if os.environ.get(UPDATE):
        GOLDEN.mkdir(exist_ok=True)
        for left_over in GOLDEN.glob("*.http"):
            left_over.unlink()
        for name, text in texts.items():
            (GOLDEN / name).write_text(text, encoding="utf-8")
    files = {path.name: path.read_text(encoding="utf-8") for path in GOLDEN.glob("*.http")}
    how = f"; if that is meant, write the files anew with {UPDATE}=1 and read the difference"
    assert sorted(texts) == sorted(files), f"there are other requests than files{how}"
    for name, text in texts.items():
        assert text == files[name], f"{name} is not what is sent{how}"


def test_every_operation_is_there(recording: Recording) -> None:
    assert {request.method for request in recording.sent} == OPERATIONS


def test_no_file_holds_a_secret(recording: Recording) -> None:
    sent = "".join(request.body + str(request.headers) for request in recording.sent)
    files = "".join(path.read_text(encoding="utf-8") for path in GOLDEN.glob("*.http"))
    secrets = [value for value, mask in recording.masks.items() if mask in ("SESSION", "USERNAME", "PASSWORD")]
    assert len(secrets) == 6
    for secret in secrets:
        assert secret in sent
        assert secret not in files


def first(recording: Recording, method: str) -> tuple[Sent, ET.Element]:
    request = next(request for request in recording.sent if request.method == method)
    return request, ET.fromstring(request.body)  # noqa: S314 - our own


def test_the_session_goes_into_a_header_without_a_namespace_as_captured_from_a_vcenter(recording: Recording) -> None:
    request, envelope = first(recording, "QueryStorageManager")
    assert request.path == "/sms/sdk"
    assert request.headers["SOAPAction"] == '"urn:sms/7.0.0.1"'
    assert [element.tag for element in envelope.findall(f"{SOAP}Header/*")] == ["vcSessionCookie"]
    (call,) = envelope.findall(f"{SOAP}Body/*")
    assert call.tag == "{urn:sms}QueryStorageManager"
    (this,) = call
    assert (this.tag, this.get("type"), this.text) == ("{urn:sms}_this", "SmsServiceInstance", "ServiceInstance")


@pytest.mark.parametrize("method", ["SyncReplicationGroup_Task", "PrepareFailoverReplicationGroup_Task"])
def test_the_parts_of_a_groups_id_are_vims_inside_a_call_of_sms(recording: Recording, method: str) -> None:
    request, envelope = first(recording, method)
    assert request.path == "/sms/sdk"
    (group,) = envelope.findall(f"{SOAP}Body/{{urn:sms}}{method}/{{urn:sms}}groupId")
    assert [element.tag for element in group.iter()] == [
        "{urn:sms}groupId",
        "{urn:vim25}faultDomainId",
        "{urn:vim25}id",
        "{urn:vim25}deviceGroupId",
        "{urn:vim25}id",
    ]


def test_the_session_is_vims_cookie_and_a_header_at_the_others(recording: Recording) -> None:
    sessions = [value for value, mask in recording.masks.items() if mask == "SESSION"]
    for request in recording.sent:
        cookie = request.headers.get("Cookie", "")
        if request.path != "/sdk":
            assert any(f">{session}</vcSessionCookie>" in request.body for session in sessions)
            assert not [session for session in sessions if session in cookie]
        else:
            assert "vcSessionCookie" not in request.body
            known = any(f'vmware_soap_session="{session}"' in cookie for session in sessions)
            assert known is (request.method not in ("RetrieveServiceContent", "Login"))
