"""REST 1.x as `purestorage` 1.19.0 needs it (docs/facts/flasharray.md#what-clients-need)."""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from vvol_simulator.model import Array, ArrayError, ArrayLoginError, World
from vvol_simulator.wire import Call, perform

from .access import NOT_PERMITTED, Login, SessionsFullError, busy, date, log_in, over_limit
from .parameters import Parameters
from .rest1_pgroup import Page, ProtectionGroups
from .rest1_rows import array_row, connection_rows, controller_rows, pod_row

COOKIE = "session"

_EMPTY = frozenset(f"GET {resource}" for resource in ("hgroup", "host", "maintenance_window", "vgroup", "volume"))
"""Lists that clients look into and that are empty here; any parameter is taken."""
CALLS = _EMPTY | {
    "GET array", "GET array/remoteassist", "GET array/connection", "GET admin", "GET pod",
    "GET pgroup", "POST pgroup", "PUT pgroup", "DELETE pgroup", "POST auth/session", "DELETE auth/session",
}  # fmt: skip
"""Everything that is answered, as it is named in counters and faults."""

Version = tuple[int, int]
Work = Callable[[Call], Any]


class Rest1:
    """The 1.x family at one array. Everything but `auth/*` needs a session."""

    def __init__(self, world: World, array: Array) -> None:
        self._world = world
        self._array = array
        self._groups = ProtectionGroups(world, array)

    async def handle(self, request: web.Request, version: Version, path: str) -> web.StreamResponse:
        """Answer `/api/1.<minor>/<path>`."""
        resource, name = _split(path)
        secret = resource.startswith("auth/")
        mutating = request.method in ("POST", "PUT", "DELETE") and not secret
        try:
            given = await Parameters.read(request)
        except ArrayError as refusal:
            return self._refused(refusal)
        arguments = {} if secret else ({} if name is None else {"name": name}) | given.values
        call = Call(self._array.name, f"{request.method} {resource}", arguments, mutating)
        work = self._route(request, version, resource, name, given)
        if work is None:
            return web.json_response([{"msg": "Not found."}], status=404)
        return await perform(self._world, request, call, lambda it: self._run(request, it, work, public=secret))

    def _route(
        self, request: web.Request, version: Version, resource: str, name: str | None, given: Parameters
    ) -> Work | None:
        """The work behind a resource, or None if there is no such call."""
        groups = self._groups
        named: dict[str, Callable[[str], Any]] = {
            "GET pgroup": lambda item: groups.get(item, given, version),
            "PUT pgroup": lambda item: groups.put(item, given),
            "DELETE pgroup": lambda item: groups.delete(item, given),
        }
        plain: dict[str, Work] = {
            "GET array": lambda _: self._array_itself(given),
            "GET array/remoteassist": lambda _: {"port": "", "status": "disabled"},
            "GET admin": lambda _: [{"name": user.name, "role": user.role} for user in self._array.users()],
            "GET pod": lambda _: [pod_row(self._array, pod) for pod in self._array.pods.values()],
            "GET array/connection": lambda _: self._connections(given, version),
            "GET pgroup": lambda _: groups.get(None, given, version),
            "POST pgroup": lambda call: groups.post(given, version, stalled=_stalls(call)),
            "POST auth/session": lambda _: self._login(given),
            "DELETE auth/session": lambda _: self._logout(request),
        }
        key = f"{request.method} {resource}"
        if key not in CALLS:
            return None
        if name is None and key in _EMPTY:
            return lambda _: []
        if name is None:
            return plain.get(key)
        work = named.get(key)
        return None if work is None else lambda _: work(name)

    def _run(self, request: web.Request, call: Call, work: Work, *, public: bool) -> web.Response:
        session = request.cookies.get(COOKIE)
        if self._world.switches.rest1_rate_limited:
            limited = over_limit(self._world, self._array)
            if limited is not None:
                call.took_effect, call.outcome = False, "429 rate limit"
                return limited
        if call.rule is not None and call.rule.kind == "expiredSession" and session is not None:
            self._array.logout(session)
        caller = self._array.session(session, self._world.time)
        if not public and caller is None:
            call.took_effect, call.outcome = False, "401 no session"
            return self._answer([{"msg": "Authentication required.", "ctx": "", "code": 0}], 401, None)
        if call.mutating and caller is not None and not caller.user.may_change:
            call.took_effect, call.outcome = False, f"{self._world.switches.readonly_status} read-only user"
            body = [{"pure_err_key": "err.friendly", "code": 0, "msg": NOT_PERMITTED, "ctx": caller.user.name}]
            return self._answer(body, self._world.switches.readonly_status, session)
        try:
            result = work(call)
        except SessionsFullError:
            return busy()
        except ArrayError as refusal:
            call.took_effect, call.outcome = False, f"400 {refusal.message}"
            return self._refused(refusal, session)
        except ArrayLoginError as refusal:
            body = [{"pure_err_key": "err.friendly", "code": 0, "msg": str(refusal), "ctx": ""}]
            return self._answer(body, self._world.switches.bad_token_status, None)
        if isinstance(result, Login):
            return self._answer({"username": result.username}, 200, result.token)
        return self._answer(result, 200, session)

    def _array_itself(self, given: Parameters) -> Any:
        if given.flag("connection_key"):
            return {"connection_key": self._array.id}
        controllers = given.flag("controllers")
        given.finish()
        return controller_rows(self._array) if controllers else array_row(self._array)

    def _connections(self, given: Parameters, version: Version) -> Any:
        throttle = given.flag("throttle")
        given.finish()
        return connection_rows(self._world, self._array, version, throttle=throttle)

    def _login(self, given: Parameters) -> Login:
        return log_in(self._world, self._array, given.text("api_token") or "")

    def _logout(self, request: web.Request) -> Any:
        self._array.logout(request.cookies.get(COOKIE, ""))
        return {"username": self._array.user}

    def _refused(self, refusal: ArrayError, session: str | None = None) -> web.Response:
        body = [{"pure_err_key": "err.friendly", "code": 0, "msg": refusal.message, "ctx": refusal.context}]
        return self._answer(body, 400, session)

    def _answer(self, body: Any, status: int, session: str | None) -> web.Response:
        """JSON, with the session's cookie on every reply and the array's own clock in `Date`."""
        headers = date(self._world, self._array)
        if session is not None:
            headers["Set-Cookie"] = f"{COOKIE}={session}; Path=/; HttpOnly; Secure"
        if isinstance(body, Page) and body.next_token is not None:
            headers["x-next-token"] = body.next_token
        return web.Response(
            body=json.dumps(body).encode(), status=status, content_type="application/json", headers=headers
        )


def _stalls(call: Call) -> bool:
    return call.rule is not None and call.rule.kind == "stalledTransfer"


def _split(path: str) -> tuple[str, str | None]:
    """`pgroup/erp.x` -> (`pgroup`, `erp.x`); `array/connection` and `auth/session` have no name."""
    head, slash, tail = path.partition("/")
    if head == "pgroup" and slash:
        return head, tail
    return path, None
