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

from testbed import closing
from testbed.certificates import Pair
from testbed.ports import port_of, reserve

TOKEN = "MARKED-token-of-the-service-account"


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    client: str = ""
    """The common name of the client certificate that was shown."""
    connection: int = 0
    """The port that it came from."""


@dataclass
class Server:
    """`answer` is called for each request; what it returns is the answer, or `hang`, or `reset`.

    `present` exchanges its certificate while it runs, and `disconnect` ends what is connected, as its restart does.
    """

    directory: Path
    answer: Callable[[Asked], tuple[int, Any] | str] = lambda _: (200, {})
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._held = reserve()
        self.port = port_of(self._held)

    async def start(self) -> None:
        certificate, key = self_signed()
        (self.directory / "server.pem").write_text(certificate + key)
        (self.directory / "ca.pem").write_text(certificate)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(self.directory / "server.pem")
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self._tls).start()

    async def stop(self) -> None:
        """Refuse who connects, until `close`."""
        await closing.close(self._runner)

    async def close(self) -> None:
        await self.stop()
        self._held.close()

    def present(self, pair: Pair) -> None:
        """From the next connection on, show this certificate."""
        (self.directory / "server.pem").write_bytes(pair.certificate + pair.key)
        self._tls.load_cert_chain(self.directory / "server.pem")

    def ask_for_client_certificates(self, ca: bytes) -> None:
        """From the next connection on, take those that this CA signed."""
        self._tls.load_verify_locations(cadata=ca.decode())
        self._tls.verify_mode = ssl.CERT_OPTIONAL

    def disconnect(self) -> None:
        assert self._runner.server is not None
        for one in tuple(self._runner.server.connections):
            if one.transport is not None:
                one.transport.abort()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        self.asked.append(
            Asked(
                request.method,
                request.path,
                dict(request.query),
                dict(request.headers),
                json.loads(text) if text else None,
                _common_name(request),
                request.get_extra_info("peername")[1],
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

    def kubeconfig(
        self, *, ca: bool = True, insecure: bool = False, user: dict[str, Any] | None = None, **more: Any
    ) -> str:
        """A file. `more`: further keys of its cluster, with `_` for `-`."""
        cluster: dict[str, Any] = {"server": f"https://127.0.0.1:{self.port}"}
        cluster |= {key.replace("_", "-"): value for key, value in more.items()}
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


def _common_name(request: web.Request) -> str:
    shown = request.get_extra_info("peercert") or {}
    return next((value for part in shown.get("subject", ()) for key, value in part if key == "commonName"), "")
