"""Routes of the control interface. Every mistake is a 400 with `{"error": "<what to do>"}`.

Whoever accepts `application/json` gets JSON as programs like it; all others get it indented, and the journal as lines.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
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
from .orders import check_order

ACTIONS = STORAGE_ACTIONS | ENDPOINT_ACTIONS | ARRAY_ACTIONS
MAX_WAIT = 120.0
_JOURNAL = ("GET", "/journal")


class ControlApi:
    """Answers the control port of one simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._world = simulator.world
        self._routes: dict[tuple[str, str], Callable[[web.Request], Awaitable[Any]]] = {
            ("GET", "/state"): self._state,
            _JOURNAL: self._journal,
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
            answer, status = await self._answer(request), 200
        except (WorldError, ArrayError) as problem:
            answer, status = {"error": str(problem)}, 400
        except SmsFaultError as problem:
            answer, status = {"error": problem.fault.message}, 400
        if "application/json" in request.headers.get("Accept", ""):
            return web.json_response(answer, status=status)
        if status == 200 and (request.method, request.path.rstrip("/")) == _JOURNAL:  # noqa: PLR2004 - a status
            return web.Response(text="".join(map(_line, answer["entries"])))
        return web.json_response(answer, status=status, dumps=_readable)

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
        check_order(self._world, endpoint, call, kind, on)
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


def _line(entry: Mapping[str, Any]) -> str:
    """An entry for people: number, time of day, who was called, what became of it, and with which arguments."""
    effect = "took effect" if entry["tookEffect"] else "no effect"
    fault = f", met the fault {entry['fault']}" if entry["fault"] else ""
    arguments = "  ".join(f"{name}={_shown(value)}" for name, value in entry["arguments"].items())
    head = f"{entry['number']:>4}  {entry['time'][11:23]}  {entry['endpoint']:<14}  {entry['call']:<38}"
    return f"{head}  {effect} ({entry['outcome']}{fault})  {arguments}".rstrip() + "\n"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _readable(answer: Any) -> str:
    return json.dumps(answer, indent=2, ensure_ascii=False) + "\n"


async def _body(request: web.Request) -> Any:
    text = await request.text()
    if not text.strip():
        return {}
    try:
        return json.loads(text)
    except ValueError as problem:
        raise WorldError(f"The body is not JSON: {problem}.") from None


def _number(request: web.Request, name: str) -> float:
    text = request.query.get(name, "0")
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise WorldError(f"{name} is a number from 0, not {text!r}.")
    return value
