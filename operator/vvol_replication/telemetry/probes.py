"""`/livez` and `/readyz`: does everything turn that has to, is this replica at work or standing by."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

_SHUTDOWN = 0.5  # seconds; whoever still asks when the operator ends is not waited for


class Probes:
    """A small HTTP server of its own; it answers only while the event loop does."""

    def __init__(self, ready: Callable[[], bool], alive: Callable[[], bool] = lambda: True) -> None:
        self._ready, self._alive = ready, alive
        application = web.Application()
        application.router.add_get("/livez", self._livez)
        application.router.add_get("/readyz", self._readyz)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN)

    async def start(self, host: str, port: int) -> int:
        """Listen; the port that was taken (for port 0, a free one)."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        address: tuple[str, int] = self._runner.addresses[0]
        return address[1]

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _livez(self, _: web.Request) -> web.Response:
        alive = self._alive()
        return web.Response(text="ok\n" if alive else "the elector does not turn\n", status=200 if alive else 503)

    async def _readyz(self, _: web.Request) -> web.Response:
        ready = self._ready()
        return web.Response(text="ok\n" if ready else "not ready\n", status=200 if ready else 503)
