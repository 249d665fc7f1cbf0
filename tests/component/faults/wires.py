"""The calls that rows of all endpoints are about: one that reads and one that changes, and their names on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from .rows import REST1, REST2, VCENTER

READS: Final[Mapping[str, str]] = {VCENTER: "group", REST1: "connections", REST2: "connections"}
CHANGES: Final[Mapping[str, str]] = {VCENTER: "start_sync", REST1: "push", REST2: "push"}
LOGINS: Final[Mapping[str, str]] = {VCENTER: "Login", REST1: "POST auth/session", REST2: "POST login"}

WIRES: Final[Mapping[tuple[str, str], str]] = {
    (VCENTER, "group"): "QueryReplicationGroupInfo",
    (VCENTER, "start_sync"): "SyncReplicationGroup_Task",
    (VCENTER, "start_prepare"): "PrepareFailoverReplicationGroup_Task",
    (REST1, "connections"): "GET array/connection",
    (REST1, "push"): "POST pgroup",
    (REST2, "connections"): "GET array-connections",
    (REST2, "push"): "POST protection-group-snapshots",
}
"""The simulator's names of the calls on the wire."""


def both(endpoint: str) -> Iterator[tuple[str, str]]:
    """(call of the port, its name on the wire): the reading one, and those that change something."""
    yield from ((call, wire) for (where, call), wire in WIRES.items() if where == endpoint)
