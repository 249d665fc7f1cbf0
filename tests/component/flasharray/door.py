"""A small REST 2 array written for these tests from the vendor's specifications, and not from the simulator.

It knows what the adapter asks and nothing else, counts, and can be told to behave in each way that the specifications
leave open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from component.flasharray.rig import TOKEN, Authority, trusting

from testbed import closing
from vvol_replication.storage.flasharray import Timeouts, connect
from vvol_replication.storage.flasharray.adapter import FlashArray

CREATED = 1_778_531_753_789
"""2026-05-11T20:35:53.789Z in milliseconds."""

Row = dict[str, Any]


def snapshot(name: str, **fields: Any) -> Row:
    """A row of `protection-group-snapshots`."""
    return {"name": name, "created": CREATED, "destroyed": False} | fields


def transfer(name: str, **fields: Any) -> Row:
    """A row of `protection-group-snapshots/transfer`, landed unless said otherwise."""
    done = {"started": CREATED + 1000, "completed": CREATED + 9000, "progress": 1.0, "data_transferred": 4096}
    return {"name": name, "destroyed": False} | done | fields


def refusal(message: str, *contexts: str, status: int = 400) -> web.Response:
    """An error as REST 2 words it, about one object or several."""
    errors = [{"context": context, "message": message} for context in contexts or ("",)]
    return web.json_response({"errors": errors}, status=status)


@dataclass
class Door:
    """One array. `lists` are the rows by path; `groups` are the names that `source_names` may ask for."""

    authority: Authority
    versions: tuple[str, ...] = ("1.0", "1.19", "2.0", "2.4", "2.26")
    lists: dict[str, list[Row]] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path below the version, and query of each request."""
    page: int = 1000
    tokens_in_pages: bool = True
    names_the_missing: bool = True
    override: Callable[[web.BaseRequest], Awaitable[web.StreamResponse | None]] | None = None
    ports: list[FlashArray] = field(default_factory=list)
    port: int = 0
    logins: int = 0

    async def start(self) -> None:
        self.lists.setdefault("arrays", [{"id": "id-1", "name": "pure-a", "version": "6.4.10"}])
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self.authority.server).start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        for port in self.ports:
            await port.close()
        await closing.close(self._runner)

    def connect(self, *, timeouts: Timeouts = Timeouts(), workers: int = 2, **options: Any) -> FlashArray:  # noqa: B008 - frozen
        trust = trusting(self.authority.pem)
        leading = options.pop("leading", lambda: True)
        port = connect(
            f"127.0.0.1:{self.port}", TOKEN, trust=trust, leading=leading, timeouts=timeouts, workers=workers, **options
        )
        assert isinstance(port, FlashArray), port
        self.ports.append(port)
        return port

    def calls(self) -> list[str]:
        """Method and path of what was asked since the last look."""
        calls = [f"{method} {path}" for method, path, _ in self.seen]
        self.seen.clear()
        return calls

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        version, _, path = request.path.removeprefix("/api/").partition("/")
        self.seen.append((request.method, path or version, dict(request.query)))
        if self.override is not None and (answer := await self.override(request)) is not None:
            return answer
        if not path:
            return web.json_response({"version": list(self.versions)})
        if version not in self.versions:
            return web.Response(status=404, text="no such path")
        await asyncio.sleep(0)  # as on a real array, others come in between
        return self._answer(request, path)

    def _answer(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        if path == "login":
            if request.headers.get("api-token") != TOKEN:
                return refusal("Invalid API token.", status=401)
            self.logins += 1
            token = f"token-{self.logins}"
            self.tokens.add(token)
            return web.json_response({"items": [{"username": "ops"}]}, headers={"x-auth-token": token})
        token = request.headers.get("x-auth-token", "")
        if token not in self.tokens:
            return refusal("Unauthorized.", status=401)
        if path == "logout":
            self.tokens.discard(token)
            return web.json_response({})
        if request.method == "GET":
            return self._list(request, path)
        return refusal("Nobody told this door about POST.")

    def _list(self, request: web.BaseRequest, path: str) -> web.Response:
        sources = [name for name in request.query.get("source_names", "").split(",") if name]
        if gone := [name for name in sources if name not in self.groups]:
            return refusal("Protection group does not exist.", *(gone if self.names_the_missing else ()))
        rows = self.lists.get(path, [])
        for parameter in ("names", "source_names"):
            if names := request.query.get(parameter):
                wanted = set(names.split(","))
                whole = parameter == "names"
                rows = [row for row in rows if (row["name"] if whole else row["name"].rpartition(".")[0]) in wanted]
        size = min(self.page, int(request.query.get("limit", self.page)))
        start = int(request.query.get("continuation_token", request.query.get("offset", "0")))
        more = start + size < len(rows)
        body: Row = {"items": rows[start : start + size], "more_items_remaining": more}
        if more and self.tokens_in_pages:
            body["continuation_token"] = str(start + size)
        return web.json_response(body)
