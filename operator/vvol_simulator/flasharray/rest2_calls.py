"""Which calls REST 2 has, and since which minor version each call, parameter and field exists.

Source: the vendor's own specs `FA2.0` to `FA2.55` (repository PureStorage-OpenConnect/swagger), compared one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Minors = dict[str, int]

_CONTEXT: Minors = {"context_names": 38}
_LIST: Minors = _CONTEXT | {
    "filter": 0, "limit": 0, "offset": 0, "sort": 0, "total_item_count": 0, "allow_errors": 38,
}  # fmt: skip
_PAGED: Minors = _LIST | {"continuation_token": 0}
_NAMED: Minors = {"names": 0, "ids": 26}
_GROUPS: Minors = {"group_names": 0, "group_ids": 26, "member_names": 0, "member_ids": 37}
_PUSH: Minors = {"source_names": 0, "source_ids": 26, "apply_retention": 0, "for_replication": 4, "replicate": 4,
                 "replicate_now": 4, "allow_throttle": 25}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """One call: since when, its query parameters, and the fields of its body."""

    since: int
    query: Minors
    body: Minors = field(default_factory=dict)


SHAPES: Mapping[str, Shape] = {
    "GET arrays": Shape(2, _LIST | {"continuation_token": 38}),
    "GET array-connections": Shape(4, _PAGED | {"names": 0, "ids": 40, "remote_ids": 40, "remote_names": 40}),
    "GET pods": Shape(1, _PAGED | {"names": 0, "ids": 0, "destroyed": 0, "total_only": 0}),
    "GET offloads": Shape(1, _LIST | {"names": 0, "protocol": 0, "total_only": 0, "continuation_token": 38}),
    "GET sessions": Shape(4, _PAGED | {"names": 0, "ids": 0}),
    "GET protection-groups": Shape(1, _PAGED | _NAMED | {"destroyed": 0, "total_only": 0}),
    "PATCH protection-groups": Shape(1, _CONTEXT | _NAMED, {"destroyed": 1}),
    "DELETE protection-groups": Shape(1, _CONTEXT | _NAMED),
    "GET protection-groups/targets": Shape(1, _PAGED | _GROUPS),
    "PATCH protection-groups/targets": Shape(1, _CONTEXT | _GROUPS, {"allowed": 1}),
    "GET protection-groups/volumes": Shape(1, _PAGED | _GROUPS | {"member_destroyed": 9, "member_ids": 9,
                                                                  "include_remote": 41}),
    "GET protection-group-snapshots": Shape(
        1, _PAGED | _NAMED | {"destroyed": 0, "source_names": 0, "source_ids": 26, "total_only": 0}
    ),
    "POST protection-group-snapshots": Shape(1, _CONTEXT | _PUSH, {"suffix": 1, "tags": 44}),
    "POST protection-group-snapshots/test": Shape(25, _CONTEXT | _PUSH, {"suffix": 25}),
    "POST protection-group-snapshots/replica": Shape(
        25, _CONTEXT | _NAMED | {"on": 25, "convert_source_to_baseline": 25}
    ),
    "PATCH protection-group-snapshots": Shape(1, _CONTEXT | _NAMED, {"destroyed": 1}),
    "DELETE protection-group-snapshots": Shape(1, _CONTEXT | _NAMED),
    "GET protection-group-snapshots/transfer": Shape(
        1, _LIST | _NAMED | {"destroyed": 0, "source_names": 0, "source_ids": 26, "total_only": 0,
                             "continuation_token": 29}
    ),
}  # fmt: skip

FIELDS: Mapping[str, Minors] = {
    "arrays": {"_as_of": 26, "time_zone": 26, "eradication_config": 6, "encryption": 6, "context": 38},
    "connections": {"encryption": 33, "encryption_mode": 33, "context": 38, "os": 40, "remote": 40},
    "groups": {"eradication_config": 13, "retention_lock": 13, "id": 26, "context": 38},
    "targets": {"status": 37, "context": 38},
    "members": {"context": 38},
    "snapshots": {"eradication_config": 13, "id": 26, "context": 38},
    "transfers": {"id": 26, "context": 38},
    "pods": {"link_source_count": 2, "link_target_count": 2, "promotion_status": 2, "requested_promotion_state": 2,
             "array_count": 3, "eradication_config": 13, "context": 38},
}  # fmt: skip
"""Fields that came later than their call."""


def trim(kind: str, row: dict[str, Any], minor: int) -> dict[str, Any]:
    """A row as an older version shows it."""
    since = FIELDS.get(kind, {})
    return {name: value for name, value in row.items() if since.get(name, 0) <= minor}
