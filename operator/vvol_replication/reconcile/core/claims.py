"""One request id, several objects: which of them is it the same request for, and for which a conflict (invariant 1)?

Namespaces are independent. In one namespace an id belongs to the object that used it first; another object with the
same method, name and target is the same request, and never makes a second push; any other is a conflict.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from vvol_replication.api.conditions import find
from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_SYNC
from vvol_replication.api.preparation import PreparationStatus
from vvol_replication.api.sync import Method, PointInTimeStatus, Resolved, SyncStatus, TransferStatus
from vvol_replication.domain.arrays import Snapshot

from .request import Preparation, Request


@dataclass(frozen=True, slots=True)
class Claim:
    """What one object makes of its request id. `name` is the asked one; `resolved` is there once it acted.

    `bound` is what the group of one that has not acted stands for now. A preparation has no method and asks for no
    name.
    """

    kind: str
    uid: str
    label: str
    created: datetime
    method: Method | None
    name: str | None
    group: str
    ended: bool = False
    complete: bool = False
    resolved: Resolved | None = None
    snapshot: str | None = None
    point_in_time: PointInTimeStatus | None = None
    transfer: TransferStatus | None = None
    bound: Resolved | None = None

    @property
    def uses(self) -> bool:
        """Has it done something under the id, or will it?"""
        return self.resolved is not None or self.complete or not self.ended

    @property
    def place(self) -> tuple[bool, bool, datetime, str]:
        """Orders claims on one id: who has completed it owns it, then who has acted, else who was there first."""
        return not self.complete, self.resolved is None, self.created, self.uid

    def identified(self, mine: Snapshot) -> str | None:
        """The id of the point in time that it found for this snapshot; None: it found none, or is of another one."""
        suffix = (self.snapshot or "").rpartition(".")[2]
        if not self.complete or self.point_in_time is None or suffix.casefold() != mine.suffix.casefold():
            return None
        return self.point_in_time.id


@dataclass(frozen=True, slots=True)
class OtherClaims:
    """What the other objects with the same id mean for a request: `clash` says why it may not go on.

    `twin` is the same request by another object that has done something for it already.
    """

    clash: str | None = None
    twin: Claim | None = None


NO_OTHER_CLAIMS = OtherClaims()


def claim_of(request: Request, status: SyncStatus) -> Claim:
    """A request's own claim."""
    operation, complete = status.operation, find(status.conditions, "Complete")
    return Claim(
        kind=REPLICATION_SYNC.kind,
        uid=request.uid,
        label=request.label,
        created=request.created,
        method=request.spec.method,
        name=request.spec.point_in_time_name,
        group=request.spec.group,
        ended=status.finished_at is not None,
        complete=complete is not None and complete.status == "True",
        resolved=operation.resolved if operation else None,
        snapshot=operation.push.snapshot if operation and operation.push else None,
        point_in_time=status.point_in_time,
        transfer=status.transfer,
    )


def claim_of_preparation(request: Preparation, status: PreparationStatus) -> Claim:
    """A preparation's own claim."""
    complete = find(status.conditions, "Complete")
    return Claim(
        kind=FAILOVER_PREPARATION.kind,
        uid=request.uid,
        label=request.label,
        created=request.created,
        method=None,
        name=None,
        group=request.spec.group,
        ended=status.finished_at is not None,
        complete=complete is not None and complete.status == "True",
        resolved=status.operation.resolved if status.operation else None,
    )


def judge(mine: Claim, bound: Resolved | None, others: Iterable[Claim]) -> OtherClaims:
    """Judge the claims on one id in one namespace. `bound` is what the request's group stands for now.

    A claim of which it is not known yet whether it is for the same group is neither a conflict nor the same request: a
    conflict is final, and after a restart no group stands for anything until its sites were read. Nothing is lost by
    that: a request whose own group is not known cannot act, and of two that can the first one to act has the id.
    """
    target = mine.resolved or bound
    earlier = sorted((one for one in others if one.uid != mine.uid and one.uses), key=lambda one: one.place)
    before = [one for one in earlier if one.place < mine.place and not _undecided(mine, target, one)]
    for one in before:
        difference = _difference(mine, target, one)
        if difference is not None:
            return OtherClaims(
                clash=f"{one.kind} {one.label!r} has the same requestID, but {difference}. "
                f"Create a new {one.kind} with another requestID."
            )
    done = [one for one in before if one.complete] or [one for one in before if one.snapshot is not None]
    return OtherClaims(twin=done[0] if done else None)


def _undecided(mine: Claim, target: Resolved | None, other: Claim) -> bool:
    """Two ReplicationGroups may be one group. One that has completed without acting is not waited for."""
    if mine.group == other.group:
        return False
    return target is None or (other.resolved is None and other.bound is None and not other.complete)


def _difference(mine: Claim, target: Resolved | None, other: Claim) -> str | None:
    if mine.method is not other.method:
        return f"method {other.method}"
    if mine.name != other.name:
        return "no pointInTimeName" if other.name is None else f"pointInTimeName {other.name!r}"
    theirs = other.resolved or other.bound
    if target is not None and theirs is not None:
        return None if _where(target) == _where(theirs) else "another target"
    return None if mine.group == other.group else f"groupRef {other.group!r}"


def _where(resolved: Resolved) -> tuple[str, str, str]:
    return resolved.source_array_id, resolved.protection_group.casefold(), resolved.target_array_id
