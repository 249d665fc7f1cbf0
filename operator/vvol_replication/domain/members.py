"""The virtual machines of a replication group, and whether they account for all of its members (invariant 8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .groups import GroupId


class PowerState(StrEnum):
    """A VM's power. `UNKNOWN` is ours: not read, or off only by what was seen last; it counts as on."""

    ON = "poweredOn"
    OFF = "poweredOff"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GroupVM:
    """One VM with its home or a disk in the group, as the vCenter of the source side shows it.

    `moid` is good within its own vCenter only; `instance_uuid` is the VM's identity. `home`: its configuration is in
    the group; `disks` are the device keys of those of its disks that are. `elsewhere` are the other groups that parts
    of it are in: a VM that is split over groups is failed over in pieces.
    `state` says in a few words what its vCenter shows of it where it is not connected to it; empty where it is.
    """

    moid: str
    name: str
    instance_uuid: str | None
    power: PowerState
    home: bool
    disks: tuple[int, ...] = ()
    elsewhere: tuple[GroupId, ...] = ()
    state: str = ""

    @property
    def split(self) -> bool:
        """True where parts of it are in another group."""
        return bool(self.elsewhere)


@dataclass(frozen=True, slots=True)
class Membership:
    """What one vCenter shows of a source group's members.

    `unaccounted` names members of the group, by the provider's word, that belong to no VM that was read. `problems`
    says, a line each, what could not be read; where there is one, or no VM, absence proves nothing (invariant 10).
    `unread` names, where something is unaccounted, the VMs that it may be of: those whose configuration is not shown.
    """

    vms: tuple[GroupVM, ...]
    unaccounted: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Is every member accounted for by a VM that was read?"""
        return bool(self.vms) and not self.unaccounted and not self.problems
