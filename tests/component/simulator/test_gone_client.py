"""A client that is killed in the middle of a request leaves no trace in the simulator's log."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from vvol_simulator.server import LOOPBACK, Endpoint


async def test_a_client_that_goes_in_the_middle_of_its_request_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    asked, read = asyncio.Event(), asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.set()
        try:
            await request.read()
        finally:
            read.set()
        return web.Response()

    endpoint = Endpoint("dallas", handle, None)
    await endpoint.start()
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, endpoint.port)
        writer.write(b"POST /sdk HTTP/1.1\r\nHost: dallas\r\nContent-Length: 9\r\n\r\n<half")
        await asked.wait()
        writer.transport.abort()
        await asyncio.wait_for(read.wait(), 30)
    finally:
        await endpoint.stop()
    assert [record.getMessage() for record in caplog.records if record.levelname != "DEBUG"] == []
