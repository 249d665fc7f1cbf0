"""How every call, REST or SOAP, is executed: counted, journalled, and spoilt by the fault rules.

Usage by a protocol side::

    return await perform(world, request, Call(endpoint, name, arguments, mutating), execute)

`execute(call)` is a plain function that does the work and returns the answer. It honours those rules that only the
protocol can: `call.rule` is then a `FaultRule` whose kind is one of `PROTOCOL_KINDS`:

- `expiredSession`: end this caller's session and answer as for an unknown one; set `call.took_effect = False`.
- `soapFault`: with `rule.after_effect` do the work first; then answer with `rule.fault()`.
- `taskError`, `groupError`: `start_sync(…, injected=Injected(rule.kind, rule.fault()))`.
- `stalledTransfer`: what this call pushes never moves by itself.

It may set `call.outcome` (a short text for the journal; default: the HTTP status), and `call.took_effect = False` when
it refused.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from .model import FaultRule, World

PROTOCOL_KINDS = frozenset({"expiredSession", "soapFault", "taskError", "groupError", "stalledTransfer"})

GARBAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@dataclass(eq=False)
class Call:
    """One call under way. `arguments` go into the journal: no secrets. `on` is the object called, if it has an id."""

    endpoint: str
    name: str
    arguments: Mapping[str, Any]
    mutating: bool
    on: str = ""
    rule: FaultRule | None = None
    took_effect: bool = True
    outcome: str | None = None


Execute = Callable[[Call], web.Response]


async def perform(world: World, request: web.Request, call: Call, execute: Execute) -> web.StreamResponse:
    """Run one call through the fault rules and the books."""
    world.timeline.settle()
    world.counters.count(call.endpoint, call.name)
    rule = world.faults.take(call.endpoint, call.name, call.on)
    if rule is None:
        return _execute(world, call, execute)
    if rule.kind in PROTOCOL_KINDS:
        call.rule = rule
        return _execute(world, call, execute, rule.kind)
    return await _spoil(world, request, call, execute, rule)


def _execute(world: World, call: Call, execute: Execute, kind: str | None = None) -> web.Response:
    response = execute(call)
    outcome = call.outcome or str(response.status)
    _write(world, call, outcome, kind, took_effect=call.took_effect)
    return response


def _write(world: World, call: Call, outcome: str, kind: str | None, *, took_effect: bool) -> None:
    if call.mutating:
        world.journal.add(
            world.time, call.endpoint, call.name, call.arguments, took_effect=took_effect, outcome=outcome, fault=kind
        )


async def _spoil(
    world: World, request: web.Request, call: Call, execute: Execute, rule: FaultRule
) -> web.StreamResponse:
    kind = rule.kind
    if kind == "slow":
        await asyncio.sleep(float(rule.args["seconds"]))
        return _execute(world, call, execute, kind)
    if kind == "hang" and not rule.after_effect:
        await _hang(rule)
        if request.transport is None or request.transport.is_closing():
            _write(world, call, "caller gone", kind, took_effect=False)
            return _reset(request)
        return _execute(world, call, execute, kind)
    if not rule.after_effect:
        _write(world, call, kind, kind, took_effect=False)
        return _reset(request) if kind == "resetBefore" else _replaced(rule)
    response = _execute(world, call, execute, kind)
    if kind == "hang":
        await _hang(rule)
        return response
    if kind == "resetAfter":
        return _reset(request)
    if kind == "truncated":
        return await _truncated(request, response, int(rule.args.get("bytes", 10)))
    return _replaced(rule)


async def _hang(rule: FaultRule) -> None:
    try:
        async with asyncio.timeout(rule.args.get("timeout")):
            await rule.removed.wait()
    except TimeoutError:
        return


def _reset(request: web.Request) -> web.Response:
    """Abort the connection: the peer sees a reset, not an orderly end."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _replaced(rule: FaultRule) -> web.Response:
    garbage = rule.kind == "garbage"
    return web.Response(
        status=200 if garbage else int(rule.args["status"]),
        text=str(rule.args.get("body", GARBAGE if garbage else "")),
        content_type=str(rule.args.get("contentType", "text/html")),
        headers=rule.args.get("headers"),
    )


async def _truncated(request: web.Request, response: web.Response, length: int) -> web.StreamResponse:
    """The head of the answer promises all of it, then the connection ends after `length` bytes of the body."""
    body = response.body if isinstance(response.body, bytes) else b""
    cut = web.StreamResponse(status=response.status, headers=response.headers)
    cut.content_length = len(body)
    await cut.prepare(request)
    await cut.write(body[:length])
    if request.transport is not None:
        request.transport.abort()
    return cut
