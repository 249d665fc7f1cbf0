"""The door of an array: version list, and the REST family that a path's version belongs to."""

import re
from email.utils import formatdate
from typing import Protocol

from aiohttp import web

from vvol_simulator.model import Array, World
from vvol_simulator.wire import Call, perform

from .rest1 import Rest1

_PATH = re.compile(r"/api/(\d+)\.(\d+)/(.+)")

VERSION_WITHDRAWN = 450
"""Status for a REST version the array no longer offers; `purestorage` then negotiates again."""


class Family(Protocol):
    """One REST family at one array; a further one is another entry in `families` below, over the same model."""

    async def handle(self, request: web.Request, version: tuple[int, int], path: str) -> web.StreamResponse:
        """Answer `/api/<version>/<path>`."""
        ...


class ArrayDoor:
    """Answers everything that comes to an array's port."""

    def __init__(self, world: World, array: Array) -> None:
        self._world = world
        self._array = array
        self._families: dict[int, Family] = {1: Rest1(world, array)}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Version list, or a call of some family."""
        if request.path == "/api/api_version":
            call = Call(self._array.name, f"{request.method} api_version", {}, mutating=False)
            return await perform(self._world, request, call, lambda _: self._versions(request))
        match = _PATH.fullmatch(request.path)
        if match is None:
            return web.Response(status=404, text="Not found")
        version = int(match[1]), int(match[2])
        family = self._families.get(version[0])
        if family is None or f"{version[0]}.{version[1]}" not in self._array.rest_versions:
            return web.json_response([{"msg": "This REST version is not offered."}], status=VERSION_WITHDRAWN)
        return await family.handle(request, version, match[3])

    def _versions(self, request: web.Request) -> web.Response:
        headers = {"Date": formatdate(self._world.array_time(self._array), usegmt=True)}
        if self._array.is_session(request.cookies.get("session")):
            headers["Set-Cookie"] = f"session={request.cookies['session']}; Path=/; HttpOnly; Secure"
        return web.json_response({"version": list(self._array.rest_versions)}, headers=headers)
