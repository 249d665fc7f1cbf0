"""The CRDs as the tests read them: each node of a schema with its path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vvol_replication.api.names import Kind

DIRECTORY = Path(__file__).parents[3] / "crds"

Node = dict[str, Any]


def load(kind: Kind) -> Node:
    """The CRD of a kind."""
    document: Node = yaml.safe_load((DIRECTORY / f"{kind.crd_name.partition('.')[2]}_{kind.plural}.yaml").read_text())
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
