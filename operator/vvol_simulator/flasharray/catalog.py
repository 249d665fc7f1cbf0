"""Protection groups and snapshots under the names that one array shows them by (docs/facts/flasharray.md#names)."""

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass

from vvol_simulator.model import Array, ProtectionGroup, Snapshot, Transfer, World
from vvol_simulator.model.names import key, split_snapshot


@dataclass(frozen=True)
class GroupView:
    """A protection group as an array shows it: `erp` at its source, `<source array>:erp` at a target.

    In a pod: `pod1::erp` at its source, `pod1:erp` at a target.
    """

    name: str
    group: ProtectionGroup
    source: Array
    local: bool

    @property
    def destroyed_at(self) -> float | None:
        """When it was destroyed; a target's copy outlives its source."""
        return self.group.destroyed_at if self.local else None

    @property
    def pod(self) -> str | None:
        """The pod it lies in here."""
        return self.group.pod if self.local else None


@dataclass(frozen=True)
class SnapshotView:
    """A snapshot as an array shows it.

    `item` is what gets destroyed here: the snapshot at its source, the replica (a transfer) at a target.
    """

    name: str
    view: GroupView
    snapshot: Snapshot
    item: Snapshot | Transfer

    @property
    def destroyed_at(self) -> float | None:
        """World time of its destruction on this array."""
        return self.item.destroyed_at

    @property
    def local(self) -> bool:
        """Whether it was taken here."""
        return self.view.local


class Catalog:
    """What one array has, by name. Lookups know no difference of case; patterns with `*` match several."""

    def __init__(self, world: World, array: Array) -> None:
        self._world = world
        self._array = array

    def groups(self) -> Iterator[GroupView]:
        """Everything made here, then everything replicated to here; destroyed ones included."""
        for group in self._array.groups.values():
            yield GroupView(group.name, group, self._array, local=True)
        for source in self._world.arrays.values():
            for group in source.groups.values():
                if self._array.id in group.targets or group in self._array.replicas:
                    yield GroupView(group.name_on_target(source.name), group, source, local=False)

    def group(self, name: str) -> GroupView | None:
        """One group by its exact name here."""
        if ":" not in name.replace("::", ""):
            group = self._array.group(name)
            return None if group is None else GroupView(group.name, group, self._array, local=True)
        return next((view for view in self.groups() if not view.local and key(view.name) == key(name)), None)

    def snapshots(self, view: GroupView) -> Iterator[SnapshotView]:
        """A group's snapshots here, oldest first; destroyed ones included."""
        if view.local:
            for snapshot in view.group.snapshots.values():
                yield SnapshotView(f"{view.name}.{snapshot.suffix}", view, snapshot, snapshot)
            return
        shown_early = self._world.switches.target_row_before_start
        for transfer in self._array.replicas.get(view.group, ()):
            if transfer.started is not None or shown_early:
                yield SnapshotView(f"{view.name}.{transfer.snapshot.suffix}", view, transfer.snapshot, transfer)

    def snapshot(self, name: str) -> SnapshotView | None:
        """One snapshot by its exact full name here."""
        group_name, suffix = split_snapshot(name)
        view = self.group(group_name)
        if view is None or suffix is None:
            return None
        return next((item for item in self.snapshots(view) if key(item.snapshot.suffix) == key(suffix)), None)

    def remaining(self, item: GroupView | SnapshotView) -> float | None:
        """Seconds until its eradication here; None if it is not destroyed."""
        if item.destroyed_at is None:
            return None
        return max(0.0, item.destroyed_at + self._array.eradication_seconds - self._world.time)

    def transfer(self, item: SnapshotView) -> Transfer | None:
        """How far it got, as this array tells it: a source tells of the slowest target and names none."""
        if isinstance(item.item, Transfer):
            return item.item
        if self._world.switches.source_transfer_rows == "blank":
            return None
        group, now = item.view.group, self._world.time
        transfers = [
            transfer
            for target_id in group.targets
            for transfer in self._world.arrays[target_id].replicas.get(group, ())
            if transfer.snapshot is item.snapshot
        ]
        return min(transfers, key=lambda transfer: transfer.progress(now), default=None)

    def matching_groups(self, pattern: str) -> list[GroupView]:
        """Groups whose name matches."""
        return [view for view in self.groups() if fnmatch.fnmatchcase(key(view.name), key(pattern))]

    def matching_snapshots(self, pattern: str) -> list[SnapshotView]:
        """Snapshots whose full name matches."""
        return [
            item
            for view in self.groups()
            for item in self.snapshots(view)
            if fnmatch.fnmatchcase(key(item.name), key(pattern))
        ]
