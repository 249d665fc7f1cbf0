"""A page for each kind, from its CRD: every field with type, meaning, limits and whether it can be changed."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from vvol_replication.api.names import GROUP, KINDS, VERSION, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CRDS = Path(__file__).parents[2] / "crds"
_LIMITS = {
    "minimum": "from {}",
    "maximum": "to {}",
    "maxLength": "at most {} characters",
    "maxItems": "at most {} entries",
}
_CONDITIONS = """\
Each entry of `status.conditions` has `type`, `status` (`True`, `False` or `Unknown`), `reason` (a word of the
[catalogue](../reasons.md)), `message`, `observedGeneration` and `lastTransitionTime`.
"""
_AGES = """\
Ages are reckoned by the API server's clock: `<invalid>` is a time ahead of it, so look at the clocks of the nodes.
Times of the storage are shown as they are, in UTC.
"""
_REPEATED = "status.conditions[]."

Node = dict[str, Any]


def pages() -> Mapping[str, Callable[[], str]]:
    """Each kind's page by its path from the root, and what makes its text."""
    return {f"docs/reference/{kind.kind.lower()}.md": functools.partial(render, kind) for kind in KINDS}


def render(kind: Kind) -> str:
    """The page as Markdown."""
    crd = yaml.load((CRDS / f"{GROUP}_{kind.plural}.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)["spec"]
    (version,) = crd["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    short = ", ".join(f"`{one}`" for one in crd["names"]["shortNames"])
    scope = "in a namespace" if crd["scope"] == "Namespaced" else "cluster-wide"
    parts = [
        f"# {kind.kind}\n\n{schema['description']}\n",
        f"`apiVersion: {GROUP}/{VERSION}`, `kind: {kind.kind}`; {scope}; for kubectl also {short}.\n",
        f"## spec\n\n{schema['properties']['spec']['description']}\n",
        _table(_fields(schema["properties"]["spec"], "spec"), _rules(schema["properties"]["spec"])),
        *_about_all(schema["properties"]["spec"]),
        f"## status\n\n{schema['properties']['status']['description']}\n",
        _table(_fields(schema["properties"]["status"], "status"), None),
        _CONDITIONS,
        "## Columns of kubectl get\n",
        _columns(version["additionalPrinterColumns"]),
    ]
    return "\n".join(parts)


def _fields(node: Node, path: str, *, required: bool = True) -> Iterator[tuple[str, Node, bool]]:
    """(path, schema, must be given) of all below a node."""
    below = node.get("items", node)
    inner = f"{path}[]" if "items" in node else path
    for name, child in below.get("properties", {}).items():
        place = f"{inner}.{name}"
        if place.startswith(_REPEATED):
            continue
        needed = name in below.get("required", ())
        yield place, child, needed
        yield from _fields(child, place, required=needed and required)


def _table(fields: Iterator[tuple[str, Node, bool]], rules: Mapping[str, str] | None) -> str:
    head = ["field", "type", "meaning", "limits"] + ([] if rules is None else ["can be changed"])
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for path, node, required in fields:
        cells = [f"`{path.partition('.')[2]}`", _type(node), node["description"], _limits(node)]
        if rules is not None:
            cells[1] += ", required" if required else ""
            cells.append(_changeable(path, rules))
        escaped = [cell.replace("|", "\\|") for cell in cells]
        lines.append(f"| {' | '.join(escaped)} |")
    return "\n".join(lines) + "\n"


def _type(node: Node) -> str:
    if node["type"] == "array":
        return f"list of {_type(node['items'])}"
    return "time" if node.get("format") == "date-time" else str(node["type"])


def _limits(node: Node) -> str:
    if "enum" in node:
        return " or ".join(f"`{one}`" for one in node["enum"])
    told = [text.format(node[key]) for key, text in _LIMITS.items() if key in node]
    told += [rule["message"] for rule in node.get("x-kubernetes-validations", ())]
    return "; ".join(told) or "none"


def _rules(spec: Node) -> dict[str, str]:
    """By field: what its transition rule says when it is broken."""
    return {
        f"spec{rule['fieldPath']}": rule["message"].partition(":")[0]
        for rule in spec.get("x-kubernetes-validations", ())
        if _about_changes(rule)
    }


def _about_changes(rule: Node) -> bool:
    """Is it about objects that are there? A rule with an optional old self is for new ones alone."""
    return "oldSelf" in rule["rule"] and "optionalOldSelf" not in rule


def _changeable(path: str, rules: Mapping[str, str]) -> str:
    rule = next((text for at, text in rules.items() if path == at or path.startswith(f"{at}.")), None)
    if rule is None:
        return "yes"
    return "no" if rule.endswith("is immutable") else re.sub(r"^\w+ ", "", rule)


def _about_all(spec: Node) -> Iterator[str]:
    told = [one["message"] for one in spec.get("x-kubernetes-validations", ()) if not _about_changes(one)]
    if told:
        yield "Also: " + "; ".join(told) + ".\n"


def _columns(columns: list[Node]) -> str:
    lines = ["| column | from | shown |", "|---|---|---|"]
    for one in columns:
        path = one["jsonPath"].replace("|", "\\|")
        when = "with `-o wide`" if one.get("priority") else "always"
        lines.append(f"| {one['name'].upper()} | `{path}` | {when}{', as an age' if one['type'] == 'date' else ''} |")
    return "\n".join([*lines, "", _AGES])
