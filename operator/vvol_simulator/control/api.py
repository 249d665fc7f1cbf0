"""Routes of the control interface. Every mistake is a 400 with `{"error": "<what to do>"}`."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from vvol_simulator.fields import Fields
from vvol_simulator.model import ArrayError, Entry, SmsFaultError, WorldError
from vvol_simulator.model.clock import iso_millis
from vvol_simulator.server import Simulator
from vvol_simulator.state import world_state

from .actions import STORAGE_ACTIONS
from .array_actions import ARRAY_ACTIONS
from .door_actions import DOOR_ACTIONS
from .endpoint_actions import ENDPOINT_ACTIONS

ACTIONS = STORAGE_ACTIONS | ENDPOINT_ACTIONS | ARRAY_ACTIONS
MAX_WAIT = 120.0


class ControlApi:
    """Answers the control port of one simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._world = simulator.world
        self._routes: dict[tuple[str, str], Callable[[web.Request], Awaitable[Any]]] = {
            ("GET", "/state"): self._state,
            ("GET", "/journal"): self._journal,
            ("GET", "/counters"): self._counters,
            ("POST", "/counters/reset"): self._reset_counters,
            ("GET", "/faults"): self._faults,
            ("POST", "/faults"): self._add_fault,
            ("DELETE", "/faults"): self._remove_faults,
            ("GET", "/actions"): self._list_actions,
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        try:
            return web.json_response(await self._answer(request))
        except (WorldError, ArrayError) as problem:
            return web.json_response({"error": str(problem)}, status=400)
        except SmsFaultError as problem:
            return web.json_response({"error": problem.fault.message}, status=400)

    async def _answer(self, request: web.Request) -> Any:
        path = request.path.rstrip("/")
        route = self._routes.get((request.method, path))
        if route is not None:
            return await route(request)
        head, _, name = path.rpartition("/")
        if request.method == "POST" and head == "/actions":
            return await self._act(name, Fields(await _body(request), f"action {name}"))
        if request.method == "DELETE" and head == "/faults" and name.isdigit():
            return {"removed": self._world.faults.remove(int(name))}
        known = ", ".join(f"{method} {known_path}" for method, known_path in self._routes)
        raise WorldError(f"There is no {request.method} {path}; there are {known}, POST /actions/<name>.")

    async def _act(self, name: str, args: Fields) -> Any:
        door = DOOR_ACTIONS.get(name)
        if door is not None:
            return await door(self._simulator, args)
        action = ACTIONS.get(name)
        if action is None:
            raise WorldError(f"There is no action {name!r}; there are {', '.join(sorted((*ACTIONS, *DOOR_ACTIONS)))}.")
        return action(self._world, args)

    async def _state(self, _: web.Request) -> Any:
        return world_state(self._world)

    async def _journal(self, request: web.Request) -> Any:
        since, wait = _number(request, "since"), min(_number(request, "wait"), MAX_WAIT)
        journal = self._world.journal
        entries = await journal.wait(int(since), wait) if wait else journal.since(int(since))
        return {"last": journal.last, "entries": [_entry(entry) for entry in entries]}

    async def _counters(self, _: web.Request) -> Any:
        return self._world.counters.as_dict()

    async def _reset_counters(self, _: web.Request) -> Any:
        self._world.counters.reset()
        return {}

    async def _faults(self, _: web.Request) -> Any:
        return {"faults": [rule.as_dict() for rule in self._world.faults.all()]}

    async def _add_fault(self, request: web.Request) -> Any:
        args = Fields(await _body(request), "fault")
        endpoint, call, kind = args.text("endpoint", "*"), args.text("call", "*"), args.text("kind")
        on = args.text("on", "*")
        given = args.rest()
        if endpoint != "*":
            self._simulator.endpoint(endpoint)
        rule = self._world.faults.add(endpoint, call, kind, on=on, **given)
        return rule.as_dict()

    async def _remove_faults(self, _: web.Request) -> Any:
        return {"removed": self._world.faults.remove()}

    async def _list_actions(self, _: web.Request) -> Any:
        return {name: (action.__doc__ or "").strip() for name, action in {**ACTIONS, **DOOR_ACTIONS}.items()}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "time": iso_millis(entry.time),
        "endpoint": entry.endpoint,
        "call": entry.call,
        "arguments": dict(entry.arguments),
        "tookEffect": entry.took_effect,
        "outcome": entry.outcome,
        "fault": entry.fault,
    }


async def _body(request: web.Request) -> Any:
    text = await request.text()
    if not text.strip():
        return {}
    try:
        return json.loads(text)
    except ValueError as problem:
        raise WorldError(f"The body is no JSON: {problem}.") from None


def _number(request: web.Request, name: str) -> float:
    text = request.query.get(name, "0")
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise WorldError(f"{name} is a number from 0, not {text!r}.")
    return value
