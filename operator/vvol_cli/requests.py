"""The objects that commands create. Pure: names are drawn outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .headstart import GROUP
from .reading import name_of, namespace_of, written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from .reading import Object

_NAME_LIMIT = 253
DRY_RUN_KEPT = 24 * 3600
"""Seconds that the object of a dry run stays, as a record."""


def new_name(group: str, now: datetime, mark: str, what: str = "") -> str:
    """A name for a request that nobody has: the group, what it is, the time, and a drawn mark.

    It is chosen here and not by the API server, so that a request whose answer was lost can be found again.
    """
    end = f"{'-' + what if what else ''}-{now:%Y%m%d-%H%M%S}-{mark}"
    return group[: _NAME_LIMIT - len(end)].rstrip("-.") + end


def _request(kind: str, group: Object, name: str, spec: Mapping[str, Any]) -> Object:
    return {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace_of(group)},
        "spec": {"groupRef": {"name": name_of(group)}}
        | {key: value for key, value in spec.items() if value is not None},
    }


def sync(group: Object, name: str, **spec: Any) -> Object:
    """A ReplicationSync on a group; fields that are None are left out."""
    return _request("ReplicationSync", group, name, spec)


def preparation(group: Object, name: str, not_after: datetime, *, dry_run: bool, **spec: Any) -> Object:
    """A FailoverPreparation of a group, with consent. That of a dry run is deleted after a day."""
    asked: dict[str, Any] = {"consent": name_of(group), "notAfter": written(not_after), **spec}
    if dry_run:
        asked |= {"dryRun": True, "ttlSecondsAfterFinished": DRY_RUN_KEPT}
    return _request("FailoverPreparation", group, name, asked)
