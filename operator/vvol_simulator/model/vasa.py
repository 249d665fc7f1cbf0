"""What the arrays' VASA providers do: groups, the watchdog of a sync, points in time, prepareFailover.

Behaviour: docs/facts/flasharray.md#the-vasa-provider and docs/facts/vsphere.md#tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .array import Array
from .errors import Fault, SmsFaultError
from .groups import GroupState, PendingSync, PointInTime, VvolGroup
from .ids import GroupId, new_id
from .protection import ProtectionGroup, Transfer
from .replication import Links, Replication
from .site import Provider, Site
from .switches import Switches
from .tasks import GroupDone, GroupError, SmsTask, SyncSuccess
from .timeline import Timeline


@dataclass(frozen=True)
class Injected:
    """An outcome that a fault rule forces on a sync or prepare: nothing is armed or pushed."""

    where: Literal["taskError", "groupError"]
    fault: Fault


@dataclass
class _Preparation:
    group: VvolGroup
    task: SmsTask
    waiting: list[Transfer]


class Vasa:
    """Replication groups of all arrays, and the operations on them."""

    def __init__(
        self,
        *,
        timeline: Timeline,
        arrays: Mapping[str, Array],
        sites: Mapping[str, Site],
        links: Links,
        replication: Replication,
        switches: Switches,
    ) -> None:
        self._timeline = timeline
        self._arrays = arrays
        self._sites = sites
        self._links = links
        self._replication = replication
        self._switches = switches
        self._preparations: list[_Preparation] = []
        self.groups: dict[GroupId, VvolGroup] = {}
        replication.on_landed.append(self._landed)

    # Groups

    def bind(
        self, group: ProtectionGroup, source_id: str | None = None, target_ids: Mapping[str, str] | None = None
    ) -> VvolGroup:
        """Make the vVol groups of a protection group: one at the source, one at each target. Device group ids."""
        home = self._arrays[group.array_id]
        source = VvolGroup(GroupId(home.fault_domain, source_id or new_id()), home.id, group, "SOURCE")
        self.groups[source.id] = source
        for array_id in group.targets:
            given = (target_ids or {}).get(array_id)
            target_id = GroupId(self._arrays[array_id].fault_domain, given or new_id())
            self.groups[target_id] = VvolGroup(target_id, array_id, group, "TARGET", source.id)
            source.targets.append(target_id)
        return source

    def reassign(self, group: ProtectionGroup) -> None:
        """Give a protection group's vVol groups new device group ids on all sides, as a reverse may do.

        What is pending or prepared is over; VMs of the group follow.
        """
        self._timeline.settle()
        old = [item for item in self.groups.values() if item.protection_group is group]
        renewed = {item.id: GroupId(item.id.fault_domain, new_id()) for item in old}
        for item in old:
            del self.groups[item.id]
            item.id, item.prepared, item.pending = renewed[item.id], False, None
            item.source = None if item.source is None else renewed[item.source]
            item.targets = [renewed[target] for target in item.targets]
            self.groups[item.id] = item
        for vm in (vm for site in self._sites.values() for vm in site.vms):
            vm.follow(renewed)

    def source_of(self, group: ProtectionGroup) -> VvolGroup | None:
        """The source-side vVol group of a protection group."""
        return next((item for item in self.groups.values() if item.protection_group is group and item.is_source), None)

    def name_of(self, group: VvolGroup) -> str | None:
        """`<source array>:<protection group>`; a target's is None if the switch `targetGroupNames` is off."""
        if not group.is_source and not self._switches.target_group_names:
            return None
        home = self._arrays[group.protection_group.array_id]
        return f"{home.name}:{group.protection_group.name}"

    def groups_at(self, site: Site, provider: Provider | None = None) -> list[VvolGroup]:
        """The groups of the fault domains managed at a site, or by one of its providers."""
        self._timeline.settle()
        arrays = set(site.array_ids() if provider is None else provider.array_ids if provider.replicates else ())
        return [group for group in self.groups.values() if group.array_id in arrays]

    def group_at(self, site: Site, group_id: GroupId, provider: Provider | None = None) -> VvolGroup:
        """One group by its full id, or the fault `NotFound`: it does not exist, or not at this site or provider."""
        self._timeline.settle()
        group = self.groups.get(group_id)
        arrays = site.array_ids() if provider is None else provider.array_ids if provider.replicates else ()
        if group is None or group.array_id not in arrays:
            raise SmsFaultError(Fault("NotFound", "The replication group is not known to this provider."))
        return group

    def points_in_time(self, group: VvolGroup) -> list[PointInTime]:
        """Its points in time, oldest first; whether those whose replica was destroyed are gone, is a switch."""
        self._timeline.settle()
        stay = self._switches.points_outlive_snapshots
        return [point for point in group.points if stay or point.transfer.destroyed_at is None]

    def set_state(self, group: VvolGroup, state: GroupState) -> None:
        """Put a group into a state. Leaving TARGET or SOURCE ends being prepared on both sides."""
        self._timeline.settle()
        if state not in ("TARGET", "SOURCE"):
            self.set_prepared(group, prepared=False)
        group.state = state

    def set_prepared(self, group: VvolGroup, *, prepared: bool) -> None:
        """Mark a group and its counterparts as prepared for failover, or not."""
        source = group if group.source is None else self.groups[group.source]
        for item in (source, *(self.groups[target] for target in source.targets)):
            item.prepared = prepared

    # Calls at a provider

    def check_provider(self, provider: Provider, groups: Sequence[GroupId] = ()) -> None:
        """The faults any call at a provider can throw because of the provider's condition.

        `ProviderUnavailable` (not online), `InactiveProvider` (another one is active for these groups' domains).
        """
        if provider.status not in ("online", "connected"):
            raise SmsFaultError(
                Fault("ProviderUnavailable", f"The VASA provider {provider.name} is {provider.status}.")
            )
        if provider.active:
            return
        wanted = {group.fault_domain for group in groups}
        mapping = []
        for site in self._sites.values():
            if provider not in site.providers:
                continue
            for array_id in provider.array_ids:
                domain, other = self._arrays[array_id].fault_domain, site.active_provider(array_id)
                if other is not None and (not wanted or domain in wanted):
                    mapping.append({"activeProvider": other.moid, "faultDomainId": [domain]})
        raise SmsFaultError(
            Fault("InactiveProvider", f"The VASA provider {provider.name} is not active.", {"mapping": mapping})
        )

    def start_sync(
        self,
        site: Site,
        group_ids: Sequence[GroupId],
        name: str,
        provider: Provider | None = None,
        injected: Injected | None = None,
    ) -> SmsTask:
        """`SyncReplicationGroup_Task`: arm the watchdog of each group under `name`; a task, or `SmsFaultError`.

        The task succeeds when the next transfer lands on each group's array, whichever that is. At a prepared group
        it succeeds at once, with the last point in time and no new data.
        """
        task = self._new_task(site, "sync", group_ids, provider)
        ready: list[VvolGroup] = []
        for group_id in group_ids:
            if self._inject(task, group_id, injected):
                continue
            try:
                group = self._for_call(site, group_id, provider, "TARGET")
                self._refuse_ongoing(group)
                ready.append(group)
            except SmsFaultError as refusal:
                self._refuse(task, group_id, refusal)
        for group in ready:
            if group.prepared:
                task.settle(self._last_point(group, name), self._timeline.time)
            else:
                group.pending = PendingSync(name, task)
                if self._switches.provider_pushes_on_sync and group.protection_group.destroyed_at is None:
                    self._replication.push_now(group.protection_group)
        site.tasks[task.moid] = task
        self._timeline.settle()
        return task

    def start_prepare(
        self,
        site: Site,
        group_ids: Sequence[GroupId],
        provider: Provider | None = None,
        injected: Injected | None = None,
        *,
        stalled: bool = False,
    ) -> SmsTask:
        """`PrepareFailoverReplicationGroup_Task`: push a final snapshot; a group is prepared when that has landed.

        `stalled` lets those transfers never move by themselves.
        """
        task = self._new_task(site, "prepare", group_ids, provider)
        ready: list[VvolGroup] = []
        for group_id in group_ids:
            if self._inject(task, group_id, injected):
                continue
            try:
                group = self._for_call(site, group_id, provider, "SOURCE")
                self._check_preparable(group)
                ready.append(group)
            except SmsFaultError as refusal:
                self._refuse(task, group_id, refusal)
        for group in ready:
            _, transfers = self._replication.push_now(group.protection_group, stalled=stalled)
            self._preparations.append(_Preparation(group, task, transfers))
        site.tasks[task.moid] = task
        self._timeline.settle()
        return task

    def task_state(self, task: SmsTask) -> str:
        """`queued`, `running`, `success` or `error`, as of now."""
        self._timeline.settle()
        return task.state(self._timeline.time)

    # Inside

    def _new_task(
        self, site: Site, kind: Literal["sync", "prepare"], group_ids: Sequence[GroupId], provider: Provider | None
    ) -> SmsTask:
        self._timeline.settle()
        if not group_ids:
            raise SmsFaultError(Fault("InvalidArgument", "groupId must not be empty.", {"invalidProperty": "groupId"}))
        if len(set(group_ids)) != len(group_ids):
            raise SmsFaultError(Fault("DuplicateEntry", "A group was given twice."))
        if provider is not None:
            self.check_provider(provider, group_ids)
            if provider.max_batch is not None and len(group_ids) > provider.max_batch:
                limit = provider.max_batch
                raise SmsFaultError(Fault("TooMany", f"At most {limit} groups per call.", {"maxBatchSize": limit}))
        now = self._timeline.time
        return SmsTask(
            f"SmsTask-{next(site.task_numbers)}",
            kind,
            tuple(group_ids),
            None if provider is None else provider.moid,
            now,
            now + self._switches.task_queued_seconds,
        )

    def _inject(self, task: SmsTask, group_id: GroupId, injected: Injected | None) -> bool:
        if injected is None:
            return False
        if injected.where == "taskError":
            task.fail(injected.fault, task.started)
        else:
            task.settle(GroupError(group_id, (injected.fault,)), task.started)
        return True

    def _refuse(self, task: SmsTask, group_id: GroupId, refusal: SmsFaultError) -> None:
        ongoing = refusal.fault.name == "SyncOngoing"
        where = self._switches.sync_ongoing if ongoing else self._switches.group_faults
        if where == "thrown":
            raise refusal
        self._inject(task, group_id, Injected(where, refusal.fault))

    def _for_call(
        self, site: Site, group_id: GroupId, provider: Provider | None, wanted: Literal["TARGET", "SOURCE"]
    ) -> VvolGroup:
        group = self.group_at(site, group_id, provider)
        if group.state == wanted:
            return group
        if group.state in ("SOURCE", "TARGET"):
            if self._switches.wrong_side == "NotFound":
                raise SmsFaultError(Fault("NotFound", "The replication group is not known to this provider."))
            raise SmsFaultError(
                Fault("InvalidFunctionTarget", f"The operation is for a {wanted} group, this one is {group.state}.")
            )
        raise SmsFaultError(
            Fault(
                "InvalidReplicationState",
                f"The replication group is {group.state}; the operation needs {wanted}.",
                {"currentState": group.state, "desiredState": [wanted]},
            )
        )

    def _refuse_ongoing(self, group: VvolGroup) -> None:
        if group.pending is None or group.prepared:
            return
        fields = {"task": group.pending.task.moid} if self._switches.sync_ongoing_carries_task else {}
        raise SmsFaultError(Fault("SyncOngoing", "A sync of this replication group is in progress.", fields))

    def _check_preparable(self, group: VvolGroup) -> None:
        protection = group.protection_group
        allowed = [target.array_id for target in protection.targets.values() if target.allowed]
        if protection.destroyed_at is not None or not allowed:
            raise SmsFaultError(Fault("NoReplicationTarget", "The replication group has no target."))
        if not all(self._links.is_up(group.array_id, array_id) for array_id in allowed):
            raise SmsFaultError(Fault("PeerNotReachable", "The target array cannot be reached."))
        if self._switches.prepare_with_powered_on_vms == "refuse":
            running = [vm for site in self._sites.values() for vm in site.vms
                       if group.id in vm.groups() and vm.power == "poweredOn"]  # fmt: skip
            if running:
                raise SmsFaultError(
                    Fault("ResourceInUse", "Virtual machines of the group are powered on.",
                          {"deviceIds": [vm.home_vvol_id for vm in running]})
                )  # fmt: skip

    def _last_point(self, group: VvolGroup, asked: str) -> SyncSuccess:
        points = self.points_in_time(group)
        asks = self._switches.prepared_sync_name == "asked"
        if not points:
            return SyncSuccess(group.id, self._timeline.time, None, asked if asks else None)
        last = points[-1]
        return SyncSuccess(group.id, last.time, last.id, asked if asks else last.name)

    def _landed(self, transfer: Transfer) -> None:
        due = self._timeline.time + self._switches.vasa_lag_seconds
        if due <= self._timeline.time:
            self._seen(transfer)
        else:
            self._timeline.call_at(due, lambda: self._seen(transfer))

    def _seen(self, transfer: Transfer) -> None:
        """The provider notices a landing: a point in time, credit for whoever waits, and prepares that are done."""
        for group in self.groups.values():
            here = not group.is_source and group.array_id == transfer.target_id
            if here and group.protection_group is transfer.group:
                self._add_point(group, transfer)
        for preparation in list(self._preparations):
            if transfer in preparation.waiting:
                preparation.waiting.remove(transfer)
                if not preparation.waiting:
                    self._preparations.remove(preparation)
                    self.set_prepared(preparation.group, prepared=True)
                    preparation.task.settle(GroupDone(preparation.group.id), self._timeline.time)

    def _add_point(self, group: VvolGroup, transfer: Transfer) -> None:
        pending, group.pending = group.pending, None
        completed = self._timeline.time if transfer.completed is None else transfer.completed
        at = transfer.snapshot.created if self._switches.point_in_time_time == "sourceCreation" else completed
        at = float(int(at)) if self._switches.point_in_time_whole_seconds else at
        point = PointInTime(new_id(), None if pending is None else pending.name, at, transfer)
        group.points.append(point)
        if pending is not None:
            pending.task.settle(SyncSuccess(group.id, at, point.id, point.name), self._timeline.time)
