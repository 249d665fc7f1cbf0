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
from .machines import Machine, Machines
from .policies import Placement, Policies
from .session import Ended, Session
from .transport import Unreadable
from .vmomi import sms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vvol_replication.domain.groups import GroupId

_MOST_LINES = 20


class MembersQuery:
    """One question about one group, with all the calls that its answer takes; `info` asks SMS for the group."""

    def __init__(self, session: Session, group: GroupId, info: Callable[[], Any]) -> None:
        self._session = session
        self._group = group
        self._info = info

    def run(self) -> Membership:
        """The membership as it is now; the power is read last."""
        members = self._members()
        machines = Machines(self._session)
        known = machines.all()
        placement = Policies(self._session).place(tuple(known))
        candidates = self._candidates(members, known, placement)
        found = machines.details(candidates)
        parts = self._parts(found)
        accounted = {part for member in members if (part := parts.of(member)) is not None}
        unaccounted = tuple(describe(member, self._session.redactor) for member in members if parts.of(member) is None)
        inside = {part for part, group in placement.groups.items() if group == self._group} | accounted
        vms = tuple(
            self._vm(machine, inside, placement)
            for moid, machine in found.items()
            if any(part.moid == moid for part in inside)
        )
        reading = self._session.asked("RetrievePropertiesEx")
        problems = [
            line
            for vm in vms
            if vm.power is PowerState.UNKNOWN
            and (line := found[vm.moid].why_not("runtime.powerState", reading)) is not None
        ]
        if not members:
            problems.append(
                f"the storage provider at vCenter {self._session.address} names no members of group {self._group}, so"
                " that nothing tells whether all of its VMs were seen"
            )
        if unaccounted or not members:
            # Of no matter where everything is accounted for: then the VM of the hole is none of the group's.
            problems.extend(placement.holes.values())
        return Membership(vms, _limited(unaccounted), _limited(problems))

    def _members(self) -> list[Any]:
        info = self._info()
        if not isinstance(info, sms.storage.replication.SourceGroupInfo):
            if isinstance(info, sms.storage.replication.TargetGroupInfo):
                asked = self._session.asked("QueryReplicationGroupInfo", self._group)
                raise Ended(Refused(reasons.WRONG_SIDE, asked.line("it is a target group; a source group has the VMs")))
            raise Unreadable("a group that is neither source nor target")
        return [member.deviceId for member in info.memberInfo or ()]

    def _parts(self, machines: dict[str, Machine]) -> Parts:
        parts = Parts(self._session.opened().instance_uuid)
        for machine in machines.values():
            parts.add(machine)
        return parts

    def _candidates(self, members: Sequence[Any], known: dict[str, Machine], placement: Placement) -> list[str]:
        """The VMs to be read in full: in the group by PBM's or the provider's word, or nobody knows."""
        parts = self._parts(known)
        named = {part.moid for member in members if (part := parts.of(member)) is not None}
        placed = {part.moid for part, group in placement.groups.items() if group == self._group}
        wanted = named | placed | placement.holes.keys()
        return [moid for moid in known if moid in wanted]

    def _vm(self, machine: Machine, inside: set[Part], placement: Placement) -> GroupVM:
        own = {part for part in inside if part.moid == machine.moid}
        others = {group for part, group in placement.groups.items() if part.moid == machine.moid}
        return GroupVM(
            moid=machine.moid,
            name=machine.name,
            instance_uuid=machine.instance_uuid,
            power=_power(machine.values.get("runtime.powerState")),
            home=Part(machine.moid) in own,
            disks=tuple(sorted(part.disk for part in own if part.disk is not None)),
            elsewhere=tuple(sorted(others - {self._group})),
        )


def _power(value: Any) -> PowerState:
    try:
        return PowerState(str(value))
    except ValueError:
        return PowerState.UNKNOWN


def _limited(lines: Sequence[str]) -> tuple[str, ...]:
    """Not more lines than anybody reads; then how many more there are."""
    if len(lines) <= _MOST_LINES:
        return tuple(lines)
    return (*lines[:_MOST_LINES], f"and {len(lines) - _MOST_LINES} more")
