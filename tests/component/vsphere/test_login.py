"""Who may come in, whom we trust, and whether it is still the same vCenter."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from vvol_replication.domain.outcomes import Done, Refused, Unavailable
from vvol_replication.storage.tls import TLSTrust
from vvol_simulator.tls import Authority

from .conftest import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Sites

WRONG = "fake-wrong-password"


def trust(pem: str | None = None, *, insecure: bool = False) -> TLSTrust:
    made = TLSTrust.create(pem, insecure_skip_verify=insecure)
    assert isinstance(made, TLSTrust)
    return made


async def test_after_three_refusals_no_password_is_sent_for_fifteen_minutes(sites: Sites) -> None:
    clock = Clock()
    vcenter = sites.vcenter(password=WRONG, clock=clock)
    for _ in range(3):
        outcome = await vcenter.about()
        assert isinstance(outcome, Unavailable)
        assert outcome.reason == "LoginFailed"
        assert outcome.retry_after is None
    assert sites.site().failed_logins == 3
    sites.world.counters.reset()
    for ask in (vcenter.about, vcenter.inventory, lambda: vcenter.start_sync(sites.group(), "x")):
        refused = await ask()
        assert isinstance(refused, Unavailable)
        assert refused.reason == "LoginFailed"
        assert refused.retry_after == 900.0
        assert "Secret" in refused.message
    assert sites.counts() == {}
    clock.now += 899
    await vcenter.about()
    assert sites.counts() == {}
    clock.now += 2
    await vcenter.about()
    assert sites.site().failed_logins == 4
    await vcenter.about()
    assert sites.site().failed_logins == 4, "one more refusal, fifteen more minutes"


async def test_a_password_that_works_again_starts_the_count_anew(sites: Sites) -> None:
    site = sites.site()
    right, vcenter = site.password, sites.vcenter()
    for _ in range(2):
        site.password, site_was = WRONG, right
        site.expire_sessions()
        for _ in range(2):
            assert isinstance(await vcenter.group(sites.group()), Unavailable)
        site.password = site_was
        assert isinstance(await vcenter.group(sites.group()), Done)
    assert site.failed_logins == 4


async def test_calls_that_wait_for_one_login_burn_one_try(sites: Sites) -> None:
    sites.world.faults.add("dallas", "Login", "slow", seconds=0.2)
    vcenter = sites.vcenter(password=WRONG, max_concurrent_calls=4)
    outcomes = await asyncio.gather(*(vcenter.about() for _ in range(4)))
    assert {outcome.reason for outcome in outcomes if isinstance(outcome, Unavailable)} == {"LoginFailed"}
    assert sites.site().failed_logins == 1


async def test_an_unknown_ca(sites: Sites) -> None:
    for other in (trust(Authority().pem()), trust()):
        outcome = await sites.vcenter(trust=other).about()
        assert isinstance(outcome, Unavailable)
        assert outcome.reason == "CertificateNotTrusted"
        assert "tls.caCertificates" in outcome.message
    assert sites.counts() == {}
    assert isinstance(await sites.vcenter(trust=trust(insecure=True)).about(), Done)


async def test_a_certificate_of_another_host(sites: Sites) -> None:
    port = sites.simulator.endpoint("dallas").port
    outcome = await sites.vcenter(address=f"127.1:{port}").about()  # the loopback by a name that no certificate has
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "CertificateNotTrusted"
    assert "Hostname mismatch" in outcome.message
    named = await sites.vcenter(address=f"localhost:{port}").about()
    assert isinstance(named, Done)


async def test_another_vcenter_under_the_same_address_is_not_used(sites: Sites, value: Callable[..., Any]) -> None:
    vcenter, site = sites.vcenter(), sites.site()
    first = value(await vcenter.about()).instance_uuid
    site.instance_uuid = "another-one"
    value(await vcenter.group(sites.group()))
    site.expire_sessions()
    logins = site.logins
    for _ in range(2):
        outcome = await vcenter.start_sync(sites.group(), "x")
        assert isinstance(outcome, Refused)
        assert outcome.reason == "IdentityChanged"
        assert first in outcome.message
        assert "another-one" in outcome.message
    assert site.logins == logins, "no password for a stranger"
    site.instance_uuid = first
    assert isinstance(await vcenter.about(), Refused), "it is for the operator to take a new look"


async def test_an_address_without_an_instance_uuid_is_no_vcenter(sites: Sites) -> None:
    sites.site().instance_uuid = ""
    outcome = await sites.vcenter().about()
    assert isinstance(outcome, Refused)
    assert outcome.reason == "NotSupported"


async def test_no_permission_names_the_privilege(sites: Sites) -> None:
    sites.world.faults.add(
        "dallas",
        "SyncReplicationGroup_Task",
        "soapFault",
        name="NoPermission",
        fields={"privilegeId": "StorageViews.ConfigureService"},
    )
    outcome = await sites.vcenter().start_sync(sites.group(), "x")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "PermissionDenied"
    assert "StorageViews.ConfigureService" in outcome.message


@pytest.mark.parametrize("call", ["Login", "QueryReplicationGroupInfo"])
async def test_no_message_holds_a_secret(sites: Sites, call: str) -> None:
    site = sites.site()
    outcomes = []
    for name in ("InvalidSession", "NotAuthenticated", "InvalidLogin", "NoPermission", "SystemError"):
        rule = sites.world.faults.add("dallas", call, "soapFault", name=name)
        outcomes.append(await sites.vcenter().group(sites.group()))
        sites.world.faults.remove(rule.id)
    secrets = {site.password, site.username, *site.sessions}
    assert len(outcomes) == 5
    for outcome in outcomes:
        assert not isinstance(outcome, Done)
        assert not [secret for secret in secrets if secret in outcome.message]
        assert "\n" not in outcome.message
    vcenter = sites.vcenter()
    assert site.password not in repr(vcenter) + repr(dataclasses.asdict(outcomes[0]))
