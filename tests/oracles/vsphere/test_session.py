"""Our login, trust and session against a vCenter that nobody of this project wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from testbed.waiting import eventually
from vvol_replication.domain.outcomes import Refused, Unavailable

from .conftest import Oracle, trust
from .govmomi import PASSWORD, USERNAME

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG = "fake-wrong-password"


async def test_one_login_tells_who_answers_and_close_ends_it(oracle: Oracle, value: Callable[..., Any]) -> None:
    adapter = oracle.adapter()
    about = value(await adapter.about())
    assert (about.instance_uuid, about.version) == (oracle.vcenter.begun.uuid, oracle.vcenter.begun.version)
    for _ in range(3):
        value(await adapter.about())
    now = oracle.vcenter.state()
    assert now.calls == {"RetrieveServiceContent": 1, "Login": 1}
    assert len(now.sessions) == 1
    await adapter.close()
    now = oracle.vcenter.state()
    assert now.calls == {"RetrieveServiceContent": 1, "Login": 1, "Logout": 1}
    assert now.sessions == ()
    eventually(lambda: oracle.vcenter.state().open == 0, what="its sockets to be closed")


async def test_a_wrong_password_is_shown_three_times(oracle: Oracle) -> None:
    adapter = oracle.adapter(password=WRONG)
    outcomes = [await adapter.about() for _ in range(5)]
    assert all(isinstance(outcome, Unavailable) and outcome.reason == "LoginFailed" for outcome in outcomes)
    now = oracle.vcenter.state()
    assert now.calls["Login"] == 3
    assert now.sessions == ()
    held_back = outcomes[-1]
    assert isinstance(held_back, Unavailable)
    assert held_back.retry_after is not None
    assert "Secret" in held_back.message
    assert WRONG not in "".join(str(outcome) for outcome in outcomes)


async def test_a_certificate_that_is_not_trusted_gets_no_password(oracle: Oracle) -> None:
    other = trust(None)
    outcome = await oracle.adapter(trust=other).about()
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "CertificateNotTrusted"
    assert "tls.caCertificates" in outcome.message
    assert oracle.vcenter.state().calls == {}


async def test_a_certificate_of_another_host_gets_no_password(oracle: Oracle, value: Callable[..., Any]) -> None:
    port = oracle.vcenter.begun.port
    outcome = await oracle.adapter(address=f"127.1:{port}").about()  # the loopback by a name no certificate has
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "CertificateNotTrusted"
    assert "Hostname mismatch" in outcome.message
    assert oracle.vcenter.state().calls == {}
    value(await oracle.adapter(address=f"localhost:{port}").about())


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        ("InvalidLogin", Unavailable, "LoginFailed"),
        ("NoPermission", Refused, "PermissionDenied"),
        ("NotAuthenticated", Unavailable, "EndpointFault"),
        ("SystemError", Unavailable, "EndpointFault"),
        ("HostCommunication", Unavailable, "EndpointFault"),
        ("NotSupported", Refused, "NotSupported"),
        ("LimitExceeded", Unavailable, "EndpointBusy"),
    ],
)
async def test_a_fault_at_the_login_as_govmomi_writes_it(
    oracle: Oracle, value: Callable[..., Any], fault: str, kind: type[Refused | Unavailable], reason: str
) -> None:
    oracle.vcenter.fault("Login", fault, times=1)
    adapter = oracle.adapter()
    outcome = await adapter.about()
    assert isinstance(outcome, kind)
    assert outcome.reason == reason
    assert "\n" not in outcome.message
    assert not [secret for secret in (USERNAME, PASSWORD) if secret in outcome.message]
    value(await adapter.about())


async def test_two_vcenters_do_not_share_a_session(meet: Callable[..., Oracle], value: Callable[..., Any]) -> None:
    first, second = meet(), meet()
    assert first.vcenter.begun.uuid == second.vcenter.begun.uuid, "govmomi derives it: the same everywhere"
    adapters = first.adapter(), second.adapter()
    for adapter in adapters:
        value(await adapter.about())
    await adapters[0].close()
    assert first.vcenter.state().sessions == ()
    assert len(second.vcenter.state().sessions) == 1
    await adapters[1].close()
    assert second.vcenter.state().sessions == ()
