"""Which replication group the parts of VMs are in, by PBM's word.

PBM is asked about many VMs at once and answers a row for each part of each; one part's fault is that part's hole, and
so is what the client does not know in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import convert, faults
from .accounting import Part
from .managers import replication_manager
from .session import Session
from .transport import UPDATE, Unfamiliar, Unreadable, answered
from .vmomi import pbm, vim, vmodl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vvol_replication.domain.groups import GroupId

_BATCH = 100
_LOOK = "Look at the VM's storage policy in vCenter."
_MOST_ODD = 20
_TOO_MUCH = (vmodl.fault.InvalidArgument, pbm.fault.NotFound, vim.fault.NotFound)
_GONE = (pbm.fault.NotFound, vim.fault.NotFound, vmodl.fault.ManagedObjectNotFound)


@dataclass(slots=True)
class Placement:
    """The parts of VMs and the groups that they are in. `holes` has a line for each VM of which that is not known.

    `strangers` are those that PBM does not know: gone, or registered a moment ago.
    """

    groups: dict[Part, GroupId] = field(default_factory=dict)
    holes: dict[str, str] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)


class Policies:
    """Asks PBM of one vCenter which groups the parts of VMs are in."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked = session.asked("PbmQueryReplicationGroups")
        self._odd = 0

    def place(self, moids: Sequence[str]) -> Placement:
        """The groups of these VMs' homes and disks."""
        placement = Placement()
        for start in range(0, len(moids), _BATCH):
            self._place(moids[start : start + _BATCH], placement)
        return placement

    def _place(self, moids: Sequence[str], placement: Placement) -> None:
        """One question; halved where one VM spoils it for all."""
        server = self._session.opened().instance_uuid
        refs = [pbm.ServerObjectRef(objectType="virtualMachineAndDisks", key=moid, serverUuid=server) for moid in moids]
        manager = replication_manager(self._session)
        try:
            rows = answered(self._session.call(lambda: manager.QueryReplicationGroups(refs)))
        except (*_TOO_MUCH, Unfamiliar) as error:
            odd = isinstance(error, Unfamiliar)
            # Where nearly every answer is of a newer vCenter, it is not asked twice for each VM.
            if len(moids) == 1 or (odd and self._odd >= _MOST_ODD):
                self._odd += odd
                for moid in moids:
                    self._hole(moid, error, placement)
                return
            middle = len(moids) // 2
            self._place(moids[:middle], placement)
            self._place(moids[middle:], placement)
            return
        answered_for = {self._take(row, server, placement) for row in rows}
        for moid in moids:
            if moid not in answered_for:
                seen = f"it says nothing about VM {self._asked.quote(moid)}."
                placement.holes.setdefault(moid, self._asked.line(seen))

    def _take(self, row: Any, server: str, placement: Placement) -> str | None:
        """Keep one row; the id of the VM that it is about."""
        entity = row.object
        if entity is None or not entity.key or (entity.serverUuid or server).casefold() != server.casefold():
            return None  # about nothing of this vCenter: whoever it was meant for is then one that nothing is said of
        moid, _, disk = str(entity.key).partition(":")
        if row.fault is not None:
            self._hole(moid, row.fault, placement)
        elif row.replicationGroupId is not None:
            try:
                group = convert.group_id(row.replicationGroupId)
            except Unreadable as error:
                self._hole(moid, error, placement)
                return moid
            if group.device_group != convert.ON_DEMAND:
                placement.groups[Part(moid, int(disk) if disk.isdecimal() else None)] = group
        return moid

    def _hole(self, moid: str, fault: Any, placement: Placement) -> None:
        if isinstance(fault, _GONE):
            placement.strangers.add(moid)
        else:
            if isinstance(fault, Unfamiliar):
                seen = self._asked.line(f"{self._asked.quote(fault)}. {UPDATE}")
            elif isinstance(fault, Unreadable):
                seen = self._asked.line(f"its answer could not be read ({self._asked.quote(fault)}). {_LOOK}")
            else:
                seen = faults.message(fault, self._asked)
            placement.holes[moid] = f"The group of VM {self._asked.quote(moid)} could not be read: {seen}"
