"""A small API server on a TLS socket: it answers as it is told, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from unit.storage.certificates import self_signed

TOKEN = "MARKED-token-of-the-service-account"


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Server:
    """`answer` is called for each request; what it returns is the answer, or `hang`, or `reset`."""

    directory: Path
    answer: Callable[[Asked], tuple[int, Any] | str] = lambda _: (200, {})
    asked: list[Asked] = field(default_factory=list)
    port: int = 0

    async def start(self) -> None:
        certificate, key = self_signed()
        (self.directory / "server.pem").write_text(certificate + key)
        (self.directory / "ca.pem").write_text(certificate)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.directory / "server.pem")
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        self.asked.append(
            Asked(
                request.method,
                request.path,
                dict(request.query),
                dict(request.headers),
                json.loads(text) if text else None,
            )
        )
        found = self.answer(self.asked[-1])
        if found == "hang":
            await asyncio.sleep(3600)
        if found == "reset":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        assert not isinstance(found, str)
        status, body = found
        if isinstance(body, str):
            return web.Response(status=status, text=body, content_type="text/html")
        return web.json_response(body, status=status)

    def kubeconfig(self, *, ca: bool = True, insecure: bool = False, user: dict[str, Any] | None = None) -> str:
        cluster: dict[str, Any] = {"server": f"https://127.0.0.1:{self.port}"}
        cluster |= {"certificate-authority": str(self.directory / "ca.pem")} if ca else {}
        cluster |= {"insecure-skip-tls-verify": True} if insecure else {}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {"token": TOKEN} if user is None else user}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        path = self.directory / "kubeconfig"
        path.write_text(yaml.safe_dump(content))
        return str(path)
