"""A step's reading or call, on the endpoint that the ledger pinned, and on no other (invariant 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from vvol_replication.api.names import VCENTER
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.reasons import Reason
from vvol_replication.api.sync import GroupRef, Resolved
from vvol_replication.domain.arrays import AlreadyThere, ArrayAbout, Pushed, Snapshot, same_array
from vvol_replication.domain.groups import GroupId, GroupName
from vvol_replication.domain.outcomes import Done, Outcome, Refused, Unavailable
from vvol_replication.domain.points import OngoingSync, StartedPrepare, StartedSync
from vvol_replication.domain.ports import ArrayPort, VCenterPort
from vvol_replication.engine.monitors.flasharray import ArrayEndpoint
from vvol_replication.engine.monitors.registry import Registry
from vvol_replication.engine.monitors.vcenter import VCenterEndpoint
from vvol_replication.reconcile.binding.world import Problem
from vvol_replication.reconcile.core.observation import Query

T = TypeVar("T")
_AT_RECOVERY_SITE = frozenset({Query.TARGET_GROUP, Query.POINTS, Query.TASK})
_AT_PROTECTED_SITE = frozenset({Query.SOURCE_GROUP, Query.MEMBERS, Query.PREPARE_TASK})
_ON_TARGET = frozenset({Query.TARGET_SNAPSHOTS, Query.REPLICA_GROUP, Query.TARGET_CONNECTIONS})
"""Which endpoint answers; all else is read on the source array."""


class StorageCalls:
    """Finds the endpoints of a ledger and asks them."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def read(self, query: Query, resolved: Resolved, task: str | None) -> Outcome[Any]:
        """One reading; `task` is the one to be asked about, where a task is.

        Never raises; an endpoint that cannot be asked is `Unavailable`, one that changed `Refused`.
        """
        outcome = _named(await self._read(query, resolved, task), self._asked(query, resolved))
        if isinstance(outcome, Unavailable) and outcome.reason == Reason.LOGIN_FAILED:
            # When the next login may be tried is the endpoint's gate to hold; a Secret may be corrected long before.
            return Unavailable(outcome.reason, outcome.message)
        return outcome

    def _asked(self, query: Query, resolved: Resolved) -> VCenterEndpoint | ArrayEndpoint | None:
        """The endpoint that answers a query."""
        if query in _AT_RECOVERY_SITE:
            return self._registry.vcenters.get(resolved.recovery_vcenter)
        if query in _AT_PROTECTED_SITE:
            return self._registry.vcenters.get(resolved.protected_vcenter or "")
        return self._registry.arrays.get(resolved.target_array if query in _ON_TARGET else resolved.source_array)

    async def read_all(
        self, queries: Collection[Query], resolved: Resolved, task: str | None, now: Callable[[], datetime]
    ) -> tuple[datetime, Sequence[tuple[Query, Outcome[Any]]]]:
        """Several readings, and when the last of them came, in the order in which they are to be taken in.

        They are asked for at once, but for the VMs, which somebody may start meanwhile: those when the others are
        there. The transfers come first: what they show makes older readings of the task and of the points worthless.
        """
        last = {Query.MEMBERS}.intersection(queries)
        beside = sorted({*queries} - last, key=lambda query: (query is not Query.TARGET_SNAPSHOTS, query))
        outcomes = await asyncio.gather(*(self.read(query, resolved, task) for query in beside))
        outcomes += [await self.read(query, resolved, task) for query in last]
        return now(), list(zip((*beside, *last), outcomes, strict=True))

    async def _read(self, query: Query, resolved: Resolved, task: str | None) -> Outcome[Any]:
        match query:
            case _ if query in _AT_RECOVERY_SITE:
                site = self._site(resolved.recovery_vcenter, resolved.recovery_vcenter_uuid)
                if isinstance(site, Refused | Unavailable):
                    return site
                return await _at_site(query, site, _id(resolved.target_group), task)
            case _ if query in _AT_PROTECTED_SITE:
                site = self._protected(resolved)
                if isinstance(site, Refused | Unavailable):
                    return site
                return await _at_site(query, site, _id(resolved.source_group), task)
            case Query.TARGET_SNAPSHOTS:
                array = self._array(resolved.target_array, resolved.target_array_id)
                return array if isinstance(array, Refused | Unavailable) else await self._transfers(array, resolved)
            case _ if query in _ON_TARGET:
                array = self._array(resolved.target_array, resolved.target_array_id)
                if isinstance(array, Refused | Unavailable):
                    return array
                if query is Query.TARGET_CONNECTIONS:
                    return await array.connections()
                return await array.protection_group(self.name_at_target(resolved))
            case _:
                array = self._array(resolved.source_array, resolved.source_array_id)
                return (
                    array if isinstance(array, Refused | Unavailable) else await self._at_source(query, array, resolved)
                )

    async def arm(self, resolved: Resolved, name: str) -> Outcome[StartedSync | OngoingSync]:
        """Mutating. The sync call, at the target."""
        site = self._site(resolved.recovery_vcenter, resolved.recovery_vcenter_uuid)
        if isinstance(site, Refused | Unavailable):
            return site
        started = await site.start_sync(_id(resolved.target_group), name)
        return _named(started, self._registry.vcenters.get(resolved.recovery_vcenter))

    async def prepare(self, resolved: Resolved) -> Outcome[StartedPrepare]:
        """Mutating, and not to be undone. prepareFailover, at the source."""
        site = self._protected(resolved)
        if isinstance(site, Refused | Unavailable):
            return site
        started = await site.start_prepare(_id(resolved.source_group))
        return _named(started, self._registry.vcenters.get(resolved.protected_vcenter or ""))

    async def push(self, resolved: Resolved, suffix: str) -> Outcome[Pushed | AlreadyThere]:
        """Mutating. The push, on the source array."""
        found = self._array(resolved.source_array, resolved.source_array_id)
        if isinstance(found, Refused | Unavailable):
            return found
        pushed = await found.push(self.protection_group(resolved), suffix)
        return _named(pushed, self._registry.arrays.get(resolved.source_array))

    def name_at_target(self, resolved: Resolved) -> str:
        """What the target array calls the protection group: `<source array>:<group>`, or `<pod>:<group>` from a pod."""
        group = self.protection_group(resolved)
        if "::" in group:
            return group.replace("::", ":", 1)
        # A source array that was renamed renames its snapshots on the target; its id is pinned, its name is not.
        about = self.source(resolved)
        return f"{about.name if about else resolved.source_array_name}:{group}"

    def protection_group(self, resolved: Resolved) -> str:
        """What the source array calls the protection group now.

        vSphere names the source group, whose ids are pinned, after it: a rename shows there. Where something else than
        that name told the protection group, or no vCenter was read yet, it is as it was.
        """
        if resolved.source_group_name is not None:
            for site, uuid in (
                (resolved.protected_vcenter, resolved.protected_vcenter_uuid),
                (resolved.recovery_vcenter, resolved.recovery_vcenter_uuid),
            ):
                endpoint = self._registry.vcenters.get(site or "")
                if endpoint is None or endpoint.about is None or endpoint.about.instance_uuid != uuid:
                    continue
                name = GroupName.parse(endpoint.source_names.get(_id(resolved.source_group), ""))
                if name is not None:
                    return name.protection_group
        return resolved.protection_group

    def source(self, resolved: Resolved) -> ArrayAbout | None:
        """The source array as it was seen last; None where another one answers by now, or none has."""
        return self._about(resolved.source_array, resolved.source_array_id, seen_from=resolved.target_array)

    def target(self, resolved: Resolved) -> ArrayAbout | None:
        """The target array as it was seen last; None where another one answers by now, or none has."""
        return self._about(resolved.target_array, resolved.target_array_id, seen_from=resolved.source_array)

    def _about(self, name: str, array_id: str, *, seen_from: str) -> ArrayAbout | None:
        """An array tells its own name every few minutes; the other one tells it with each reading of connections."""
        endpoint, other = self._registry.arrays.get(name), self._registry.arrays.get(seen_from)
        about = endpoint.about if endpoint is not None else None
        if about is None or about.id != array_id:
            return None
        called = (one.name for one in (other.connections if other is not None else ()) if same_array(array_id, one.id))
        return replace(about, name=next(called, about.name))

    async def _transfers(self, array: ArrayPort, resolved: Resolved) -> Outcome[tuple[Snapshot, ...]]:
        name = self.name_at_target(resolved)
        outcome = await array.transfers([name])
        return Done(tuple(outcome.value.get(name, ()))) if isinstance(outcome, Done) else outcome

    async def _at_source(self, query: Query, array: ArrayPort, resolved: Resolved) -> Outcome[Any]:
        if query is Query.PROTECTION_GROUP:
            return await array.protection_group(self.protection_group(resolved))
        if query is Query.SOURCE_SNAPSHOTS:
            return await array.snapshots(self.protection_group(resolved))
        # Never the monitor's: that may be half a minute old, and a link breaks in less (invariant 3).
        return await array.connections()

    def _protected(self, resolved: Resolved) -> VCenterPort | Refused | Unavailable:
        return self._site(resolved.protected_vcenter or "", resolved.protected_vcenter_uuid or "")

    def _site(self, name: str, uuid: str) -> VCenterPort | Refused | Unavailable:
        endpoint = self._registry.vcenters.get(name)
        if endpoint is None:
            return Unavailable(Reason.VCENTER_NOT_FOUND, f"There is no VCenter {name!r} any more. Create it again.")
        if endpoint.port is None or endpoint.about is None:
            return _not_there(endpoint.problem, f"VCenter {name!r}")
        if endpoint.about.instance_uuid != uuid:
            return Refused(
                Reason.IDENTITY_CHANGED,
                f"VCenter {name!r} answers as instance {endpoint.about.instance_uuid}, but this request began with "
                f"{uuid}. It does not go on at another vCenter.",
            )
        return endpoint.port

    def _array(self, name: str, array_id: str) -> ArrayPort | Refused | Unavailable:
        endpoint = self._registry.arrays.get(name)
        if endpoint is None:
            return Unavailable(
                Reason.FLASHARRAY_NOT_FOUND, f"There is no FlashArray {name!r} any more. Create it again."
            )
        if endpoint.port is None or endpoint.about is None:
            return _not_there(endpoint.problem, f"FlashArray {name!r}")
        if endpoint.about.id != array_id:
            return Refused(
                Reason.IDENTITY_CHANGED,
                f"FlashArray {name!r} answers as array {endpoint.about.id}, but this request began with {array_id}. "
                "It does not go on at another array.",
            )
        return endpoint.port


def _named(outcome: Outcome[T], endpoint: VCenterEndpoint | ArrayEndpoint | None) -> Outcome[T]:
    """A refused login names the Secret that somebody has to correct: storage knows only what is in it."""
    if endpoint is None or not isinstance(outcome, Unavailable) or outcome.reason != Reason.LOGIN_FAILED:
        return outcome
    said, mentioned, rest = outcome.message.partition("the Secret.")
    text = f"{said}{mentioned} {endpoint.which_secret}{rest}" if mentioned else f"{said} {endpoint.which_secret}"
    return replace(outcome, message=text)


def acts_on(resolved: Resolved, endpoint: ObjectRef) -> bool:
    """Is this VCenter or FlashArray one that a request which resolved to this asks?"""
    if endpoint.kind == VCENTER:
        return endpoint.name in (resolved.recovery_vcenter, resolved.protected_vcenter)
    return endpoint.name in (resolved.source_array, resolved.target_array)


async def _at_site(query: Query, site: VCenterPort, group: GroupId, task: str | None) -> Outcome[Any]:
    if query in (Query.TARGET_GROUP, Query.SOURCE_GROUP):
        return await site.group(group)
    if query is Query.POINTS:
        return await site.points_in_time(group)
    if query is Query.MEMBERS:
        return await site.members(group)
    if task is None:
        return Refused(Reason.TASK_FORGOTTEN, "No task is known.")
    return await site.task(task, group)


def _id(ref: GroupRef) -> GroupId:
    return GroupId(ref.fault_domain, ref.device_group)


def _not_there(problem: Problem | None, what: str) -> Unavailable:
    if problem is None:
        return Unavailable(Reason.NOT_YET_READ, f"{what} has not been read yet.")
    return Unavailable(problem.reason, problem.message)
