"""What forbids a preparation, each with a reason and a name of its own (invariant 8). Pure, over what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vvol_replication.api.group import GroupRef
from vvol_replication.api.preparation import CheckResult, CheckStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.groups import GroupId, SourceGroup, TargetGroup
from vvol_replication.domain.members import GroupVM, Membership, PowerState
from vvol_replication.domain.outcomes import Done, Unavailable
from vvol_replication.reconcile.binding.world import Problem
from vvol_replication.reconcile.core.checks import array_problem, role_problem, under_way
from vvol_replication.reconcile.core.context import LOOK_AT_THE_LINK
from vvol_replication.reconcile.core.left_armed import what_lands
from vvol_replication.reconcile.core.observation import Query, Reading, rows
from vvol_replication.reconcile.core.prepared import before_failover, prepared_by, where_to_call_off
from vvol_replication.reconcile.core.promises import THE_PREPARATION
from vvol_replication.reconcile.core.summarize import reason_of
from vvol_replication.reconcile.core.turns import waits_behind

from .context import BoundPreparation

_NAMED_IN_A_MESSAGE = 5


_UNREAD = Unavailable(Reason.NOT_YET_READ, "It has not been read yet.")


_POWER_REASONS = {
    PowerState.ON: (Reason.VM_POWERED_ON, "is powered on", "are powered on", "Shut them down"),
    PowerState.SUSPENDED: (
        Reason.VM_SUSPENDED,
        "is suspended, which counts as on",
        "are suspended, which counts as on",
        "Resume them and shut them down",
    ),
    PowerState.UNKNOWN: (
        Reason.VM_POWER_UNKNOWN,
        "is not known to be off, which counts as on",
        "are not known to be off, which counts as on",
        "Give the operator's account the right to see them, connect their hosts, or make them accessible again",
    ),
}


@dataclass(frozen=True, slots=True)
class Interlock:
    """One check. `needs` are the readings that it judges; `judge` says what forbids the call, None: nothing."""

    name: str
    needs: tuple[Query, ...]
    judge: Callable[[BoundPreparation], Problem | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one check. `problem` is there where it refuses, or could not be made."""

    name: str
    result: CheckResult
    problem: Problem | None = None

    @property
    def status(self) -> CheckStatus:
        """This check as an entry of `status.checks`."""
        if self.problem is None:
            return CheckStatus(self.name, self.result)
        return CheckStatus(self.name, self.result, str(self.problem.reason), self.problem.message)


def judge_all(bound: BoundPreparation) -> tuple[Finding, ...]:
    """All checks, each by itself; one whose readings failed counts as not checked, with the reading's own reason."""
    return tuple(_judge(bound, one) for one in INTERLOCKS)


def first_refused(findings: Iterable[Finding]) -> Finding | None:
    """The one to show: what ends the request comes before what is waited for, and that in the order of the checks."""
    refused = [one for one in findings if one.result is not CheckResult.PASSED]
    return next((one for one in refused if one.problem and one.problem.final), refused[0] if refused else None)


def _judge(bound: BoundPreparation, interlock: Interlock) -> Finding:
    for query in interlock.needs:
        reading: Reading[object] | None = getattr(bound.seen, query.value)
        outcome = reading.outcome if reading is not None else _UNREAD
        if not isinstance(outcome, Done):
            return Finding(interlock.name, CheckResult.NOT_CHECKED, Problem(reason_of(outcome.reason), outcome.message))
    problem = interlock.judge(bound)
    return Finding(interlock.name, CheckResult.PASSED if problem is None else CheckResult.REFUSED, problem)


def _consent(bound: BoundPreparation) -> Problem | None:
    spec = bound.request.spec
    if spec.consent == spec.group:
        return None
    text = f"spec.consent is {spec.consent!r}. It must be the group's name, {spec.group!r}."
    return Problem(Reason.CONSENT_MISMATCH, f"{text} Create a new FailoverPreparation with that consent.", final=True)


def _not_prepared(bound: BoundPreparation) -> Problem | None:
    prepared = bound.seen.prepared
    if prepared is None or prepared.called_off:
        return None
    text = (
        f"The group is already prepared ({prepared_by(prepared)}). {before_failover(prepared)} "
        f"Or, to prepare again, set {where_to_call_off(prepared)} and create a new FailoverPreparation."
    )
    return Problem(Reason.ALREADY_PREPARED, text, final=True)


def _states(bound: BoundPreparation) -> Problem | None:
    problem = role_problem(bound.seen, "FailoverPreparation", "preparation")
    if problem is not None:
        return problem
    source = bound.seen.source_group.value if bound.seen.source_group else None
    targets = source.targets if isinstance(source, SourceGroup) else ()
    target = bound.resolved.target_group
    if _among(targets, target) or (not targets and _names_its_source(bound)):
        return None
    return Problem(
        Reason.TARGET_GROUP_NOT_FOUND,
        f"The source group does not have {target} as a target any more. Correct the ReplicationGroup.",
    )


def _among(groups: Iterable[GroupId], wanted: GroupRef) -> bool:
    return any((one.fault_domain, one.device_group) == (wanted.fault_domain, wanted.device_group) for one in groups)


def _names_its_source(bound: BoundPreparation) -> bool:
    """Does the target say that it is of this source? A provider need not tell a source's targets."""
    target = bound.seen.target_group.value if bound.seen.target_group else None
    return isinstance(target, TargetGroup) and _among((target.source,), bound.resolved.source_group)


def _machines(bound: BoundPreparation) -> Problem | None:
    membership = (bound.seen.members.value if bound.seen.members else None) or Membership(())
    for power in (PowerState.ON, PowerState.SUSPENDED, PowerState.UNKNOWN):
        found = sorted((vm for vm in membership.vms if vm.power is power), key=lambda vm: vm.name)
        if found:
            return _power_problem(power, found, membership.problems)
    if membership.unaccounted:
        return Problem(Reason.MEMBERS_UNACCOUNTED, _unaccounted(membership))
    if membership.problems:
        text = f"Not all VMs of the group could be read. A VM that is not read counts as on. {membership.problems[0]}"
        return Problem(Reason.MEMBERS_UNREADABLE, text)
    if not membership.vms:
        text = "No VM of the group was found, so it is not known that all are off. Check the group's storage policies."
        return Problem(Reason.NO_MEMBERS, text)
    return None


def _power_problem(power: PowerState, found: list[GroupVM], problems: tuple[str, ...]) -> Problem:
    reason, one, many, advice = _POWER_REASONS[power]
    named = few(_described(vm) for vm in found)
    text = f"VM {named} {one}" if len(found) == 1 else f"{len(found)} VMs {many}: {named}"
    explained = all(vm.state for vm in found)
    why = f" {problems[0]}" if power is PowerState.UNKNOWN and problems and not explained else ""
    if len(found) == 1:
        advice = advice.replace("them", "it").replace("their hosts", "its host")
    return Problem(reason, f"{text}.{why} {advice}.{THE_PREPARATION}")


def _described(vm: GroupVM) -> str:
    notes = [note for note in ("split over groups" if vm.split else "", vm.state) if note]
    return f"{vm.name!r} ({'; '.join(notes)})" if notes else repr(vm.name)


def _unaccounted(membership: Membership) -> str:
    whose = "that the operator's account can see"
    todo = "Give the account the right to see their VMs, or remove the members from the group"
    owners = ""
    if membership.unread:
        whose = "whose configuration could be read"
        todo = "Give the account the right to read those VMs, make them accessible, or remove the members"
        owners = f" The likely owners are the VMs whose configuration was not shown: {few(membership.unread)}."
    members = f"{len(membership.unaccounted)} members of the group belong to no VM {whose}"
    return f"{members}: {few(membership.unaccounted)}.{owners} They count as powered on. {todo}."


def few(names: Iterable[str]) -> str:
    """The first few of them, and how many more there are."""
    shown = list(names)
    more = f" and {len(shown) - _NAMED_IN_A_MESSAGE} more" if len(shown) > _NAMED_IN_A_MESSAGE else ""
    return ", ".join(shown[:_NAMED_IN_A_MESSAGE]) + more


def _arrays(bound: BoundPreparation) -> Problem | None:
    return array_problem(bound.resolved, bound.seen)


def _replication(bound: BoundPreparation) -> Problem | None:
    """The last sync would queue behind a transfer that is under way, and one that is stalled may never end."""
    older = under_way(rows(bound.seen.source_snapshots), rows(bound.seen.target_snapshots))
    if older is None:
        return None
    done = f" ({older.progress:.0%} done)" if older.progress else ""
    if (since := bound.stalled_since(older)) is not None:
        text = (
            f"The transfer {older.name} has not moved since {since:%Y-%m-%dT%H:%M:%SZ}{done}: the last sync would wait "
            f"for it. {LOOK_AT_THE_LINK}"
        )
        return Problem(Reason.TRANSFER_STALLED, text)
    text = f"The older transfer {older.name} is under way{done}. The group is prepared when it has landed."
    return Problem(Reason.OLDER_TRANSFER_IN_FLIGHT, text)


def _armed(bound: BoundPreparation) -> Problem | None:
    armed = bound.seen.armed
    if armed is None:
        return None
    text = (
        f"The sync {armed.point_in_time_name!r}, which ReplicationSync {armed.request!r} "
        f"left, is still armed at the target. {what_lands(armed)}"
    )
    return Problem(Reason.EARLIER_SYNC_ARMED, text)


def _turn(bound: BoundPreparation) -> Problem | None:
    behind = bound.seen.behind
    if behind is None:
        return None
    return Problem(Reason.GROUP_BUSY, waits_behind(behind))


INTERLOCKS = (
    Interlock("Consent", (), _consent),
    Interlock("NotPrepared", (), _not_prepared),
    Interlock("GroupStates", (Query.TARGET_GROUP, Query.SOURCE_GROUP), _states),
    Interlock("VirtualMachines", (Query.MEMBERS,), _machines),
    Interlock("Arrays", (Query.PROTECTION_GROUP, Query.CONNECTIONS), _arrays),
    Interlock("Replication", (Query.SOURCE_SNAPSHOTS, Query.TARGET_SNAPSHOTS), _replication),
    Interlock("NoSyncArmed", (), _armed),
    Interlock("Turn", (), _turn),
)
"""In the order in which they are shown."""


BEFORE_THE_CALL = (*dict.fromkeys(query for one in INTERLOCKS for query in one.needs), Query.POINTS)
"""All readings that the checks need, and the list that tells later what is new."""
