"""`/livez` and `/readyz`: does everything turn that has to, is this replica at work or standing by; and `/metrics`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from aiohttp import web

SHUTDOWN = 0.5  # seconds; whoever still asks when the operator ends is not waited for


Scrape = Callable[[str, str], Awaitable[tuple[bytes, Mapping[str, str]]]]
"""Takes `Accept` and `Accept-Encoding` of who asks; returns the body and its headers."""


class Probes:
    """A small HTTP server of its own; it answers only while the event loop does."""

    def __init__(
        self, ready: Callable[[], bool], alive: Callable[[], bool] = lambda: True, metrics: Scrape | None = None
    ) -> None:
        """Without `metrics` there is no `/metrics`."""
        self._ready, self._alive = ready, alive
        application = web.Application()
        application.router.add_get("/livez", self._livez)
        application.router.add_get("/readyz", self._readyz)
        if metrics is not None:
            application.router.add_get("/metrics", partial(scraped, metrics))
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN)

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


async def scraped(metrics: Scrape, request: web.Request) -> web.Response:
    """The answer to who asks for metrics."""
    # A scraper may say in several headers what it takes.
    accept, encodings = (", ".join(request.headers.getall(name, ())) for name in ("Accept", "Accept-Encoding"))
    body, headers = await metrics(accept, encodings)
    return web.Response(body=body, headers=headers)
