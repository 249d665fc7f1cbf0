"""The CRDs as the tests read them: each node of a schema with its path."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vvol_replication.api.names import Kind

DIRECTORY = Path(__file__).parents[3] / "crds"

Node = dict[str, Any]


@functools.cache
def load(kind: Kind) -> Node:
    """The CRD of a kind; read once, so nobody changes it."""
    text = (DIRECTORY / f"{kind.crd_name.partition('.')[2]}_{kind.plural}.yaml").read_text()
    document: Node = yaml.load(text, Loader=yaml.CSafeLoader)
    return document


def schema(kind: Kind, part: str) -> Node:
    """The schema of `spec` or `status`."""
    (version,) = load(kind)["spec"]["versions"]
    node: Node = version["schema"]["openAPIV3Schema"]["properties"][part]
    return node


def walk(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    """The node and all below it; elements of a list are `path[]`."""
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from walk(child, f"{path}.{name}" if path else name)
    if "items" in node:
        yield from walk(node["items"], f"{path}[]")


def leaves(node: Node) -> set[str]:
    """Paths of everything that holds a value and no further fields."""
    return {path for path, below in walk(node, "") if "properties" not in below and "items" not in below}


def at(kind: Kind, path: str) -> Node:
    """The schema of one field of a spec or status."""
    part, _, rest = path.partition(".")
    return dict(walk(schema(kind, part), ""))[rest]


def form(node: Node) -> str:
    """The regular expression that a field's rule asks for."""
    rules = [one["rule"] for one in node["x-kubernetes-validations"]]
    texts = " ".join(rule for rule in rules if " || " not in rule)
    (found,) = re.findall(r"self\.matches\(r'(\^.*?\$)'\)", texts)
    return str(found)


def numbers(node: Node) -> tuple[int, ...]:
    """From where to where a field's rule lets a number be."""
    texts = " ".join(one["rule"] for one in node.get("x-kubernetes-validations", ()))
    found = re.fullmatch(r"self >= (\d+) && self <= (\d+)", texts)
    return tuple(int(bound) for bound in found.groups()) if found else ()
