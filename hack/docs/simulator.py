"""The page of the simulator, from its code: faults, switches, actions, topology, calls."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from vvol_simulator import soap
from vvol_simulator.control.api import ACTIONS
from vvol_simulator.control.door_actions import DOOR_ACTIONS
from vvol_simulator.flasharray import rest1
from vvol_simulator.flasharray.rest2_calls import SHAPES
from vvol_simulator.flasharray.rest2_inventory import INVENTORY
from vvol_simulator.model.faults import ARGUMENTS, EFFECTS, KINDS, REQUIRED
from vvol_simulator.model.spelling import camel
from vvol_simulator.model.switches import SOURCES, Switches
from vvol_simulator.topology_keys import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HEAD = """\
# The simulator

vCenters and FlashArrays on TLS ports of the loopback, over one world: what one endpoint changes, all others show.
`python -m vvol_simulator --topology <file>` runs it until Ctrl-C, by default with two sites and an array each. It
prints one line of JSON with the control URL, the CA file, and for each endpoint its address and who may log in; the
same is in `simulator.json`. It needs the extra `simulator` of the package.

It is a proving ground: calls go wrong on order (faults), behaviour that no source settles can be turned round
(switches), and the world can be changed while it runs (actions). Everything there is can be read at `GET /state`.
"""

CONTROL = """\
## Control

HTTP and JSON at the control URL. Every mistake is a 400 with `{"error": "<what would be right>"}`. With
`Accept: application/json` you get compact JSON. Without it the journal comes as lines to read, and JSON is indented.

| call | what it does |
|---|---|
| `GET /state` | the whole world |
| `GET /journal?since=<number>&wait=<seconds>` | calls that were to change something, with their results |
| `GET /counters`, `POST /counters/reset` | how many calls of each kind each endpoint got |
| `POST /faults` | orders a fault: `endpoint`, `call` and `on`, the id of the object called at a vCenter (default `*`; patterns with `*`), `kind`, `times` (default: until removed), `skip` (calls that pass first), and the kind's arguments |
| `GET /faults`, `DELETE /faults`, `DELETE /faults/<id>` | all faults with their hits; remove all, or one: what hangs goes on |
| `GET /actions`, `POST /actions/<name>` | what actions there are; do one |
"""  # noqa: E501 - rows of a table


def render() -> str:
    """The page as Markdown."""
    parts = [HEAD, CONTROL, *_faults(), *_switches(), *_actions(), *_topology(), *_calls()]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _faults() -> Iterator[str]:
    yield (
        "## Faults\n\nThe first order that matches a call decides. A call is named as in `GET /counters`. An order "
        "that can never be met is refused with what there is: a call that the endpoint does not have, or one that "
        "cannot go wrong in that way. Calls of a vCenter: "
        f"{_names(soap.CALLS)}; `Fetch.<property>` for any property. Calls of an array: those of "
        f"[REST 2](#rest-2) and, of REST 1, {_names(rest1.CALLS)}; `GET api_version`.\n"
    )
    yield _table(
        ("kind", "effect", "arguments"),
        [(f"`{kind}`", EFFECTS[kind], _arguments(kind)) for kind in KINDS],
    )


def _names(calls: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(calls))


def _arguments(kind: str) -> str:
    told = [f"`{name}`{' (required)' if REQUIRED.get(kind) == name else ''}: {ARGUMENTS[name]}" for name in KINDS[kind]]
    return "; ".join(told) or "none"


def _switches() -> Iterator[str]:
    yield (
        "## Switches\n\nBehaviours that no source settles, with what there is to go by. They are set in the topology, "
        "or while it runs with the action `set-switch`.\n"
    )
    hints, told = get_type_hints(Switches), _field_docs(Switches)
    yield _table(
        ("switch", "default", "other values", "meaning", "source"),
        [
            (
                f"`{camel(item.name)}`",
                f"`{_value(item.default)}`",
                _others(hints[item.name], item.default),
                told[item.name],
                SOURCES.get(item.name, "none found"),
            )
            for item in fields(Switches)
        ],
    )


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _others(hint: Any, default: Any) -> str:
    if get_origin(hint) is Literal:
        return ", ".join(f"`{item}`" for item in get_args(hint) if item != default)
    if hint is bool:
        return f"`{_value(not default)}`"
    return "any whole number" if hint is int else "seconds"


def _field_docs(kind: type) -> dict[str, str]:
    """The string below each field."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - the source of a class
    found = {}
    for item, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and isinstance(below, ast.Expr):
            found[item.target.id] = " ".join(str(ast.literal_eval(below.value)).split())
    return found


def _actions() -> Iterator[str]:
    yield (
        "## Actions\n\nA `protectionGroup` is `<array>:<name>`, or the name alone where it is unique; an `endpoint` is "
        "a vCenter or an array; a `target` is an array. `?`: may be left out.\n"
    )
    rows = []
    for name, action in sorted({**ACTIONS, **DOOR_ACTIONS}.items()):
        arguments = _read_by(action)
        told = ", ".join(f"`{item}{'?' if optional else ''}`" for item, optional in arguments.items())
        rows.append((f"`{name}`", told or "none", " ".join((inspect.getdoc(action) or "").split())))
    yield _table(("action", "arguments", "effect"), rows)


_REQUIRING = {"text": 1, "number": 1, "flag": 1, "any": 1, "one_of": 2}
"""Reads of `Fields` that refuse a missing field, with how many arguments they then have: one more is a default."""


def _read_by(function: Any) -> dict[str, bool]:
    """The fields an action reads from its arguments, and whether each may be missing; read from its source."""
    found: dict[str, bool] = {}
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for node in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        called = node.func
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in _READERS:
            if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                defaults = [word for word in node.keywords if word.arg == "default"]
                needed = len(node.args) + len(defaults) == _REQUIRING.get(called.attr)
                name = node.args[0].value
                found[name] = found.get(name, False) or not needed
        elif isinstance(called, ast.Name) and any(
            isinstance(arg, ast.Name) and arg.id in _READERS for arg in node.args
        ):
            helper = function.__globals__.get(called.id)
            if inspect.isfunction(helper):
                found |= {name: found.get(name, False) or optional for name, optional in _read_by(helper).items()}
    return found


_READERS = ("args", "fields")


def _topology() -> Iterator[str]:
    yield "## Topology\n\nA YAML file. A key nobody knows is refused, with its place.\n"
    rows = [
        (f"`{f'{place}.' if place else ''}{name}`", meaning)
        for place, names in KEYS.items()
        for name, meaning in names.items()
    ]
    yield _table(("key", "meaning"), rows)


def _calls() -> Iterator[str]:
    yield (
        "## REST 2\n\nWhat an array answers, and since which version; a parameter newer than the version in the path "
        "is refused, a field newer than it is not shown. Source: the vendor's specifications 2.0 to 2.55, compared.\n"
    )
    rows = []
    for name, shape in SHAPES.items():
        newer = {key: since for key, since in (shape.query | shape.body).items() if since > shape.since}
        told = ", ".join(f"`{key}` 2.{since}" for key, since in sorted(newer.items(), key=lambda item: item[1]))
        rows.append((f"`{name}`", f"2.{shape.since}", told or "none"))
    yield _table(("call", "since", "later parameters"), rows)
    known = ", ".join(f"`{name}`" for name in INVENTORY)
    yield f"Read only, mostly empty, with any parameter: {known}.\n"
