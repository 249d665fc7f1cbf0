"""The sockets: one TLS port for each vCenter and each array, on the loopback.

A vCenter's port hands every request, whatever its path (`/sdk`, `/sms/sdk`, `/pbm/sdk`, `/sdk/vimServiceVersions.xml`),
to the coroutine `vvol_simulator.soap.handle(request, site, world)`. An array's port belongs to `flasharray.app`.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from . import soap
from .flasharray.app import ArrayDoor
from .model import Array, Site, World, WorldError
from .tls import Authority

LOOPBACK = "127.0.0.1"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_SHUTDOWN_SECONDS = 0.5
_BACKLOG = 512
_KEEP_ALIVE_SECONDS = 600.0


class Endpoint:
    """One port. While it refuses connections the port stays reserved for it."""

    def __init__(self, name: str, handler: Handler, context: ssl.SSLContext | None, port: int = 0) -> None:
        self.name = name
        self._context = context
        self._reserved = _bound(port)
        app = web.Application(client_max_size=16 * 1024**2)
        app.router.add_route("*", "/{path:.*}", _to_who_is_there(handler))
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS, keepalive_timeout=_KEEP_ALIVE_SECONDS
        )
        self._server: web.Server | None = None
        self._listener: web.SockSite | None = None

    @property
    def port(self) -> int:
        """The port, also while refusing."""
        port: int = self._reserved.getsockname()[1]
        return port

    @property
    def address(self) -> str:
        """`127.0.0.1:<port>`."""
        return f"{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Listen."""
        await self._runner.setup()
        self._server = self._runner.server
        await self.accept()

    async def accept(self) -> None:
        """Accept connections; no effect if it does already."""
        if self._listener is None:
            self._listener = web.SockSite(self._runner, _bound(self.port), ssl_context=self._context, backlog=_BACKLOG)
            await self._listener.start()

    async def refuse(self) -> None:
        """Refuse connections and cut those that are open."""
        if self._listener is None:
            return
        await self._listener.stop()
        self._listener = None
        self.cut()

    def cut(self) -> None:
        """Cut the connections that are open, also those that were being made when it stopped."""
        for connection in [] if self._server is None else self._server.connections:
            transport = connection.transport
            if transport is not None:
                transport.abort()

    async def stop(self) -> None:
        """End; open requests get a moment to finish."""
        await self._runner.cleanup()
        self._reserved.close()


def _to_who_is_there(handler: Handler) -> Handler:
    """Clients are killed in the middle of what they ask: that is theirs to tell, and no error of ours."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except ConnectionResetError:
            return web.Response()

    return answer


def _bound(port: int) -> socket.socket:
    """A socket on the loopback; two of ours may share a port, of which one never listens."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((LOOPBACK, port))
    except OSError as problem:
        bound.close()
        raise WorldError(f"Port {port} on {LOOPBACK} cannot be used: {problem.strerror}.") from None
    return bound


class Simulator:
    """A world with its ports."""

    def __init__(self, world: World, authority: Authority | None = None) -> None:
        self.world = world
        self.authority = authority or Authority()
        self.endpoints: dict[str, Endpoint] = {}
        """Arrays by id (a name may change), vCenters by name."""
        self._returns: dict[str, asyncio.Task[None]] = {}
        """By array id: what brings an array back from its failover."""
        for site in world.sites.values():
            self._add(site.name, site.name, _soap(site, world))
        for array in world.arrays.values():
            self._add(array.id, array.name, ArrayDoor(world, array).handle)

    def _add(self, key: str, name: str, handler: Handler) -> None:
        context = self.authority.server_context(name)
        self.endpoints[key] = Endpoint(name, handler, context, self.world.ports.get(name, 0))

    def endpoint(self, name: str) -> Endpoint:
        """An endpoint by the present name of its vCenter or array."""
        found = self.world.endpoint(name)
        return self.endpoints[found.id if isinstance(found, Array) else found.name]

    async def start(self) -> None:
        """Open all ports."""
        for endpoint in self.endpoints.values():
            await endpoint.start()

    async def fail_over(self, array: Array, seconds: float) -> None:
        """Refuse an array's connections for a while and end its sessions, as when its other controller takes over."""
        self._cancel_return(array)
        array.expire_sessions()
        array.away_until = self.world.time + seconds
        await self.endpoints[array.id].refuse()
        self._returns[array.id] = asyncio.create_task(self._return(array, seconds))

    async def end_fail_over(self, array: Array) -> None:
        """Bring an array back at once; no effect if it is not away."""
        self._cancel_return(array)
        array.away_until = None
        await self.endpoints[array.id].accept()

    async def _return(self, array: Array, seconds: float) -> None:
        await asyncio.sleep(seconds)
        array.away_until = None
        await self.endpoints[array.id].accept()

    def _cancel_return(self, array: Array) -> None:
        task = self._returns.pop(array.id, None)
        if task is not None:
            task.cancel()

    async def stop(self) -> None:
        """Close all ports; hanging calls go on first."""
        self.world.faults.remove()
        for task in self._returns.values():
            task.cancel()
        for endpoint in self.endpoints.values():
            await endpoint.stop()

    def directory(self) -> Mapping[str, Any]:
        """Who is where and how to log in: the content of `simulator.json` but for control URL and CA file."""
        return {
            "vcenters": {
                site.name: {
                    "address": self.endpoints[site.name].address,
                    "username": site.username,
                    "password": site.password,
                    "instanceUuid": site.instance_uuid,
                }
                for site in self.world.sites.values()
            },
            "arrays": {
                array.name: {
                    "address": self.endpoints[array.id].address,
                    "apiToken": array.api_token,
                    "id": array.id,
                    "users": {user.name: {"apiToken": user.api_token, "role": user.role} for user in array.users()},
                }
                for array in self.world.arrays.values()
            },
        }


def _soap(site: Site, world: World) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await soap.handle(request, site, world)

    return handle
