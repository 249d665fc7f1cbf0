"""REST 2.x: login by API token, then `x-auth-token` (docs/facts/flasharray.md#rest-2)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from vvol_simulator.model import Array, ArrayError, ArrayLoginError, World
from vvol_simulator.model.names import key
from vvol_simulator.wire import Call, perform

from .access import NOT_PERMITTED, Login, SessionsFullError, busy, date, log_in, over_limit
from .parameters import Parameters
from .rest2_calls import SHAPES, Shape, trim
from .rest2_groups import Groups
from .rest2_inventory import INVENTORY, inventory
from .rest2_listing import Listing, listing
from .rest2_rows import Row, array_row, connection_rows, millis, pod_row

TOKEN = "x-auth-token"  # noqa: S105 - the name of the header, not a token

Version = tuple[int, int]
Work = Callable[[Call, Parameters, Parameters], list[Row]]


CALLS = frozenset({"POST login", "POST logout", *SHAPES, *(f"GET {path}" for path in INVENTORY)})
"""Everything that is answered, as it is named in counters and faults."""


class Rest2:
    """The 2.x family at one array. Everything but `login` needs a session."""

    def __init__(self, world: World, array: Array) -> None:
        self._world = world
        self._array = array
        groups = Groups(world, array)
        self._work: dict[str, tuple[str, Work]] = {
            "GET arrays": ("arrays", lambda *_: [array_row(world, array)]),
            "GET array-connections": ("connections", lambda _, query, __: self._connections(query)),
            "GET pods": ("pods", lambda _, query, __: self._pods(query)),
            "GET offloads": ("offloads", lambda _, query, __: self._offloads(query)),
            "GET sessions": ("sessions", lambda _, query, __: self._sessions(query)),
            "GET protection-groups": ("groups", lambda _, query, __: groups.groups(query)),
            "PATCH protection-groups": ("groups", lambda _, query, body: groups.patch_group(query, body)),
            "DELETE protection-groups": ("groups", lambda _, query, __: groups.eradicate_group(query)),
            "GET protection-groups/targets": ("targets", lambda _, query, __: groups.targets(query)),
            "PATCH protection-groups/targets": ("targets", lambda _, query, body: groups.allow(query, body)),
            "GET protection-groups/volumes": ("members", lambda _, query, __: groups.volumes(query)),
            "GET protection-group-snapshots": ("snapshots", lambda _, query, __: groups.snapshots(query)),
            "POST protection-group-snapshots": (
                "snapshots",
                lambda call, query, body: groups.push(query, body, stalled=_stalls(call)),
            ),
            "POST protection-group-snapshots/test": (
                "tests",
                lambda _, query, body: groups.push(query, body, dry=True),
            ),
            "POST protection-group-snapshots/replica": ("snapshots", lambda _, query, __: groups.replicate(query)),
            "PATCH protection-group-snapshots": (
                "snapshots",
                lambda _, query, body: groups.patch_snapshot(query, body),
            ),
            "DELETE protection-group-snapshots": ("snapshots", lambda _, query, __: groups.eradicate_snapshot(query)),
            "GET protection-group-snapshots/transfer": ("transfers", lambda _, query, __: groups.transfers(query)),
        }

    async def handle(self, request: web.Request, version: Version, path: str) -> web.StreamResponse:
        """Answer `/api/2.<minor>/<path>`."""
        operation = f"{request.method} {path}"
        body = await request.read()
        if operation in ("POST login", "POST logout"):
            call = Call(self._array.name, operation, {}, mutating=False)
            work = self._login if path == "login" else self._logout
            return await perform(
                self._world, request, call, lambda it: self._guarded(request, it, lambda: work(request))
            )
        shape = self._shape(operation)
        if shape is None or shape.since > version[1]:
            return self._errors(404, "Path does not exist.", f"/api/{version[0]}.{version[1]}/{path}")
        query = Parameters.of_query(request)
        try:
            given = Parameters.of_body(body)
        except ArrayError as refusal:
            return self._errors(400, refusal.message, refusal.context)
        mutating = request.method != "GET" and not path.endswith("/test")
        call = Call(self._array.name, operation, query.values | given.values, mutating)
        asked = _Asked(request.headers.get(TOKEN), version[1], shape, query, given)
        return await perform(
            self._world, request, call, lambda it: self._guarded(request, it, lambda: self._run(it, asked))
        )

    def _shape(self, operation: str) -> Shape | None:
        method, _, path = operation.partition(" ")
        if method == "GET" and path in INVENTORY:
            return Shape(INVENTORY[path], {})
        return SHAPES.get(operation)

    def _guarded(self, request: web.Request, call: Call, work: Callable[[], web.Response]) -> web.Response:
        """What comes before authentication, and every refusal as an answer."""
        limited = over_limit(self._world, self._array)
        if limited is not None:
            call.took_effect, call.outcome = False, "429 rate limit"
            return limited
        if call.rule is not None and call.rule.kind == "expiredSession":
            self._array.logout(request.headers.get(TOKEN, ""))
        try:
            return work()
        except SessionsFullError:
            return busy()
        except ArrayError as refusal:
            call.took_effect, call.outcome = False, f"400 {refusal.message}"
            return self._errors(400, refusal.message, refusal.context)
        except ArrayLoginError as refusal:
            return self._errors(self._world.switches.bad_token_status, str(refusal), "")

    def _run(self, call: Call, asked: "_Asked") -> web.Response:
        session = self._array.session(asked.token, self._world.time)
        if session is None:
            call.took_effect, call.outcome = False, "401 no session"
            return self._errors(401, "Unauthorized: session does not exist or has expired.", "")
        if call.mutating and not session.user.may_change:
            status = self._world.switches.readonly_status
            call.took_effect, call.outcome = False, f"{status} read-only user"
            return self._errors(status, NOT_PERMITTED, session.user.name)
        operation = call.name
        if operation not in SHAPES:
            return self._answer(Listing(inventory(self._world, self._array, operation.removeprefix("GET "))).body())
        asked.refuse_unknown()
        self._check_context(asked.query)
        kind, work = self._work[operation]
        rows = [trim(kind, row, asked.minor) for row in work(call, asked.query, asked.body)]
        if not operation.startswith("GET "):
            return self._answer({"items": rows})
        page = listing(rows, asked.query, self._world.switches.rest2_page_limit)
        return self._answer(page.body(), {} if page.token is None else {"x-next-token": page.token})

    def _login(self, request: web.Request) -> web.Response:
        opened: Login = log_in(self._world, self._array, request.headers.get("api-token", ""))
        return self._answer({"items": [{"username": opened.username}]}, {TOKEN: opened.token})

    def _logout(self, request: web.Request) -> web.Response:
        self._array.logout(request.headers.get(TOKEN, ""))
        return self._answer({})

    def _check_context(self, query: Parameters) -> None:
        """These arrays are in no fleet: the only context is the array itself, or none."""
        query.flag("allow_errors")
        for name in query.names("context_names") or []:
            if name and key(name) != key(self._array.name):
                raise ArrayError("Context does not exist.", name)

    def _connections(self, query: Parameters) -> list[Row]:
        rows = connection_rows(self._world, self._array)
        return _named(rows, query, ("names", "name"), ("ids", "id"), ("remote_names", "remote.name"),
                      ("remote_ids", "remote.id"))  # fmt: skip

    def _pods(self, query: Parameters) -> list[Row]:
        rows = [pod_row(self._array, pod) for pod in self._array.pods.values()]
        wanted = query.has("destroyed") and query.flag("destroyed")
        return [] if wanted else _named(rows, query, ("names", "name"), ("ids", "id"))

    def _offloads(self, query: Parameters) -> list[Row]:
        query.text("protocol")
        names = dict.fromkeys(name for group in self._array.groups.values() for name in group.offloads)
        rows: list[Row] = [{"name": name, "protocol": "nfs", "status": "connected"} for name in names]
        return _named(rows, query, ("names", "name"))

    def _sessions(self, query: Parameters) -> list[Row]:
        """Open sessions; never their tokens."""
        self._array.open_sessions(self._world.time)
        rows: list[Row] = [
            {
                "name": str(number),
                "user": session.user.name,
                "user_interface": "REST",
                "start_time": millis(session.opened),
                "end_time": None,
                "event": "user session",
                "event_count": 1,
                "method": "API token",
                "location": "127.0.0.1",
            }
            for number, session in enumerate(self._array.sessions.values(), 1)
        ]
        return _named(rows, query, ("names", "name"), ("ids", "id"))

    def _answer(self, body: Any, headers: dict[str, str] | None = None, status: int = 200) -> web.Response:
        return web.Response(
            body=json.dumps(body).encode(),
            status=status,
            content_type="application/json",
            headers=date(self._world, self._array) | (headers or {}),
        )

    def _errors(self, status: int, message: str, context: str) -> web.Response:
        return self._answer({"errors": [{"context": context or None, "message": message}]}, status=status)


def _stalls(call: Call) -> bool:
    return call.rule is not None and call.rule.kind == "stalledTransfer"


@dataclass(frozen=True)
class _Asked:
    """One call as it came."""

    token: str | None
    minor: int
    shape: Shape
    query: Parameters
    body: Parameters

    def refuse_unknown(self) -> None:
        """`ArrayError` for a parameter that this version does not have (yet)."""
        for known, given in ((self.shape.query, self.query), (self.shape.body, self.body)):
            for name in given.values:
                if known.get(name, self.minor + 1) > self.minor:
                    raise ArrayError(f"Invalid parameter: {name}.")


def _named(rows: list[Row], query: Parameters, *by: tuple[str, str]) -> list[Row]:
    """The rows that parameters choose by a field; a name that is nobody's is refused."""
    for parameter, path in by:
        wanted = query.names(parameter)
        if wanted is None:
            continue
        outer, _, inner = path.partition(".")
        values = [(row, str(row[outer][inner] if inner else row.get(outer))) for row in rows]
        for name in wanted:
            if not any(key(value) == key(name) for _, value in values):
                raise ArrayError("Object does not exist.", name)
        rows = [row for row, value in values if key(value) in {key(name) for name in wanted}]
    return rows
