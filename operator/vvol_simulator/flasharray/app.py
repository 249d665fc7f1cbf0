"""The door of an array: version list, and the REST family that a path's version belongs to."""

import re
from typing import Protocol

from aiohttp import web

from vvol_simulator.model import Array, World
from vvol_simulator.wire import Call, perform

from .access import date, over_limit
from .rest1 import CALLS as CALLS_1
from .rest1 import COOKIE, Rest1
from .rest2 import CALLS as CALLS_2
from .rest2 import Rest2

_PATH = re.compile(r"/api/(\d+)\.(\d+)/(.+)")

CALLS = frozenset({"GET api_version"}) | CALLS_1 | CALLS_2
"""What an array's calls of both families are named in counters and faults."""
PUSHES = frozenset({"POST pgroup", "POST protection-group-snapshots"})
"""Those that push."""

VERSION_WITHDRAWN = 450
"""Status for a REST 1 version the array no longer offers; `purestorage` then negotiates again."""


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
        self._families: dict[int, Family] = {1: Rest1(world, array), 2: Rest2(world, array)}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Version list, or a call of some family. Every answer shows the array's own clock in `Date`."""
        answer = await self._answer(request)
        if not answer.prepared:
            answer.headers.update(date(self._world, self._array))
        return answer

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/api/api_version":
            call = Call(self._array.name, f"{request.method} api_version", {}, mutating=False)
            return await perform(self._world, request, call, lambda _: self._versions(request))
        match = _PATH.fullmatch(request.path)
        if match is None:
            return web.Response(status=404, text="Not found")
        version = int(match[1]), int(match[2])
        family = self._families.get(version[0])
        if family is None or f"{version[0]}.{version[1]}" not in self._array.rest_versions:
            return self._not_offered(version)
        return await family.handle(request, version, match[3])

    def _not_offered(self, version: tuple[int, int]) -> web.Response:
        told = "This REST version is not offered."
        if version[0] == 1:
            return web.json_response([{"msg": told}], status=VERSION_WITHDRAWN)
        body = {"errors": [{"context": f"{version[0]}.{version[1]}", "message": told}]}
        return web.json_response(body, status=self._world.switches.rest2_withdrawn_status)

    def _versions(self, request: web.Request) -> web.Response:
        limited = over_limit(self._world, self._array)
        if limited is not None:
            return limited
        cookie = request.cookies.get(COOKIE)
        headers = {}
        if self._array.session(cookie, self._world.time) is not None:
            headers["Set-Cookie"] = f"{COOKIE}={cookie}; Path=/; HttpOnly; Secure"
        return web.json_response({"version": list(self._array.rest_versions)}, headers=headers)
