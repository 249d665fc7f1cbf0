"""The SOAP services of one vCenter behind HTTP: from a request's bytes to an answer's bytes."""

import gzip
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from aiohttp import web

from vvol_simulator import wire
from vvol_simulator.model import Fault, FaultRule, Injected, Site, SmsFaultError, Switches, World

from . import (  # noqa: F401 - vim_collector, sms_groups, sms_replicas: importing them registers their handlers
    bindings,
    envelope,
    pbm,
    sessions,
    sms_groups,
    sms_providers,
    sms_replicas,
    sms_tasks,
    vim_collector,
    vim_inventory,
    vim_session,
)
from .calls import Call, ClientState, Entry, Table, invalid_argument, no_such_object
from .faults import materialize
from .request import FETCH, MalformedRequestError, Request, parse
from .versions import VIM, UnsupportedVersionError, negotiate, service_versions_xml

MAX_REQUEST_BYTES = 4 << 20
SERVICE_VERSIONS_PATH = f"{VIM.path}/vimServiceVersions.xml"
_TABLES: dict[str, Table] = {
    table.service.path: table for table in (vim_session.METHODS, sms_providers.METHODS, pbm.METHODS)
}
# govmomi's path for the policy service; vCenter answers at both (docs/facts/vsphere.md#services).
_TABLES["/pbm"] = pbm.METHODS
CALLS = frozenset(name for table in _TABLES.values() for name in table.names() if not name.startswith(f"{FETCH}.")) | {
    "vimServiceVersions"
}
"""What a vCenter's calls are named in counters and faults. `Fetch.<property>` stands for any property."""
_STATES: WeakKeyDictionary[World, dict[str, ClientState]] = WeakKeyDictionary()
_OK, _FAULT = 200, 500


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One HTTP exchange that carries a readable call."""

    http: web.Request
    site: Site
    world: World
    table: Table
    request: Request


def handlers() -> dict[str, list[str]]:
    """What each service answers, by its XML namespace: wsdl names, and `Fetch…` for properties."""
    return {f"urn:{table.service.namespace}": table.names() for table in _TABLES.values()}


async def handle(request: web.Request, site: Site, world: World) -> web.StreamResponse:
    """Answer any request to a vCenter's port."""
    if request.path == SERVICE_VERSIONS_PATH and request.method in ("GET", "HEAD"):
        call = wire.Call(site.name, "vimServiceVersions", {}, mutating=False)
        return await wire.perform(world, request, call, lambda _: _versions(site))
    table = _TABLES.get(request.path.rstrip("/"))
    if table is None:
        return web.Response(status=404, text="Not Found")
    if request.method != "POST":
        return web.Response(status=405, text="Method Not Allowed", headers={"Allow": "POST"})
    data = await _body(request)
    try:
        version = negotiate(table.service, request.headers.get("SOAPAction", ""), site.version)
    except UnsupportedVersionError as exc:
        world.counters.count(site.name, "unsupportedVersion")
        return _reply(request, world.switches, _FAULT, envelope.bare_fault(str(exc), _style(world.switches)))
    try:
        parsed = parse(data, version)
    except MalformedRequestError as exc:
        world.counters.count(site.name, "malformedRequest")
        fault = materialize(Fault("InvalidRequest", f"The request cannot be read: {exc}"), f"urn:{VIM.namespace}")
        return _reply(request, world.switches, _FAULT, envelope.fault(fault, version, _style(world.switches)))
    exchange = _Exchange(request, site, world, table, parsed)
    name = f"{FETCH}.{parsed.args.get('prop')}" if parsed.method == FETCH else parsed.method
    mutating = parsed.known and parsed.method in sms_tasks.MUTATING
    arguments = sms_tasks.journal_arguments(_call(exchange, "")) if mutating else {}
    call = wire.Call(site.name, name, arguments, mutating, bindings.moid(parsed.this))
    return await wire.perform(world, request, call, lambda booked: _execute(exchange, booked))


async def _body(request: web.Request) -> bytes:
    """The body, or status 413 if it is larger than any call can be."""
    data = bytearray()
    async for chunk in request.content.iter_any():
        data += chunk
        if len(data) > MAX_REQUEST_BYTES:
            raise web.HTTPRequestEntityTooLarge(max_size=MAX_REQUEST_BYTES, actual_size=len(data))
    return bytes(data)


def _versions(site: Site) -> web.Response:
    return web.Response(body=service_versions_xml(site.version), content_type="text/xml", charset="utf-8")


def _execute(exchange: _Exchange, booked: wire.Call) -> web.Response:
    """Run the call's handler; a refusal becomes a SOAP fault."""
    service = exchange.table.service
    call = _call(exchange, sessions.claimed(service, exchange.http.headers, exchange.request))
    style = _style(exchange.world.switches)
    if _turned_away(call):
        booked.took_effect, booked.outcome = False, "session limit"
        return web.Response(status=503, text="Service Unavailable: too many sessions")
    try:
        value = _run(call, exchange.table, booked)
    except SmsFaultError as refusal:
        booked.outcome = refusal.fault.name
        fault = materialize(refusal.fault, f"urn:{service.namespace}", call.request.this)
        body = envelope.fault(fault, call.request.version, style)
        return _reply(exchange.http, exchange.world.switches, _FAULT, body, _cookie(exchange, call))
    booked.outcome = call.outcome
    body = envelope.answer(call.request, value, style)
    return _reply(exchange.http, exchange.world.switches, _OK, body, _cookie(exchange, call))


def _turned_away(call: Call) -> bool:
    """A login too many, at a vCenter that then does not speak SOAP any more."""
    if call.request.method != "Login" or call.world.switches.session_limit_answer != "http503":
        return False
    call.site.end_idle(call.world.time, call.world.switches.session_idle_seconds)
    return call.site.full


def _run(call: Call, table: Table, booked: wire.Call) -> object:
    """The handler's result, with the fault rule that the call meets applied to it."""
    rule = booked.rule
    kind = None if rule is None else rule.kind
    booked.took_effect = False
    if kind == "expiredSession":
        call.site.sessions.pop(call.session, None)
        raise sessions.refuse(table.service, call.session)
    ordered = _ordered(call, table, rule)
    if ordered is not None and rule is not None and kind == "soapFault" and not rule.after_effect:
        raise SmsFaultError(ordered)
    if ordered is not None and kind in ("taskError", "groupError"):
        call.injected = Injected("taskError" if kind == "taskError" else "groupError", ordered)
    call.stalled = kind == "stalledTransfer"
    entry = _entry(call.request, table)
    if not entry.anonymous:
        sessions.check(table.service, call.world, call.site, call.session)
    if entry.on is not None and entry.on != call.moid:
        raise no_such_object(call.request.this)
    missing = call.request.missing()
    if missing is not None:
        raise invalid_argument(missing, "it is required")
    value = entry.handler(call)
    booked.took_effect = True
    if ordered is not None and kind == "soapFault":
        raise SmsFaultError(ordered)
    return value


def _ordered(call: Call, table: Table, rule: FaultRule | None) -> Fault | None:
    """The fault that a rule names; `SystemError`, with what is wrong, for one that cannot be made."""
    if rule is None or rule.kind not in ("soapFault", "taskError", "groupError"):
        return None
    try:
        materialize(rule.fault(), f"urn:{table.service.namespace}", call.request.this)
    except ValueError as exc:
        text = f"The fault rule cannot be carried out: {exc}"
        raise SmsFaultError(Fault("SystemError", text, {"reason": str(exc)})) from exc
    return rule.fault()


def _entry(request: Request, table: Table) -> Entry:
    """The handler of a call, or `MethodNotFound`."""
    entry = None
    if request.method == FETCH:
        entry = table.find(f"{FETCH}.{bindings.wsdl_name(type(request.this))}.{request.args.get('prop')}")
        known = bindings.property_of(type(request.this), str(request.args.get("prop"))) is not None
        entry = entry or (table.find(FETCH) if known else None)
    elif f"urn:{table.service.namespace}" == request.namespace and request.fits():
        entry = table.find(request.method)
    if entry is None:
        raise SmsFaultError(
            Fault(
                "MethodNotFound",
                f"Unable to resolve WSDL method name {request.method} for "
                f"{bindings.wsdl_name(type(request.this))} in namespace {request.namespace}",
                {"receiver": bindings.moid(request.this), "method": request.method},
            )
        )
    return entry


def _call(exchange: _Exchange, session: str) -> Call:
    state = client_state(exchange.world, exchange.site)
    return Call(exchange.world, exchange.site, state, exchange.request, session)


def client_state(world: World, site: Site) -> ClientState:
    """What a vCenter remembers for its clients: views and pages."""
    return _STATES.setdefault(world, {}).setdefault(site.name, ClientState())


def _cookie(exchange: _Exchange, call: Call) -> dict[str, str]:
    if call.new_session:
        return {"Set-Cookie": sessions.set_cookie(call.new_session)}
    if sessions.cookie_value(exchange.http.headers):
        return {}
    # The first answer of each service plants a cookie: at /sdk that of the client before Login, elsewhere of no use.
    return {"Set-Cookie": sessions.useless_cookie()}


def _style(switches: Switches) -> envelope.Style:
    return envelope.Style(prefixed=switches.soap_prefixed_types, header=switches.soap_extra_header)


def _reply(
    request: web.Request, switches: Switches, status: int, body: bytes, headers: dict[str, str] | None = None
) -> web.Response:
    sent = dict(headers or {})
    if switches.soap_gzip and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = gzip.compress(body, compresslevel=1)
        sent["Content-Encoding"] = "gzip"
    response = web.Response(body=body, status=status, headers=sent, content_type="text/xml", charset="utf-8")
    if switches.soap_chunked:
        response.enable_chunked_encoding()
    return response
