"""The API server's certificate: of a CA without a public one's extensions, really bad, or exchanged meanwhile."""

from __future__ import annotations

import datetime as dt
import logging
import ssl
from collections.abc import Callable

import pytest
from component.cluster.server import Server
from component.cluster.test_lease import Leases, elector, until

from testbed.certificates import LIFETIME, Authority, Pair
from vvol_replication.api.names import REPLICATION_SYNC
from vvol_replication.api.objects import Failed, ObjectRef
from vvol_replication.cluster import lease, session
from vvol_replication.cluster.api import ApiServer
from vvol_replication.cluster.session import connect
from vvol_replication.configuration import read_configuration
from vvol_replication.installation import check

SYNC = ObjectRef(REPLICATION_SYNC, "prod", "one", "u1")
HERE = ("127.0.0.1", "localhost")


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.13's default, whichever Python runs this."""
    made: Callable[..., ssl.SSLContext] = ssl.create_default_context

    def create(*given: object, **named: object) -> ssl.SSLContext:
        context = made(*given, **named)
        context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
        return context

    monkeypatch.setattr(ssl, "create_default_context", create)


def trusted(server: Server, ca: Authority) -> None:
    (server.directory / "ca.pem").write_bytes(ca.certificate)


@pytest.mark.usefixtures("strict")
async def test_a_cluster_whose_ca_gives_no_key_identifiers_is_connected_to_by_us_and_by_kopf(server: Server) -> None:
    old = Authority("kubernetes", key_identifiers=False)
    trusted(server, old)
    server.present(old.server("kube-apiserver", HERE))
    server.answer = lambda _: (200, {"metadata": {"uid": "u1"}})
    connection = connect(server.kubeconfig())
    assert not isinstance(await ApiServer(connection, operator_namespace="vvol").read(SYNC), Failed)
    async with connection.for_kopf() as kopfs, kopfs.get(f"{connection.server}/api") as response:
        assert response.status == 200
    await connection.http.close()


@pytest.mark.usefixtures("strict")
async def test_without_a_named_ca_a_public_one_is_asked_for_as_before(server: Server) -> None:
    connection = connect(server.kubeconfig(ca=False))
    assert connection.login.current.tls.verify_flags & ssl.VERIFY_X509_STRICT
    await connection.http.close()


CA = Authority("kubernetes")
BAD: list[tuple[Pair, str, str]] = [
    (CA.server("s", HERE, begins=-LIFETIME - dt.timedelta(hours=1)), "certificate has expired", "Renew it"),
    (CA.server("s", HERE, begins=dt.timedelta(hours=1)), "not yet valid", "Check the clocks"),
    (CA.server("s", ["10.0.0.1"]), "IP address mismatch", "tls-server-name, in the kubeconfig"),
    (Authority("another").server("s", HERE), "unable to get local issuer", "certificate-authority of the kubeconfig"),
]


@pytest.mark.parametrize("bad", BAD, ids=["expired", "early", "address", "issuer"])
async def test_a_certificate_that_is_bad_is_told_with_its_fault_and_what_to_do_each_time(
    bad: tuple[Pair, str, str], server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, fault, advice = bad
    monkeypatch.setattr(lease, "_SAID_AGAIN", 0.0)
    trusted(server, CA)
    server.present(shown)
    assert not await check(read_configuration(["--operator-namespace=vvol", f"--kubeconfig={server.kubeconfig()}"]))
    assert fault in caplog.text
    assert advice in caplog.text
    caplog.clear()
    async with elector(server) as running:
        await until(lambda: sum(fault in line and advice in line for line in caplog.messages) >= 2)
        assert not running.elector.standing
    assert server.asked == []


async def test_the_same_trouble_with_the_lease_is_told_again_after_a_minute_and_not_before(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    asked = iter(range(1000))
    now = 0.0

    def answer(_: object) -> tuple[int, object]:
        nonlocal now
        now = 100.0 if next(asked) >= 3 else 0.0
        return 500, {}

    server.answer = answer
    async with elector(server) as running:
        running.elector._clock = lambda: now  # noqa: SLF001 - time that this test makes
        await until(lambda: len(server.asked) >= 6)
    assert sum("Trying again" in line for line in caplog.messages) == 2


async def test_a_standby_that_cannot_read_its_lease_is_not_ready_and_follows_a_ca_that_is_replaced(
    server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(session, "_LOGIN_SECONDS", 0.0)
    leases = Leases()
    leases.held_by("other", duration=3600)
    server.answer = leases.answer
    before, after = Authority("before"), Authority("after")
    trusted(server, before)
    server.present(before.server("s", HERE))
    async with elector(server) as running:
        await until(lambda: running.elector.standing)
        server.present(after.server("s", HERE))
        server.disconnect()
        await until(lambda: not running.elector.standing)
        assert running.elector.alive
        assert "its TLS certificate is not trusted" in caplog.text
        trusted(server, after)
        await until(lambda: running.elector.standing)
        assert "the API server answers again" in caplog.text
        leases.held_by("")
        await running.leads()
        await running.stop()
