"""/sdk: the property collector, as far as reading goes: RetrievePropertiesEx and its continuation."""

from collections.abc import Iterator, Sequence
from typing import Any

from pyVmomi import vmodl

from vvol_simulator.model import Fault, SmsFaultError

from . import bindings, sessions
from .calls import Call, invalid_argument
from .faults import materialize
from .versions import VIM
from .vim_inventory import Node, find, no_permission
from .vim_session import METHODS

_COLLECTOR = vmodl.query.PropertyCollector
_PAGE = 100
"""Objects per answer if the client sets no limit."""


@METHODS.method("RetrievePropertiesEx", on="propertyCollector", anonymous=True)
def _retrieve(call: Call) -> object:
    refusal = _refusal(call)
    found: list[Any] = []
    for spec in call.arg("specSet", []):
        found.extend(_objects(call, spec, refusal))
    options = call.arg("options")
    limit = getattr(options, "maxObjects", None)
    if limit is not None and limit <= 0:
        raise invalid_argument("options.maxObjects", "it must be positive")
    return _page(call, found, limit or _PAGE)


def _refusal(call: Call) -> Fault | None:
    """What stands in the place of each property that is read without a session; None for a good one."""
    try:
        sessions.check(VIM, call.world, call.site, call.session)
    except SmsFaultError as refused:
        if call.world.switches.reads_without_session == "thrown":
            raise
        return refused.fault
    return None


@METHODS.method("ContinueRetrievePropertiesEx", on="propertyCollector")
def _continue(call: Call) -> object:
    limit, rest = _pending(call)
    return _page(call, rest, limit)


@METHODS.method("CancelRetrievePropertiesEx", on="propertyCollector")
def _cancel(call: Call) -> object:
    _pending(call)
    return None


def _pending(call: Call) -> tuple[int, list[Any]]:
    rest = call.state.pages.pop((call.session, call.arg("token", "")), None)
    if rest is None:
        raise invalid_argument("token", "no answer of this session goes on under it")
    return rest


def _page(call: Call, found: list[Any], limit: int) -> object:
    if not found:
        # A result without objects cannot be written; vCenter leaves it out.
        return None
    token = None
    if len(found) > limit:
        token = str(next(call.state.numbers))
        call.state.pages[call.session, token] = (limit, found[limit:])
    return bindings.build(_COLLECTOR.RetrieveResult, token=token, objects=found[:limit])


def _objects(call: Call, spec: Any, refusal: Fault | None) -> Iterator[Any]:
    """Contents of all objects that a filter spec selects, each of them once."""
    _check_paths(spec.propSet)
    nodes = {(type(node.reference), bindings.moid(node.reference)): node for node in _selected(call, spec)}
    for node in nodes.values():
        yield from _content(node, spec.propSet, refusal)


def _selected(call: Call, spec: Any) -> Iterator[Node]:
    for start in spec.objectSet:
        node = find(call, start.obj)
        named = {item.name: item for item in _all_selections(start.selectSet) if item.name}
        if not start.skip:
            yield node
        yield from _walk(call, node, start.selectSet, named, set())


def _all_selections(selections: Sequence[Any]) -> Iterator[Any]:
    for item in selections:
        if isinstance(item, _COLLECTOR.TraversalSpec):
            yield item
            yield from _all_selections(item.selectSet)


def _walk(
    call: Call, node: Node, selections: Sequence[Any], named: dict[str, Any], seen: set[tuple[str, str]]
) -> Iterator[Node]:
    """Objects that selections reach from a node, each edge walked once."""
    for item in selections:
        step = item if isinstance(item, _COLLECTOR.TraversalSpec) else named.get(item.name)
        if step is None:
            raise invalid_argument("selectSet", f"no traversal is named {item.name}")
        edge = (bindings.moid(node.reference), step.path)
        if not isinstance(node.reference, step.type) or edge in seen:
            continue
        seen.add(edge)
        for reference in node.links.get(step.path, []):
            reached = find(call, reference)
            if not step.skip:
                yield reached
            yield from _walk(call, reached, step.selectSet, named, seen)


def _content(node: Node, property_specs: Sequence[Any], refusal: Fault | None) -> Iterator[Any]:
    wanted: dict[str, None] = {}
    matches = [spec for spec in property_specs if isinstance(node.reference, spec.type)]
    for spec in matches:
        wanted |= dict.fromkeys(node.properties if spec.all else spec.pathSet)
    if matches:
        values = [
            bindings.build(vmodl.DynamicProperty, name=path, val=node.properties[path])
            for path in wanted
            if path in node.properties and not refusal and not node.denied(path)
        ]
        fault = materialize(refusal or no_permission(), f"urn:{VIM.namespace}")
        missing = [
            bindings.build(_COLLECTOR.MissingProperty, path=path, fault=fault)
            for path in wanted
            if refusal or node.denied(path)
        ]
        yield bindings.build(_COLLECTOR.ObjectContent, obj=node.reference, propSet=values, missingSet=missing)


def _check_paths(property_specs: Sequence[Any]) -> None:
    for spec in property_specs:
        for path in spec.pathSet:
            kind: type | None = spec.type
            for name in path.split("."):
                kind = None if kind is None else bindings.property_of(bindings.item_of(kind), name)
            if kind is None:
                raise SmsFaultError(Fault("InvalidProperty", f"There is no property {path}.", {"name": path}))
