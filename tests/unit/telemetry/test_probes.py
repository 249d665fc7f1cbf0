"""The probes, over real HTTP."""

from __future__ import annotations

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
