"""The adapter to the API server, against one on a TLS socket that answers all that a server can."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from component.cluster.server import TOKEN, Asked, Server

from vvol_replication.api.names import REPLICATION_GROUP, REPLICATION_SYNC, VCENTER
from vvol_replication.api.objects import Conflict, Denial, Denied, Failed, Gone, ObjectRef, Written
from vvol_replication.cluster import session
from vvol_replication.cluster.api import ApiServer
from vvol_replication.cluster.session import connect
from vvol_replication.cluster.settings import NoApiServerError
from vvol_replication.engine.ports import Pace

SYNC = ObjectRef(REPLICATION_SYNC, "prod", "one", "u1")
SITE = ObjectRef(VCENTER, None, "dallas", "u2")
PATH = "/apis/replication.vvol.dev/v1alpha1"


@pytest.fixture
async def connection(server: Server) -> AsyncIterator[session.Connection]:
    made = connect(server.kubeconfig())
    yield made
    await made.http.close()


def status(code: int, message: str) -> tuple[int, Any]:
    return code, {"kind": "Status", "message": message, "code": code}


async def test_kopf_is_told_that_its_session_was_closed_while_it_connected(
    connection: session.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kopf closes it when another request of its was refused, and takes a new one where it is told so."""
    kopfs = connection.for_kopf()
    connector = connection.http.connector
    assert connector is not None
    connect_there, made = connector.connect, []

    async def closed_meanwhile(*given: Any, **named: Any) -> Any:
        made.append(await connect_there(*given, **named))
        await kopfs.close()
        return made[0]

    monkeypatch.setattr(connector, "connect", closed_meanwhile)
    with pytest.raises(RuntimeError, match="Session is closed"):
        await kopfs.get(f"{connection.server}{PATH}")
    made[0].close()  # which aiohttp forgets


async def test_a_status_write_is_a_merge_patch_with_its_preconditions(server: Server, api: ApiServer) -> None:
    server.answer = lambda _: (200, {"metadata": {"resourceVersion": "8"}})
    before, after = {"phase": "Running", "deadline": "x"}, {"phase": "Waiting"}
    assert await api.write_status(SYNC, before, after, "7") == Written("8")
    assert await api.write_status(SITE, {}, after, None) == Written("8")
    first, second = server.asked
    assert (first.method, first.path) == ("PATCH", f"{PATH}/namespaces/prod/replicationsyncs/one/status")
    assert first.headers["Content-Type"] == "application/merge-patch+json"
    assert first.headers["Authorization"] == f"Bearer {TOKEN}"
    assert first.headers["User-Agent"] == "vvol-replication-operator"
    assert first.body == {
        "metadata": {"uid": "u1", "resourceVersion": "7"},
        "status": {"phase": "Waiting", "deadline": None},
    }
    assert second.path == f"{PATH}/vcenters/dallas/status"
    assert second.body["metadata"] == {"uid": "u2"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (status(404, "not found"), Gone),
        (status(409, "the object has been modified"), Conflict),
        (status(500, "etcd is slow\nvery"), Failed),
        (status(422, "invalid"), Failed),
        (status(429, "too many requests"), Failed),
        ((200, "<html>a proxy's page</html>"), Failed),
        ((502, "<html>bad gateway</html>"), Failed),
        ((200, None), Failed),
        ((200, []), Failed),
        ((200, {"metadata": []}), Failed),
        ((500, ["garbage"]), Failed),
        ("reset", Failed),
        ("hang", Failed),
    ],
)
async def test_whatever_is_answered_is_a_result(
    server: Server, api: ApiServer, answer: tuple[int, Any] | str, expected: type
) -> None:
    server.answer = lambda _: answer
    wrote = await api.write_status(SYNC, {}, {"phase": "Running"}, "7")
    read = await api.read(SYNC)
    secret = await api.secret("vc")
    assert isinstance(wrote, expected)
    assert isinstance(read, Gone if expected is Gone else Failed)
    if answer != (200, {"metadata": []}):
        assert isinstance(secret, Gone if expected is Gone else Failed)
    for result in (wrote, read, secret):
        if isinstance(result, Failed):
            assert "\n" not in result.message
            assert TOKEN not in result.message
    with pytest.raises(ConnectionError):
        [one async for one in api.list(REPLICATION_SYNC)]
    await api.event(SYNC, warning=True, reason="Failed", message="x")


async def test_a_server_that_is_not_there_is_a_result(server: Server) -> None:
    connection = connect(server.kubeconfig())
    await server.stop()
    found = await ApiServer(connection, operator_namespace="vvol").read(SYNC)
    await connection.http.close()
    assert isinstance(found, Failed)
    assert "could not be asked" in found.message


@pytest.mark.parametrize(
    ("code", "result"),
    [(200, Gone), (202, Gone), (404, Gone), (409, Conflict), (403, Failed), (500, Failed)],
)
async def test_a_deletion_is_of_exactly_that_object_and_version(
    server: Server, api: ApiServer, code: int, result: type
) -> None:
    server.answer = lambda _: status(code, "said so")
    assert isinstance(await api.delete(SYNC, "7"), result)
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("DELETE", f"{PATH}/namespaces/prod/replicationsyncs/one")
    assert asked.body["preconditions"] == {"uid": "u1", "resourceVersion": "7"}


async def test_a_read_of_another_object_of_that_name_says_gone(server: Server, api: ApiServer) -> None:
    server.answer = lambda _: (200, {"metadata": {"uid": "another", "resourceVersion": "1"}})
    assert isinstance(await api.read(SYNC), Gone)
    body = {"metadata": {"uid": "u1", "resourceVersion": "1"}}
    server.answer = lambda _: (200, body)
    assert await api.read(SYNC) == body


def pages(asked: Asked) -> tuple[int, Any]:
    number = int(asked.query.get("continue", "0&/ ").split("&", maxsplit=1)[0])
    more = {"continue": f"{number + 1}&/ "} if number < 2 else {}
    return 200, {"metadata": more, "items": [{"metadata": {"name": f"{asked.path}-{number}"}}]}


async def test_a_list_is_read_page_by_page_in_all_namespaces_that_count(server: Server, api: ApiServer) -> None:
    server.answer = pages
    found = [one async for one in api.list(REPLICATION_SYNC)]
    assert [one["metadata"]["name"][-1] for one in found] == ["0", "1", "2"]
    assert {one["kind"] for one in found} == {"ReplicationSync"}
    assert [asked.query.get("continue") for asked in server.asked] == [None, "1&/ ", "2&/ "]
    assert {asked.query["limit"] for asked in server.asked} == {"100"}
    server.asked.clear()
    some = ApiServer(api._connection, operator_namespace="vvol", namespaces=("a", "b"))  # noqa: SLF001 - same session
    assert len([one async for one in some.list(REPLICATION_SYNC)]) == 6
    assert len([one async for one in some.list(VCENTER)]) == 3
    assert {asked.path for asked in server.asked} == {
        f"{PATH}/namespaces/a/replicationsyncs",
        f"{PATH}/namespaces/b/replicationsyncs",
        f"{PATH}/vcenters",
    }


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (status(404, "not found"), "replicationsyncs.replication.vvol.dev. Install the CRDs"),
        (status(410, "the continue token has expired"), "expired"),
        (status(403, "User cannot list resource"), "User cannot list"),
        ((200, {"metadata": {}}), "the answer has no readable text"),
    ],
)
async def test_a_list_that_is_not_had_is_an_error_that_says_why(
    server: Server, api: ApiServer, answer: tuple[int, Any], said: str
) -> None:
    server.answer = lambda _: answer
    with pytest.raises(ConnectionError, match=said):
        [one async for one in api.list(REPLICATION_SYNC)]


async def test_a_secret_is_decoded_and_what_is_no_utf8_keeps_its_bytes_as_surrogates(
    server: Server, api: ApiServer
) -> None:
    data = {
        "username": base64.b64encode(b"operator").decode(),
        "binary": base64.b64encode(b"\xff\xfe").decode(),
        "bad": "%%",
    }
    server.answer = lambda _: (200, {"metadata": {}, "data": data})
    assert await api.secret("vc") == {"username": "operator", "binary": "\udcff\udcfe"}
    assert server.asked[0].path == "/api/v1/namespaces/vvol/secrets/vc"
    server.answer = lambda _: (200, {"metadata": {}})
    assert await api.secret("vc") == {}


async def test_a_token_is_read_again_when_it_may_have_changed(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_LOGIN_SECONDS", 0.0)
    counter = tmp_path / "counter"
    counter.write_text("")
    program = tmp_path / "login"
    program.write_text(
        "#!/bin/sh\n"
        f"printf x >> {counter}\n"
        'printf \'{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",'
        f'"status":{{"token":"token-%s","expirationTimestamp":"2020-01-01T00:00:00Z"}}}}\' "$(cat {counter})"\n'
    )
    program.chmod(0o700)
    user = {
        "exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program), "interactiveMode": "Never"}
    }
    connection = connect(server.kubeconfig(user=user))
    found = ApiServer(connection, operator_namespace="vvol")
    for _ in range(3):
        await found.read(SYNC)
    program.unlink()
    await connection.http.close()
    tokens = [asked.headers["Authorization"] for asked in server.asked]
    assert len(set(tokens)) == 3
    assert all(token.startswith("Bearer token-x") for token in tokens)


async def test_where_the_login_cannot_be_renewed_the_one_from_before_is_judged_by_the_server(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(session, "_LOGIN_SECONDS", 0.0)
    server.answer = lambda _: (200, {"metadata": {"uid": "u1"}})
    connection = connect(server.kubeconfig())

    def broken(*, anew: bool) -> None:
        raise OSError(f"MARKED: the login program failed, {anew}")

    monkeypatch.setattr(connection.login, "renew", broken)
    assert not isinstance(await ApiServer(connection, operator_namespace="vvol").read(SYNC), Failed)
    await connection.http.close()
    assert server.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert "could not be read again: OSError" in caplog.text
    assert "MARKED" not in caplog.text


async def test_a_connection_is_kept_from_one_look_at_a_secret_to_the_next(
    server: Server, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = lambda _: (200, {"data": {}})
    await api.secret("vc")
    now = time.monotonic
    monkeypatch.setattr(aiohttp.connector, "monotonic", lambda: now() + Pace().secret + 10)
    await api.secret("vc")
    assert len({asked.connection for asked in server.asked}) == 1


async def test_no_token_no_header(server: Server) -> None:
    server.answer = lambda _: (200, {"metadata": {"uid": "u1"}})
    connection = connect(server.kubeconfig(user={}))
    assert not isinstance(await ApiServer(connection, operator_namespace="vvol").read(SYNC), Failed)
    await connection.http.close()
    assert "Authorization" not in server.asked[0].headers


async def test_tls_is_verified_unless_the_kubeconfig_says_otherwise(server: Server) -> None:
    server.answer = lambda _: (200, {"metadata": {"uid": "u1"}})
    for insecure in (False, True):
        connection = connect(server.kubeconfig(ca=False, insecure=insecure))
        found = await ApiServer(connection, operator_namespace="vvol").read(SYNC)
        await connection.http.close()
        assert isinstance(found, Failed) is not insecure


async def test_a_client_certificate_is_shown(server: Server) -> None:
    pem = str(server.directory / "server.pem")
    connection = connect(server.kubeconfig(user={"client-certificate": pem, "client-key": pem}))
    server.answer = lambda _: (200, {"metadata": {"uid": "u1"}})
    assert not isinstance(await ApiServer(connection, operator_namespace="vvol").read(SYNC), Failed)
    await connection.http.close()


def test_without_any_kubeconfig_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(NoApiServerError):
        connect(str(tmp_path / "none"))


MANIFEST = {"metadata": {"name": "erp", "namespace": "dr"}, "spec": {}}


async def test_a_server_side_apply_is_our_own_and_without_force(server: Server, api: ApiServer) -> None:
    server.answer = lambda _: (201, {"metadata": {"resourceVersion": "9"}})
    assert await api.server_side_apply(REPLICATION_GROUP, MANIFEST) == Written("9")
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("PATCH", f"{PATH}/namespaces/dr/replicationgroups/erp")
    assert asked.query == {"fieldManager": "vvol-replication-discovery"}
    assert asked.headers["Content-Type"] == "application/apply-patch+yaml"
    assert asked.body == MANIFEST


TERMINATING = {"causes": [{"reason": "NamespaceTerminating"}]}


@pytest.mark.parametrize(
    ("code", "details", "expected"),
    [
        (404, {"kind": "namespaces"}, Denial.NO_NAMESPACE),
        (403, TERMINATING, Denial.NO_NAMESPACE),
        (403, {}, Denial.FORBIDDEN),
        (409, {}, Denial.OTHERS_FIELD),
        (422, {}, Denial.INVALID),
        (404, {}, None),
        (500, {}, None),
        (201, {}, None),
    ],
)
async def test_what_is_not_applied_is_told_as_what_it_is(
    code: int, details: Any, expected: Denial | None, server: Server, api: ApiServer
) -> None:
    server.answer = lambda _: (code, {"kind": "Status", "message": "its words", "details": details})
    found = await api.server_side_apply(REPLICATION_GROUP, MANIFEST)
    assert isinstance(found, Failed if expected is None else Denied)
    assert "its words" in found.message
    assert getattr(found, "why", None) is expected


async def test_a_namespace_is_listed_whole_or_not_at_all(server: Server, api: ApiServer) -> None:
    pages = {"": ([{"a": 1}], "next"), "next": ([{"a": 2}], "")}

    def answer(asked: Asked) -> tuple[int, Any]:
        items, token = pages[asked.query.get("continue", "")]
        return 200, {"items": items, "metadata": {"continue": token}}

    server.answer = answer
    listed = await api.list_in(REPLICATION_GROUP, "dr")
    assert not isinstance(listed, Failed)
    assert [one["a"] for one in listed] == [1, 2]
    assert {one.path for one in server.asked} == {f"{PATH}/namespaces/dr/replicationgroups"}

    server.answer = lambda asked: (
        (200, {"items": [], "metadata": {"continue": "x"}}) if len(asked.query) == 1 else (500, {})
    )
    assert isinstance(await api.list_in(REPLICATION_GROUP, "dr"), Failed)


@pytest.mark.parametrize(("namespaces", "watched"), [((), True), (("dr",), True), (("prod",), False)])
def test_which_namespaces_are_watched(namespaces: tuple[str, ...], watched: bool) -> None:  # noqa: FBT001 - a parameter
    connection: Any = None
    assert ApiServer(connection, operator_namespace="vvol", namespaces=namespaces).watches("dr") is watched


async def test_a_line_break_behind_the_token_is_taken_off(server: Server) -> None:
    connection = connect(server.kubeconfig(user={"token": "token-x\n"}))
    await ApiServer(connection, operator_namespace="vvol").read(SYNC)
    await connection.http.close()
    assert [asked.headers["Authorization"] for asked in server.asked] == ["Bearer token-x"]


@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("PUT", 2), ("DELETE", 2), ("POST", 1), ("PATCH", 1)])
async def test_what_may_be_asked_twice_is_asked_once_more_where_the_connection_breaks(
    server: Server, method: str, times: int
) -> None:
    server.answer = lambda _: "reset"
    connection = connect(server.kubeconfig())
    with pytest.raises(aiohttp.ClientError):
        await connection.http.request(method, connection.server + "/somewhere", json={"a": 1})
    await connection.http.close()
    assert [(asked.method, asked.body) for asked in server.asked] == [(method, {"a": 1})] * times


@pytest.mark.parametrize(("second", "expected"), [(404, Gone), (409, Conflict)])
async def test_a_deletion_that_arrives_twice_deletes_once(
    server: Server, api: ApiServer, second: int, expected: type
) -> None:
    answers: list[tuple[int, Any] | str] = ["reset", (second, {"kind": "Status"})]
    server.answer = lambda _: answers.pop(0)
    assert isinstance(await api.delete(SYNC, "7"), expected)
    assert {asked.body["preconditions"]["resourceVersion"] for asked in server.asked} == {"7"}
    assert len(server.asked) == 2
