"""The probes, over real HTTP."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
import pytest

from vvol_replication.telemetry.probes import Probes


@pytest.mark.parametrize("ready", [False, True])
async def test_alive_while_the_loop_turns_and_ready_when_work_has_begun(ready: bool) -> None:  # noqa: FBT001 - a table
    probes = Probes(lambda: ready)
    port = await probes.start("127.0.0.1", 0)
    assert port > 0
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            answers = {}
            for path in ("/livez", "/readyz", "/other"):
                async with http.get(path) as response:
                    answers[path] = (response.status, await response.text())
    finally:
        await probes.stop()
    assert answers["/livez"] == (200, "ok\n")
    assert answers["/readyz"] == ((200, "ok\n") if ready else (503, "not ready\n"))
    assert answers["/other"][0] == 404


async def test_not_alive_when_the_elector_stands_still() -> None:
    probes = Probes(lambda: True, lambda: False)
    port = await probes.start("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/livez") as response:
            assert response.status == 503
            assert "elector" in await response.text()
    finally:
        await probes.stop()


async def test_a_port_that_is_taken_is_an_error_of_the_system() -> None:
    first, second = Probes(lambda: True), Probes(lambda: True)
    port = await first.start("127.0.0.1", 0)
    try:
        with pytest.raises(OSError, match=str(port)):
            await second.start("127.0.0.1", port)
    finally:
        await first.stop()
        await second.stop()


async def test_metrics_are_served_as_who_asks_wants_them_and_only_where_there_are_some() -> None:
    asked: list[tuple[str, str]] = []

    async def answer(accept: str, encodings: str) -> tuple[bytes, Mapping[str, str]]:
        asked.append((accept, encodings))
        return b"vvol_leader 1.0\n", {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}

    with_metrics, without = Probes(lambda: True, metrics=answer), Probes(lambda: True)
    ports = [await one.start("127.0.0.1", 0) for one in (with_metrics, without)]
    headers = [("Accept", "application/openmetrics-text"), ("Accept", "text/plain"), ("Accept-Encoding", "gzip")]
    try:
        async with aiohttp.ClientSession() as http:
            async with http.get(f"http://127.0.0.1:{ports[0]}/metrics", headers=headers) as response:
                assert response.status == 200
                assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
                assert await response.text() == "vvol_leader 1.0\n"
            async with http.get(f"http://127.0.0.1:{ports[1]}/metrics") as response:
                assert response.status == 404
    finally:
        await with_metrics.stop()
        await without.stop()
    assert asked == [("application/openmetrics-text, text/plain", "gzip")]
