"""What is asked of an array, as `purestorage` calls: one REST call each wherever the array plays along."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from vvol_replication.domain.arrays import AlreadyThere, ArrayConnection, ProtectionGroup, Pushed, Snapshot

from . import answers, errors
from .array_text import ArrayText
from .failures import Answered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


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
        if errors.refusal_reason(refusal) == errors.PROTECTION_GROUP_NOT_FOUND:
            return None
        raise


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
    return answers.by_protection_group(_rows(array, list(dict.fromkeys(names))), names)


def push(array: Purestorage, name: str, suffix: str) -> Pushed | AlreadyThere:
    """Snapshot and replicate now, with the retention of the protection group."""
    try:
        answer = array.create_pgroup_snapshots([name], suffix=suffix, replicate_now=True, apply_retention=True)
    except Answered as refusal:
        there = errors.already_there(refusal, suffix)
        if there is None:
            raise
        return AlreadyThere(there)
    return answers.pushed(answer, f"{name}.{suffix}")


def _rows(array: Purestorage, names: list[str]) -> tuple[Snapshot, ...]:
    """Rows of those protection groups that exist: an array answers 400 to all if one is missing.

    It mostly names the missing one; where it does not, the list is halved.
    """
    if not names:
        return ()
    try:
        return _with_destroyed(array, partial(array.list_pgroups, names=names))
    except Answered as refusal:
        if not errors.missing(refusal):
            raise
        if len(names) == 1:
            return ()
        gone = {name.lower() for name in ArrayText.parse(refusal.text).names}
        others = [name for name in names if name.lower() not in gone]
        if len(others) < len(names):
            return _rows(array, others)
        half = len(names) // 2
        return _rows(array, names[:half]) + _rows(array, names[half:])


def _with_destroyed(array: Purestorage, ask: Callable[..., Any]) -> tuple[Snapshot, ...]:
    """Rows live and destroyed, by one question or two; what the array takes is remembered for the session."""
    if array.pending_with_transfer:
        try:
            return answers.snapshots(ask(snap=True, transfer=True, pending=True))
        except Answered as refusal:
            if errors.refusal_reason(refusal) != errors.ARRAY_REFUSED:
                raise
    live = answers.snapshots(ask(snap=True, transfer=True))
    gone = answers.snapshots(ask(snap=True, pending_only=True), destroyed=True)
    array.pending_with_transfer = False
    return answers.with_destroyed(live, gone)
