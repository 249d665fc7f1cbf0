"""What is asked of an array, as `purestorage` calls: one REST call each wherever the array plays along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from vvol_replication.domain.arrays import (
    AlreadyThere,
    ArrayConnection,
    ProtectionGroup,
    ProtectionPolicy,
    Pushed,
    Snapshot,
)
from vvol_replication.storage.flasharray import merging, reading
from vvol_replication.storage.flasharray.errors import Answered, CallFailed, LookFailed, Unreadable, refusals
from vvol_replication.storage.flasharray.errors.array_text import ArrayText
from vvol_replication.storage.redaction import Redactor

from . import answers

T = TypeVar("T")


class Purestorage(Protocol):
    """The part of `purestorage.FlashArray` that is used."""

    pending_with_transfer: bool

    def list_array_connections(self, **arguments: Any) -> Any:
        """`GET array/connection`."""
        ...

    def get_pgroup(self, pgroup: str, **arguments: Any) -> Any:
        """`GET pgroup/<pgroup>`."""
        ...

    def list_pgroups(self, **arguments: Any) -> Any:
        """`GET pgroup`."""
        ...

    def create_pgroup_snapshots(self, sources: list[str], **arguments: Any) -> Any:
        """`POST pgroup` with `snap`."""
        ...


def connections(array: Purestorage) -> tuple[ArrayConnection, ...]:
    """All connections to other arrays."""
    return answers.connections(array.list_array_connections())


def protection_group(array: Purestorage, name: str) -> ProtectionGroup | None:
    """One protection group, a destroyed one too (`pending`); `None` where there is none."""
    try:
        return answers.protection_group(array.get_pgroup(name, pending=True))
    except Answered as refusal:
        if refusals.refusal_reason(refusal) == refusals.PROTECTION_GROUP_NOT_FOUND:
            return None
        raise


def protection_groups(array: Purestorage, names: Sequence[str]) -> Mapping[str, ProtectionGroup]:
    """Several protection groups, destroyed ones too; one that is missing has no entry."""
    rows = _existing(lambda names: reading.rows(array.list_pgroups(names=names, pending=True), "GET pgroup"), [*names])
    found = {group.name.lower(): group for group in map(answers.protection_group, rows)}
    return {name: found[name.lower()] for name in names if name.lower() in found}


def snapshots(array: Purestorage, name: str) -> tuple[Snapshot, ...]:
    """Live and destroyed snapshots with their transfers.

    One call, or two where the array takes no `pending` together with `transfer`: the live ones first, so that one
    destroyed in between is in both answers and never in neither.
    """
    return _with_destroyed(array, partial(array.get_pgroup, name))


def transfers(array: Purestorage, names: Sequence[str]) -> Mapping[str, tuple[Snapshot, ...]]:
    """All snapshots and transfers of several protection groups, destroyed ones included.

    One call, but where a group is missing, or the array does not show destroyed rows together with transfers.
    """
    return merging.by_protection_group(_rows(array, list(dict.fromkeys(names))), names)


def policies(array: Purestorage, names: Sequence[str]) -> Mapping[str, ProtectionPolicy]:
    """Schedule and targets' retention of several protection groups, destroyed ones not.

    Two calls, for an array takes `schedule` and `retention` in two only; more where a group is missing.
    """
    wanted = list(dict.fromkeys(names))
    schedules = _existing(lambda names: answers.schedules(array.list_pgroups(names=names, schedule=True)), wanted)
    retentions = _existing(lambda names: answers.retentions(array.list_pgroups(names=names, retention=True)), wanted)
    return merging.policies(dict(schedules), dict(retentions), names)


def push(array: Purestorage, name: str, suffix: str, redactor: Redactor) -> Pushed | AlreadyThere:
    """Snapshot and replicate now, with the retention of the protection group."""
    try:
        answer = array.create_pgroup_snapshots([name], suffix=suffix, replicate_now=True, apply_retention=True)
    except Answered as refusal:
        there = refusals.already_there(refusal, suffix, redactor)
        if there is None:
            raise
        destroyed = refusals.says_destroyed(refusal) or _is_destroyed(array, f"{name}.{suffix}", there)
        return AlreadyThere(there, destroyed=destroyed)
    return answers.pushed(answer, f"{name}.{suffix}")


def _is_destroyed(array: Purestorage, snapshot: str, said: str) -> bool:
    """Look at one snapshot of which the array only said that it exists."""
    try:
        rows = answers.snapshots(array.get_pgroup(snapshot, snap=True, pending=True))
        found = next((row for row in rows if row.name.lower() == snapshot.lower()), None)
        if found is None:
            raise Unreadable("the array does not show the snapshot of which it said that it exists")
    except CallFailed as failure:
        raise LookFailed(said, failure) from failure
    return found.destroyed


def _rows(array: Purestorage, names: list[str]) -> tuple[Snapshot, ...]:
    """Snapshots of those protection groups that exist."""
    return tuple(_existing(lambda names: _with_destroyed(array, partial(array.list_pgroups, names=names)), names))


def _existing(ask: Callable[[list[str]], Iterable[T]], names: list[str]) -> list[T]:
    """Rows of those protection groups that exist: an array answers 400 to all if one is missing.

    It mostly names the missing one; where it does not, the list is halved.
    """
    if not names:
        return []
    try:
        return list(ask(names))
    except Answered as refusal:
        if not refusals.missing(refusal):
            raise
        if len(names) == 1:
            return []
        gone = {name.lower() for name in ArrayText.parse(refusal.text).names}
        others = [name for name in names if name.lower() not in gone]
        if len(others) < len(names):
            return _existing(ask, others)
        half = len(names) // 2
        return _existing(ask, names[:half]) + _existing(ask, names[half:])


def _with_destroyed(array: Purestorage, ask: Callable[..., Any]) -> tuple[Snapshot, ...]:
    """Rows live and destroyed, by one question or two; what the array takes is remembered for the session."""
    if array.pending_with_transfer:
        try:
            return answers.snapshots(ask(snap=True, transfer=True, pending=True))
        except Answered as refusal:
            if refusals.refusal_reason(refusal) != refusals.ARRAY_REFUSED:
                raise
    live = answers.snapshots(ask(snap=True, transfer=True))
    gone = answers.snapshots(ask(snap=True, pending_only=True), destroyed=True)
    array.pending_with_transfer = False
    return merging.with_destroyed(live, gone)
