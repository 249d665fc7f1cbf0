"""What a VCenter's status says of its discovery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vvol_replication.api.conditions import Wanted
from vvol_replication.api.objects import Denial
from vvol_replication.api.reasons import Reason
from vvol_replication.api.vcenter import DiscoveryStatus
from vvol_replication.reconcile.discovery.plan import Plan

DISCOVERY = "Discovery"
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Report:
    """The condition and the counters."""

    condition: Wanted
    status: DiscoveryStatus


@dataclass(frozen=True, slots=True)
class Refusal:
    """The API server did not take an object for what it says."""

    name: str
    why: Denial
    message: str


def unwatched(namespace: str) -> Report:
    """The operator was configured to act elsewhere only."""
    text = (
        f"The operator does not act in namespace {namespace!r} (--namespace), so discovery makes nothing. Start it "
        "with that namespace too, or correct spec.discovery.namespace."
    )
    return _report(namespace, Plan(), "False", Reason.NAMESPACE_NOT_WATCHED, text)


def stopped(namespace: str, plan: Plan, why: Denial, message: str) -> Report:
    """The API server lets discovery write nothing at all there."""
    if why is Denial.NO_NAMESPACE:
        text = (
            f"Namespace {namespace!r} is not there, or is being deleted ({message}). Create it. Then discovery goes on."
        )
        return _report(namespace, plan, "False", Reason.NAMESPACE_NOT_FOUND, text)
    text = (
        f"ReplicationGroups may not be written in namespace {namespace!r} "
        f"({message}). Allow it. Then discovery goes on."
    )
    return _report(namespace, plan, "False", Reason.CREATION_FORBIDDEN, text)


def summary(namespace: str, plan: Plan, refusals: Sequence[Refusal]) -> Report:
    """All that could be written is written."""
    parts = [f"{plan.found} groups found: {plan.ours} ReplicationGroups kept here, {plan.others} by others."]
    if plan.targetless:
        parts.append(
            f"No connected vCenter lists a target of {_some(plan.targetless)}. Create the VCenter of the target's site."
        )
    if plan.nameless:
        parts.append(
            f"The source of {_some(plan.nameless)} was not seen, but not all vCenters could be read. "
            "The objects are made when it is seen, or when all vCenters can be read."
        )
    reason = Reason.DISCOVERED
    foreign = [one for one in refusals if one.why is Denial.OTHERS_FIELD]
    invalid = [one for one in refusals if one.why is Denial.INVALID]
    if foreign:
        reason = Reason.CHANGED_BY_OTHERS
        parts.append(
            f"Not changed, because others have changed it: {_some([one.name for one in foreign])}: {foreign[0].message}"
        )
    if plan.taken:
        reason = Reason.NAME_TAKEN
        parts.append(
            f"An object of another group has the name {_some(plan.taken)}. "
            "Rename it, or set its spec.group to the group."
        )
    if invalid:
        reason = Reason.OBJECT_REFUSED
        parts.append(f"Refused: {_some([one.name for one in invalid])}: {invalid[0].message}")
    return _report(namespace, plan, "True" if reason is Reason.DISCOVERED else "False", reason, " ".join(parts))


def _report(namespace: str, plan: Plan, status: str, reason: Reason, text: str) -> Report:
    counted = DiscoveryStatus(namespace, plan.found, plan.ours, plan.others)
    return Report(Wanted(DISCOVERY, "True" if status == "True" else "False", reason, text), counted)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(sorted(names)[:_NAMED]) + (f" and {more} more" if more > 0 else "")
