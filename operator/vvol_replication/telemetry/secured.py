"""`/metrics` on a port of its own, over TLS, for those who may read it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from .certificate import CertificateError, ServingCertificate
from .probes import SHUTDOWN, Scrape, scraped

_log = logging.getLogger(__name__)
_LOOKED_AGAIN = 10.0  # seconds; the kubelet brings a changed Secret within about a minute

Judge = Callable[[str], Awaitable[tuple[HTTPStatus, str]]]
"""Takes a bearer token, or "" where there was none; returns OK, or the refusal and its words."""


class SecuredMetrics:
    """A small HTTPS server. Nothing is measured for who may not read it."""

    def __init__(self, metrics: Scrape, judge: Judge, certificate: ServingCertificate) -> None:
        self._metrics, self._judge, self._certificate = metrics, judge, certificate
        application = web.Application()
        application.router.add_get("/metrics", self._answer, allow_head=False)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN)
        self._watch: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; the port that was taken (for port 0, a free one)."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=self._certificate.context)
        await site.start()
        self._watch = asyncio.create_task(self._renewed())
        address: tuple[str, int] = self._runner.addresses[0]
        return address[1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        status, words = await self._judge(token.strip() if scheme.lower() == "bearer" else "")
        if status is HTTPStatus.OK:
            return await scraped(self._metrics, request)
        headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else {}
        return web.Response(text=f"{words}\n", status=status, headers=headers)

    async def _renewed(self) -> None:
        said = ""
        while True:
            await asyncio.sleep(_LOOKED_AGAIN)
            try:
                if await asyncio.to_thread(self._certificate.renew):
                    _log.info("metrics are served under a new certificate")
                said = ""
            except (CertificateError, OSError) as error:
                if str(error) != said:
                    _log.warning("%s Until then the one from before is used.", error)
                said = str(error)
