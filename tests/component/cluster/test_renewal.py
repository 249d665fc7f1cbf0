"""Logins that are exchanged while the process runs: tokens, client certificates, CAs; in files, programs and pods."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from component.cluster.server import Asked, Server
from component.cluster.test_kubeconfig import SECRET, SYNC, program

from testbed.certificates import Authority
from vvol_replication.api.objects import Failed
from vvol_replication.cluster import pod, session
from vvol_replication.cluster.api import ApiServer
from vvol_replication.cluster.session import Connection, connect

FOUND = (200, {"metadata": {"uid": "u1"}})


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request looks for a change."""
    monkeypatch.setattr(session, "_LOGIN_SECONDS", 0.0)


async def read(connection: Connection) -> str:
    found = await ApiServer(connection, operator_namespace="vvol").read(SYNC)
    return found.message if isinstance(found, Failed) else ""


@pytest.fixture
async def closing() -> AsyncIterator[list[Connection]]:
    made: list[Connection] = []
    yield made
    for one in made:
        await one.http.close()


async def test_a_token_in_a_file_is_read_again(server: Server, closing: list[Connection]) -> None:
    server.answer = lambda _: FOUND
    token = server.directory / "token"
    token.write_text("first")
    closing.append(connect(server.kubeconfig(user={"tokenFile": "token"})))
    assert await read(closing[0]) == ""
    token.write_text("second")
    assert await read(closing[0]) == ""
    assert [asked.headers["Authorization"] for asked in server.asked] == ["Bearer first", "Bearer second"]


async def test_a_client_certificate_in_files_is_read_again_and_the_connection_with_the_old_one_left(
    server: Server, closing: list[Connection]
) -> None:
    ca = Authority("clients")
    server.ask_for_client_certificates(ca.certificate)
    good = "before"
    server.answer = lambda asked: FOUND if asked.client == good else (401, {"message": "Unauthorized"})

    def put(user: str) -> None:
        pair = ca.client(user)
        (server.directory / "user.crt").write_bytes(pair.certificate)
        (server.directory / "user.key").write_bytes(pair.key)

    put("before")
    closing.append(connect(server.kubeconfig(user={"client-certificate": "user.crt", "client-key": "user.key"})))
    assert await read(closing[0]) == ""
    good = "after"
    assert "401" in await read(closing[0])
    put("after")
    said = [await read(closing[0]) for _ in range(2)]
    assert said[-1] == "", said
    assert [asked.client for asked in server.asked if asked.client == "after"]


async def test_a_half_written_certificate_is_told_and_the_one_from_before_goes_on(
    server: Server, closing: list[Connection], caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = lambda _: FOUND
    ca = server.directory / "ca.pem"
    whole = ca.read_text()
    closing.append(connect(server.kubeconfig()))
    ca.write_text(whole[:100])
    for _ in range(3):
        assert await read(closing[0]) == ""
    lines = [line for line in caplog.messages if "could not be read again" in line]
    assert len(lines) == 1, "the same trouble is told once a minute"
    assert "has no certificate in PEM form" in lines[0]
    ca.write_text(whole)
    assert await read(closing[0]) == ""


async def test_a_kubeconfig_that_names_another_server_by_now_is_not_followed(
    server: Server, closing: list[Connection], caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = lambda _: FOUND
    closing.append(connect(server.kubeconfig()))
    server.kubeconfig(server="https://127.0.0.1:1", user={"token": SECRET})
    assert await read(closing[0]) == ""
    assert "restart the operator" in caplog.text
    assert SECRET not in str(server.asked)


async def test_a_login_program_is_run_again_when_its_certificate_is_not_taken_any_more(
    server: Server, closing: list[Connection]
) -> None:
    ca = Authority("clients")
    server.ask_for_client_certificates(ca.certificate)
    good = "before"
    server.answer = lambda asked: FOUND if asked.client == good else (401, {"message": "Unauthorized"})

    def give(user: str) -> dict[str, Any]:
        pair = ca.client(user)
        status = {"clientCertificateData": pair.certificate.decode(), "clientKeyData": pair.key.decode()}
        return program(server.directory, status)

    closing.append(connect(server.kubeconfig(user=give("before"))))
    for _ in range(3):
        assert await read(closing[0]) == ""
    assert (server.directory / "runs").read_text() == "x", "once, for as long as it is good"
    give("after")
    good = "after"
    said = [await read(closing[0]) for _ in range(3)]
    assert said[-1] == "", said


async def test_a_pods_token_and_ca_are_read_again(
    server: Server, closing: list[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = lambda _: FOUND
    token, ca = server.directory / "token", server.directory / "ca.pem"
    token.write_text("first")
    for name, value in (("TOKEN_FILE", token), ("CA_FILE", ca)):
        monkeypatch.setattr(pod, name, str(value))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port))
    closing.append(connect())
    assert await read(closing[0]) == ""
    after = Authority("after")
    server.present(after.server("s", ["127.0.0.1"]))
    server.disconnect()
    assert "its TLS certificate is not trusted" in await read(closing[0])
    token.write_text("second")
    ca.write_bytes(after.certificate)
    said = [await read(closing[0]) for _ in range(2)]
    assert said[-1] == "", said
    assert server.asked[-1].headers["Authorization"] == "Bearer second"


async def test_whoever_the_api_server_does_not_know_is_told_what_it_answered(
    server: Server, closing: list[Connection]
) -> None:
    def answer(_: Asked) -> tuple[int, Any]:
        return 401, {"message": "Unauthorized"}

    server.answer = answer
    closing.append(connect(server.kubeconfig()))
    assert "answered 401" in await read(closing[0])
