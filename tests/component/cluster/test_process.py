"""The operator as a process: how it ends, whatever hangs, and what it says when it cannot begin."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from component.cluster.server import TOKEN, Asked, Server

from testbed.waiting import eventually
from vvol_replication.api.names import API_VERSION, FINALIZER, GROUP, KINDS, VERSION
from vvol_replication.handlers.lifecycle import LOGIN_PAUSE
from vvol_replication.process import BEGIN_ANEW

OPERATOR = Path(__file__).parents[3] / "operator"
DEADLINE = 30.0
EXIT_SECONDS = 4.0  # kopf alone would wait five seconds for tasks of ours that it takes for hung ones
SECRET = "MARKED-password"
DISCOVERY: dict[str, Any] = {
    "/api": {"versions": ["v1"]},
    "/api/v1": {
        "groupVersion": "v1",
        "resources": [
            {
                "name": name,
                "singularName": kind.lower(),
                "kind": kind,
                "namespaced": namespaced,
                "verbs": ["list", "watch"],
            }
            for name, kind, namespaced in (("namespaces", "Namespace", False), ("events", "Event", True))
        ],
    },
    "/apis": {
        "groups": [{"name": GROUP, "versions": [{"version": VERSION}], "preferredVersion": {"version": VERSION}}]
    },
}


@asynccontextmanager
async def operator(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, list[str]]]:
    """The process and what it has logged so far; killed at the end if it is still there."""
    environment = {**os.environ, "PYTHONPATH": str(OPERATOR), "OPERATOR_NAMESPACE": "vvol"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "vvol_replication", *arguments, env=environment, stderr=asyncio.subprocess.PIPE
    )
    lines: list[str] = []

    async def read() -> None:
        assert process.stderr is not None
        while line := await process.stderr.readline():
            lines.append(line.decode())

    reading = asyncio.create_task(read())
    try:
        yield process, lines
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


async def until(what: Callable[[], Any], lines: list[str]) -> None:
    await asyncio.to_thread(eventually, what, what="".join(lines) or "the operator", timeout=DEADLINE)
    assert not any("Traceback" in line for line in lines), "".join(lines)


async def start_seconds() -> float:
    """How long a Python process takes that imports what the operator does: how busy this machine is."""
    begun = time.monotonic()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import kopf, pyVmomi")
    assert await process.wait() == 0
    return time.monotonic() - begun


async def ends_quickly(process: asyncio.subprocess.Process, lines: list[str]) -> None:
    allowed = max(EXIT_SECONDS, 4 * await start_seconds())
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(allowed):
        await process.wait()
    await asyncio.sleep(0)
    assert process.returncode == 0, "".join(lines)
    assert not any("Traceback" in line for line in lines), "".join(lines)


@pytest.fixture
async def silent() -> AsyncIterator[int]:
    """The port of an endpoint that takes connections and never says a word."""
    held: list[asyncio.StreamWriter] = []

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    listener = await asyncio.start_server(hold, "127.0.0.1", 0)
    yield listener.sockets[0].getsockname()[1]
    for writer in held:
        writer.transport.abort()
    listener.close()


def cluster(silent: int) -> Callable[[Asked], tuple[int, Any] | str]:
    """An API server with a request of each kind in flight, whose endpoints hang."""
    address = f"127.0.0.1:{silent}"
    metadata = {"uid": "u", "generation": 1, "resourceVersion": "5", "creationTimestamp": "2026-01-01T00:00:00Z"}
    objects: dict[str, Any] = {
        "vcenters": {"metadata": {**metadata, "name": "dallas"}, "spec": {
            "address": address, "credentialsSecretRef": {"name": "s"}, "tls": {"insecureSkipVerify": True}}},
        "flasharrays": {"metadata": {**metadata, "name": "b"}, "spec": {
            "address": address, "apiTokenSecretRef": {"name": "s"}, "tls": {"insecureSkipVerify": True}}},
        "replicationgroups": {"metadata": {**metadata, "name": "erp", "namespace": "prod"}, "spec": {
            "recoverySite": {"vCenterRef": {"name": "dallas"}}, "group": {"name": "a:erp"}}},
        "replicationsyncs": {
            "metadata": {**metadata, "name": "one", "namespace": "prod", "finalizers": [FINALIZER]},
            "spec": {"groupRef": {"name": "erp"}},
            "status": {"observedGeneration": 1, "acceptedAt": "2026-01-01T00:00:00Z", "operation": {"requestID": "u"}},
        },
        "failoverpreparations": {
            "metadata": {**metadata, "name": "dr", "namespace": "prod", "uid": "p", "finalizers": [FINALIZER]},
            "spec": {"groupRef": {"name": "erp"}, "consent": "erp", "notAfter": "2099-01-01T00:00:00Z"},
            "status": {"observedGeneration": 1, "acceptedAt": "2026-01-01T00:00:00Z", "operation": {"requestID": "p"}},
        },
        "replicationschedules": {"metadata": {**metadata, "name": "nightly", "namespace": "prod", "uid": "s"}, "spec": {
            "groupRef": {"name": "erp"}, "schedule": "@yearly"}},
    }  # fmt: skip
    resources = [
        {
            "name": f"{kind.plural}{part}",
            "singularName": kind.kind.lower(),
            "kind": kind.kind,
            "namespaced": kind.namespaced,
            "verbs": ["get", "list", "watch", "patch"],
        }
        for kind in KINDS
        for part in ("", "/status")
    ]

    def answer(asked: Asked) -> tuple[int, Any] | str:
        last = asked.path.rpartition("/")[2]
        if asked.query.get("watch"):
            return "hang"
        if "/secrets/" in asked.path:
            # "MARKED-password" in base64, under each key that is asked for
            return 200, {
                "metadata": {},
                "data": dict.fromkeys(("username", "password", "apiToken"), "TUFSS0VELXBhc3N3b3Jk"),
            }
        if asked.method == "PATCH":
            return 200, {"metadata": {**metadata, "resourceVersion": "6"}}
        if asked.path in DISCOVERY:
            return 200, DISCOVERY[asked.path]
        if asked.path == f"/apis/{API_VERSION}":
            return 200, {"kind": "APIResourceList", "groupVersion": API_VERSION, "resources": resources}
        if last in objects:
            return 200, {"metadata": {"resourceVersion": "5"}, "items": [{**objects[last], "apiVersion": API_VERSION}]}
        return 404, {"kind": "Status", "message": "not here"}

    return answer


@pytest.mark.parametrize("style", ["json", "text"])
async def test_sigterm_ends_it_at_once_with_requests_in_flight_and_endpoints_that_hang(
    server: Server, silent: int, style: str
) -> None:
    server.answer = cluster(silent)
    arguments = ("--kubeconfig", server.kubeconfig(), "--http-host=127.0.0.1", "--http-port=0", "--log-format", style)
    async with operator(*arguments) as (process, lines):
        await until(lambda: sum(bool(asked.query.get("watch")) for asked in server.asked) >= len(KINDS), lines)
        await until(lambda: any("taken over: 2 requests" in line for line in lines), lines)
        await until(lambda: any("/secrets/" in asked.path for asked in server.asked), lines)
        await ends_quickly(process, lines)
    assert not any(SECRET in line or TOKEN in line for line in lines)


async def test_an_api_server_that_does_not_take_the_login_any_more_is_not_stormed(server: Server, silent: int) -> None:
    server.answer = cluster(silent)
    async with operator("--kubeconfig", server.kubeconfig()) as (process, lines):
        await until(lambda: sum(bool(asked.query.get("watch")) for asked in server.asked) >= len(KINDS), lines)
        server.asked.clear()
        begun = time.monotonic()
        server.answer = lambda _: (401, {"kind": "Status", "message": "Unauthorized"})
        server.disconnect()
        await until(lambda: len(server.asked) >= 3 * len(KINDS), lines)
        assert time.monotonic() - begun >= LOGIN_PAUSE
        await ends_quickly(process, lines)


async def test_sigterm_ends_it_while_it_waits_for_the_api_server(server: Server) -> None:
    server.answer = lambda _: (503, "<html>starting</html>")
    async with operator("--kubeconfig", server.kubeconfig()) as (process, lines):
        await until(lambda: any("waiting for the API server" in line for line in lines), lines)
        await until(lambda: len(server.asked) >= 3, lines)
        assert sum("waiting for the API server" in line for line in lines) == 1, "it repeats itself in the log"
        assert process.returncode is None
        await ends_quickly(process, lines)


async def test_what_cannot_be_mended_by_waiting_is_said_in_one_line(
    tmp_path: Path, server: Server, silent: int
) -> None:
    for arguments, said in (
        (("--kubeconfig", str(tmp_path / "none")), "No API server is known"),
        (("--kubeconfig", server.kubeconfig(), "--http-host=127.0.0.1", f"--http-port={silent}"), "Cannot run"),
    ):
        async with operator(*arguments) as (process, lines):
            async with asyncio.timeout(DEADLINE):
                await process.wait()
        assert process.returncode == 1
        assert len(lines) == 1, "".join(lines)
        assert said in lines[0]


async def test_a_kind_whose_crd_is_away_for_a_while_is_waited_for(server: Server, silent: int) -> None:
    there = cluster(silent)

    def watched(asked: Asked) -> bool:
        return bool(asked.query.get("watch")) and asked.path.endswith(f"/{KINDS[-1].plural}")

    def without(asked: Asked) -> tuple[int, Any] | str:
        return (404, "404 page not found") if watched(asked) else there(asked)

    server.answer = without
    async with operator("--kubeconfig", server.kubeconfig()) as (process, lines):
        await until(lambda: any(f"does not know {KINDS[-1].crd_name}" in line for line in lines), lines)
        await until(lambda: sum(map(watched, server.asked)) >= 2, lines)
        server.answer = there
        before = len(server.asked)
        await until(lambda: any(map(watched, server.asked[before:])), lines)
        assert sum("does not know" in line for line in lines) == 1, "it repeats itself in the log"
        await ends_quickly(process, lines)


async def test_it_begins_anew_where_the_api_server_was_put_back_to_an_earlier_state(
    server: Server, silent: int
) -> None:
    there = cluster(silent)

    def restored(asked: Asked) -> tuple[int, Any] | str:
        if asked.method == "PATCH":
            return 409, {"kind": "Status", "message": "the object has been modified"}
        if asked.path.endswith("/replicationsyncs/one"):
            listed = there(Asked("GET", asked.path.rpartition("/")[0], {}, {}, None))
            assert not isinstance(listed, str)
            (body,) = listed[1]["items"]
            return 200, {**body, "metadata": {**body["metadata"], "resourceVersion": "4"}}
        return there(asked)

    server.answer = restored
    async with operator("--kubeconfig", server.kubeconfig()) as (process, lines):
        await until(lambda: any("put back to an earlier state" in line for line in lines), lines)
        async with asyncio.timeout(DEADLINE):
            await process.wait()
        assert process.returncode == BEGIN_ANEW
        assert not any("Traceback" in line for line in lines), "".join(lines)
