"""The VMs of a source group, their power, and whether they account for all that the provider counts to the group.

Three witnesses: the provider (SMS) names the group's members, PBM says which parts of which VMs are in it, and the
property collector says what those VMs are and whether they run. A VM that this account may not see is missing from the
last two; the first has it still, as a member that no VM accounts for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vvol_replication.domain.members import GroupVM, Membership, PowerState
from vvol_replication.domain.outcomes import Refused
from vvol_replication.storage import reasons

from .accounting import Part, Parts, describe
from .machines import CONNECTED, Machine, Machines
from .policies import Placement, Policies
from .session import Ended, Session
from .transport import Unreadable
from .vmomi import sms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vvol_replication.domain.groups import GroupId

_MOST_LINES = 20
_DISKS = "config.hardware.device"


class MembersQuery:
    """One question about one group, with all the calls that its answer takes; `info` asks SMS for the group."""

    def __init__(self, session: Session, group: GroupId, info: Callable[[], Any]) -> None:
        self._session = session
        self._group = group
        self._info = info
        self._reading = session.asked("RetrievePropertiesEx")

    def run(self) -> Membership:
        """The membership as it is now; the power is read last."""
        members = self._members()
        machines = Machines(self._session)
        known = machines.all()
        placement = Policies(self._session).place(tuple(known))
        candidates = self._candidates(members, known, placement)
        found = machines.details([known[moid] for moid in candidates])
        parts = self._parts(found)
        accounted = {part for member in members for part in parts.all_of(member)}
        unaccounted = tuple(describe(member, self._session.redactor) for member in members if parts.of(member) is None)
        inside = {part for part, group in placement.groups.items() if group == self._group} | accounted
        vms = tuple(
            self._vm(machine, inside, placement)
            for moid, machine in found.items()
            if any(part.moid == moid for part in inside)
        )
        problems = [self._doubt(found[vm.moid]) for vm in vms if vm.power is PowerState.UNKNOWN]
        if not members:
            problems.append(
                f"The VASA provider at vCenter {self._session.address} names no members of group "
                f"{self._group}. So it is not known whether all of its VMs were seen."
            )
        if unaccounted or not members:
            # Of no matter where everything is accounted for: then the VM of the hole is none of the group's.
            problems.extend(placement.holes.values())
        unread = self._unread(machines, known, found) if unaccounted else ()
        return Membership(vms, _limited(unaccounted), _limited(problems), unread)

    def _members(self) -> list[Any]:
        info = self._info()
        if not isinstance(info, sms.storage.replication.SourceGroupInfo):
            if isinstance(info, sms.storage.replication.TargetGroupInfo):
                asked = self._session.asked("QueryReplicationGroupInfo", self._group)
                raise Ended(
                    Refused(reasons.WRONG_SIDE, asked.line("it is a target group. Only source groups have VMs."))
                )
            raise Unreadable("a group that is neither source nor target")
        return [member.deviceId for member in info.memberInfo or ()]

    def _parts(self, machines: dict[str, Machine]) -> Parts:
        parts = Parts(self._session.opened().instance_uuid)
        for machine in machines.values():
            parts.add(machine)
        return parts

    def _unread(self, machines: Machines, known: dict[str, Machine], found: dict[str, Machine]) -> tuple[str, ...]:
        """The VMs of which vCenter shows no configuration, or not all: whatever nobody accounts for may be theirs."""
        more = [machine for moid, machine in known.items() if moid not in found and machine.instance_uuid is None]
        read = [*found.values(), *machines.details(more[:_MOST_LINES]).values()]
        unread = [machine for machine in read if machine.why_not(_DISKS, self._reading) is not None]
        return _limited([self._likely_owner(machine) for machine in unread], beside=len(more[_MOST_LINES:]))

    def _likely_owner(self, machine: Machine) -> str:
        state = machine.state(self._reading) or machine.odd or "its configuration could not be read"
        return f"'{self._reading.quote(machine.name)}' ({self._reading.quote(state)})"

    def _doubt(self, machine: Machine) -> str:
        """Why a VM's power is not known, in one line."""
        for path in ("runtime.powerState", "runtime.connectionState"):
            unread = machine.why_not(path, self._reading)
            if unread is not None:
                return unread
        name = self._reading.quote(machine.name)
        return self._reading.line(f"VM {name} is not connected ({machine.state(self._reading)}).")

    def _candidates(self, members: Sequence[Any], known: dict[str, Machine], placement: Placement) -> list[str]:
        """The VMs to be read in full: in the group by PBM's or the provider's word, or nobody knows."""
        parts = self._parts(known)
        named = {part.moid for member in members for part in parts.all_of(member)}
        placed = {part.moid for part, group in placement.groups.items() if group == self._group}
        wanted = named | placed | placement.holes.keys() | placement.strangers
        return [moid for moid in known if moid in wanted]

    def _vm(self, machine: Machine, inside: set[Part], placement: Placement) -> GroupVM:
        own = {part for part in inside if part.moid == machine.moid}
        others = {group for part, group in placement.groups.items() if part.moid == machine.moid}
        return GroupVM(
            moid=machine.moid,
            name=machine.name,
            instance_uuid=machine.instance_uuid,
            power=_power(machine),
            state=machine.state(self._reading),
            home=Part(machine.moid) in own,
            disks=tuple(sorted(part.disk for part in own if part.disk is not None)),
            elsewhere=tuple(sorted(others - {self._group})),
        )


def _power(machine: Machine) -> PowerState:
    """What vCenter shows; of a VM that it is not connected to that is what it saw last, and no proof that it is off."""
    try:
        shown = PowerState(str(machine.values.get("runtime.powerState")))
    except ValueError:
        return PowerState.UNKNOWN
    return PowerState.UNKNOWN if shown is PowerState.OFF and machine.connection != CONNECTED else shown


def _limited(lines: Sequence[str], beside: int = 0) -> tuple[str, ...]:
    """Not more lines than anybody reads; then how many more there are, with those `beside`."""
    left = len(lines[_MOST_LINES:]) + beside
    return (*lines[:_MOST_LINES], f"and {left} more") if left else tuple(lines)
