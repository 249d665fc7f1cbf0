"""What a ClusterServiceVersion says of each kind, for OpenShift's console: words and fields as the CRDs have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from olm import source
from vvol_replication.api import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from olm.source import Object
    from vvol_replication.api.names import Kind

_SECRET = {"kind": "Secret", "version": "v1", "name": ""}
_EVENT = {"kind": "Event", "version": "v1", "name": ""}


def _ours(kind: Kind) -> Object:
    return {"kind": kind.kind, "version": names.VERSION, "name": kind.crd_name}


_RESOURCES: Mapping[Kind, list[Object]] = {
    names.VCENTER: [_SECRET, _ours(names.REPLICATION_GROUP), _EVENT],
    names.FLASHARRAY: [_SECRET, _EVENT],
    names.REPLICATION_GROUP: [_ours(names.VCENTER), _ours(names.FLASHARRAY), _EVENT],
    names.REPLICATION_SYNC: [_ours(names.REPLICATION_GROUP), _EVENT],
    names.FAILOVER_PREPARATION: [_ours(names.REPLICATION_GROUP), _EVENT],
    names.REPLICATION_SCHEDULE: [_ours(names.REPLICATION_SYNC), _EVENT],
}
"""The kinds of the objects that the operator reads or makes for an object."""
_DEEPEST = 3
"""Fields of fields of fields. Deeper ones are found by the one that they are in."""
_UI = "urn:alm:descriptor:com.tectonic.ui:"
_TYPES = {"boolean": f"{_UI}booleanSwitch", "integer": f"{_UI}number"}
"""How the console asks for what is no text."""
_STATUS_FIELDS = {
    "conditions": "urn:alm:descriptor:io.kubernetes.conditions",
    "phase": "urn:alm:descriptor:io.kubernetes.phase",
}
_SPELLED = {"Api": "API", "Ca": "CA", "Tls": "TLS", "Ttl": "TTL", "V Center": "vCenter"}


def owned() -> list[Object]:
    """Return an entry for each CRD."""
    return [_owned(kind) for kind in names.KINDS]


def _owned(kind: Kind) -> Object:
    schema = source.schema(kind)
    spec, status = (schema["properties"][one] for one in ("spec", "status"))
    return {
        "name": kind.crd_name,
        "kind": kind.kind,
        "version": names.VERSION,
        "displayName": kind.kind,
        "description": schema["description"],
        "resources": _RESOURCES[kind],
        "specDescriptors": [_described(path, node, _TYPES.get(node["type"], "")) for path, node in fields(spec)],
        "statusDescriptors": [
            _described(path, node, _STATUS_FIELDS.get(path, "")) for path, node in status["properties"].items()
        ],
    }


def fields(node: Object, above: str = "", depth: int = 1) -> Iterator[tuple[str, Object]]:
    """Yield (path, schema) of all fields below a node, without those of list entries."""
    for name, child in node.get("properties", {}).items():
        yield f"{above}{name}", child
        if depth < _DEEPEST:
            yield from fields(child, f"{above}{name}.", depth + 1)


def _described(path: str, node: Object, hint: str) -> Object:
    made = {"path": path, "displayName": spoken(path.rpartition(".")[2]), "description": node["description"]}
    return {**made, "x-descriptors": [hint]} if hint else made


def spoken(field: str) -> str:
    """Return a field's name in words: `groupRef` is `Group Ref`, `vCenterRef` is `vCenter Ref`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", field)
    words = words[0].upper() + words[1:]
    for made, right in _SPELLED.items():
        words = re.sub(rf"\b{made}\b", right, words)
    return words
