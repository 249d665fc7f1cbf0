"""What a case is: the least spec of a kind with one field as it may be, or may not be."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import pytest

from vvol_replication.api import names
from vvol_replication.api.names import Kind

LEAST: dict[Kind, dict[str, Any]] = {
    names.VCENTER: {"address": "vcenter.dallas.example.com", "credentialsSecretRef": {"name": "vcenter-dallas"}},
    names.FLASHARRAY: {"address": "flasharray-a", "apiTokenSecretRef": {"name": "flasharray-a"}},
    names.REPLICATION_GROUP: {
        "recoverySite": {"vCenterRef": {"name": "dallas"}},
        "group": {"name": "flasharray-a:erp"},
    },
    names.REPLICATION_SYNC: {"groupRef": {"name": "erp"}},
    names.FAILOVER_PREPARATION: {"groupRef": {"name": "erp"}, "consent": "erp", "notAfter": "2026-12-01T00:00:00Z"},
    names.REPLICATION_SCHEDULE: {"groupRef": {"name": "erp"}, "schedule": "30 2 * * *"},
}
"""The least that each kind's spec must say."""

NAME = "lower-case letters, digits, - and .; a letter or a digit at both ends and on both sides of a dot"
DURATION = "write a duration like 90s, 15m or 1h30m: "


@dataclass(frozen=True)
class Case:
    """The least spec of `kind` with `path` set to `value` (`None`: removed).

    A wrong one has `where`, the path that the typed value complains of, and `server`, a part of what the API server
    says to the person who applies it.
    """

    kind: Kind
    path: str
    value: Any = field(hash=False)
    where: str = ""
    server: str = ""

    @property
    def spec(self) -> dict[str, Any]:
        """The spec that the case is about."""
        spec = copy.deepcopy(LEAST[self.kind])
        put(spec, self.path, self.value)
        return spec


def put(spec: dict[str, Any], path: str, value: object) -> None:
    """Set a nested field, or remove it for `None`."""
    *parents, last = path.split(".")
    for parent in parents:
        spec = spec.setdefault(parent, {})
    if value is None:
        spec.pop(last, None)
    else:
        spec[last] = value


def params(cases: list[Case]) -> list[Any]:
    """The cases as pytest parameters with ids that can be read."""
    return [pytest.param(case, id=f"{case.kind.kind}-{case.path}={str(case.value)[:30]!r}") for case in cases]
