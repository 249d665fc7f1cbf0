"""Array to array: snapshots, pushes, transfers and what holds them up."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from .array import Array
from .errors import ArrayError
from .names import check_suffix, key
from .protection import ProtectionGroup, Snapshot, Transfer
from .retention import Kept
from .switches import Switches
from .timeline import Timeline

FLEETING_SECONDS = 3_600.0
"""How long a snapshot taken only for replication stays on its source."""

Landed = Callable[[Transfer], None]


class Links:
    """Which arrays are connected with each other. Pairs never named are not connected."""

    def __init__(self) -> None:
        self._up: dict[frozenset[str], bool] = {}

    def join(self, one: str, other: str, *, connected: bool = True) -> None:
        """Make a connection, or change its health. Array ids."""
        self._up[frozenset((one, other))] = connected

    def exists(self, one: str, other: str) -> bool:
        """Whether a connection is configured, healthy or not."""
        return frozenset((one, other)) in self._up

    def is_up(self, one: str, other: str) -> bool:
        """Whether it is healthy."""
        return self._up.get(frozenset((one, other)), False)

    def of(self, array_id: str) -> Iterator[tuple[str, bool]]:
        """The peers of an array and whether each is up."""
        for pair, up in self._up.items():
            if array_id in pair:
                yield next(iter(pair - {array_id})), up


class Replication:
    """Snapshots and transfers of all arrays."""

    def __init__(self, timeline: Timeline, arrays: Mapping[str, Array], links: Links, switches: Switches) -> None:
        self._timeline = timeline
        self._arrays = arrays
        self._links = links
        self._switches = switches
        self.on_landed: list[Landed] = []
        """Told of every landing, at its moment."""
        self.transfer_seconds = 2.0
        """How long a transfer takes unless its protection group says otherwise."""
        self.active: list[Transfer] = []
        """Transfers under way, standing still or not."""

    def array_time(self, array: Array) -> float:
        """The time on an array's clock."""
        return self._timeline.time + array.skew

    # Snapshots and pushes

    def take(
        self,
        group: ProtectionGroup,
        suffix: str | None,
        *,
        replicate: bool,
        retained: bool,
        stalled: bool = False,
        fleeting: bool = False,
    ) -> Snapshot:
        """Take a snapshot, and push it if `replicate`; a missing suffix becomes the next number.

        A `fleeting` one is destroyed and eradicated after an hour (REST 2 `for_replication`).

        With no allowed and connected target the snapshot stays local, and that is no error
        (docs/facts/flasharray.md#push-without-a-target). `ArrayError` if the group is destroyed, or the suffix is
        invalid or taken.
        """
        self._timeline.settle()
        snapshot = self._take(group, suffix, replicate=replicate, retained=retained, stalled=stalled)
        if fleeting:
            self._timeline.call_at(self._timeline.time + FLEETING_SECONDS, lambda: self._forget(group, snapshot))
        self._timeline.settle()
        return snapshot

    def push_now(self, group: ProtectionGroup, *, stalled: bool = False) -> tuple[Snapshot, list[Transfer]]:
        """What a schedule or a VASA provider does: an unnamed push. Does not settle; usable from events."""
        snapshot = self._take(group, None, replicate=True, retained=True, stalled=stalled)
        return snapshot, [transfer for transfer in self.active if transfer.snapshot is snapshot]

    def _take(
        self, group: ProtectionGroup, suffix: str | None, *, replicate: bool, retained: bool, stalled: bool
    ) -> Snapshot:
        if group.destroyed_at is not None:
            raise ArrayError("Protection group has been destroyed.", group.name)
        self._check_pod(group, replicate=replicate)
        if suffix is None:
            while str(group.next_number) in group.snapshots:
                group.next_number += 1
            suffix = str(group.next_number)
            group.next_number += 1
        else:
            check_suffix(suffix)
            self._check_free(group, suffix)
        snapshot = Snapshot(suffix, self.array_time(self._arrays[group.array_id]), retained)
        group.snapshots[key(suffix)] = snapshot
        if retained:
            self._retain_later(group)
        if stalled:
            group.stall.pull(suffix)
        if replicate:
            self._send(group, snapshot)
        return snapshot

    def _check_pod(self, group: ProtectionGroup, *, replicate: bool) -> None:
        if group.pod is None:
            return
        pod = self._arrays[group.array_id].pods.get(key(group.pod))
        if pod is not None and pod.demoted:
            raise ArrayError("Operation is not allowed on a demoted pod.", group.pod)
        if replicate and self._switches.push_from_pod == "refused":
            raise ArrayError("Replication is not supported for a protection group in a pod.", group.name)

    def check_push(self, group: ProtectionGroup, suffix: str | None, *, replicate: bool) -> None:
        """Raise what `take` would raise; nothing is taken (REST 2 `…/test`)."""
        self._timeline.settle()
        if group.destroyed_at is not None:
            raise ArrayError("Protection group has been destroyed.", group.name)
        self._check_pod(group, replicate=replicate)
        if suffix is not None:
            check_suffix(suffix)
            self._check_free(group, suffix)

    def _check_free(self, group: ProtectionGroup, suffix: str) -> None:
        existing = group.snapshots.get(key(suffix))
        if existing is None:
            return
        if existing.destroyed_at is not None and self._switches.destroyed_suffix_message == "hasBeenDestroyed":
            raise ArrayError("Protection group snapshot has been destroyed.", f"{group.name}.{existing.suffix}")
        raise ArrayError("Protection group snapshot already exists.", f"{group.name}.{existing.suffix}")

    def resend(self, group: ProtectionGroup, snapshot: Snapshot, only: str | None = None) -> None:
        """Send an existing snapshot again: to all targets (REST 1 `action=send`), or to one array (by id)."""
        self._timeline.settle()
        if snapshot.destroyed_at is not None:
            raise ArrayError("Protection group snapshot has been destroyed.", f"{group.name}.{snapshot.suffix}")
        self._send(group, snapshot, only)
        self._timeline.settle()

    def _send(self, group: ProtectionGroup, snapshot: Snapshot, only: str | None = None) -> None:
        for target in group.targets.values():
            if only not in (None, target.array_id):
                continue
            up = self._links.is_up(group.array_id, target.array_id)
            if (
                not target.allowed
                or target.suspended
                or (not up and self._switches.push_while_disconnected == "stayLocal")
            ):
                continue
            seconds = self.transfer_seconds if group.transfer_seconds is None else group.transfer_seconds
            transfer = Transfer(group, snapshot, target.array_id, seconds, group.transfer_bytes)
            self._arrays[target.array_id].replicas.setdefault(group, []).append(transfer)
            self.active.append(transfer)
            self._reconsider(transfer)

    # Movement

    def refresh(self) -> None:
        """Look again at every transfer under way: brakes or links have changed."""
        self._timeline.settle()
        for transfer in list(self.active):
            self._reconsider(transfer)
        self._timeline.settle()

    def land(self, transfer: Transfer) -> None:
        """Complete a transfer at this moment, whatever holds it up."""
        self._timeline.settle()
        if transfer.completed is None:
            self._land(transfer)
        self._timeline.settle()

    def _reconsider(self, transfer: Transfer) -> None:
        group, now = transfer.group, self._timeline.time
        up = self._links.is_up(group.array_id, transfer.target_id)
        brakes = [brake for brake in (group.hold, group.stall) if brake.applies(transfer.snapshot.suffix)]
        if transfer.started is None and up and not any(brake.queued for brake in brakes):
            transfer.started = self.array_time(self._arrays[transfer.target_id])
        moves = up and not brakes
        if moves and transfer.moving_since is None:
            transfer.moving_since = now
            due = now + max(0.0, transfer.seconds - transfer.moved)
            self._timeline.call_at(due, lambda: self._land_if_due(transfer, due))
        elif not moves and transfer.moving_since is not None:
            transfer.moved, transfer.moving_since = transfer.elapsed(now), None

    def _land_if_due(self, transfer: Transfer, due: float) -> None:
        if transfer.completed is None and transfer.due() == due:
            self._land(transfer)

    def _land(self, transfer: Transfer) -> None:
        at = self.array_time(self._arrays[transfer.target_id])
        transfer.started = at if transfer.started is None else transfer.started
        transfer.completed = at
        transfer.moving_since = None
        self.active.remove(transfer)
        for tell in self.on_landed:
            tell(transfer)

    # Schedules

    def start_schedule(self, group: ProtectionGroup) -> None:
        """Let the group's schedule run from now on (nothing happens if it is not enabled)."""
        schedule = group.schedule
        if not schedule.enabled:
            schedule.next_at = None
            return
        due = self._timeline.time + schedule.every
        schedule.next_at = due
        self._timeline.call_at(due, lambda: self._scheduled(group, due))

    def _scheduled(self, group: ProtectionGroup, due: float) -> None:
        if group.schedule.next_at != due:
            return
        if group.destroyed_at is None:
            self.push_now(group)
        self.start_schedule(group)

    def run_schedule(self, group: ProtectionGroup) -> Snapshot:
        """The schedule's push, on demand."""
        self._timeline.settle()
        snapshot, _ = self.push_now(group)
        self._timeline.settle()
        return snapshot

    # Retention

    def apply_retention(self, group: ProtectionGroup, after: float = 0.0) -> list[str]:
        """Destroy what falls out of retention within `after` seconds, on all arrays; the suffixes, oldest first."""
        self._timeline.settle()
        gone = self._retain(group, after)
        self._timeline.settle()
        return gone

    def _retain_later(self, group: ProtectionGroup) -> None:
        def retain() -> None:
            self._retain(group, 0.0)

        keep = group.retention
        for end in {*Kept.on_source(keep).ends(), *Kept.on_targets(keep).ends()}:
            self._timeline.call_at(self._timeline.time + end, retain)

    def _retain(self, group: ProtectionGroup, after: float) -> list[str]:
        """Ages are by the source array's clock, of which creations are. What is on its way is kept."""
        now = self.array_time(self._arrays[group.array_id]) + after
        places: list[tuple[Kept, Sequence[Snapshot | Transfer]]] = [
            (Kept.on_source(group.retention), list(group.snapshots.values()))
        ]
        for target in group.targets.values():
            landed = [one for one in self._arrays[target.array_id].replicas.get(group, ()) if one.completed is not None]
            places.append((Kept.on_targets(group.retention), landed))
        gone: dict[str, None] = {}
        for keep, items in places:
            held = [one for one in items if one.destroyed_at is None and _snapshot_of(one).retained]
            dropped = keep.dropped((_snapshot_of(one).created for one in held), now)
            for one in held:
                if _snapshot_of(one).created in dropped:
                    self._destroy(group, one)
                    gone[_snapshot_of(one).suffix] = None
        return list(gone)

    # Destroying

    def destroy_snapshot(self, group: ProtectionGroup, item: Snapshot | Transfer) -> None:
        """Destroy a snapshot at its source (`Snapshot`) or a replica on a target (`Transfer`)."""
        self._timeline.settle()
        if item.destroyed_at is not None:
            raise ArrayError("Protection group snapshot has been destroyed.", _label(group, item))
        self._destroy(group, item)

    def _destroy(self, group: ProtectionGroup, item: Snapshot | Transfer) -> None:
        item.destroyed_at = destroyed = self._timeline.time
        holder = self._arrays[group.array_id if isinstance(item, Snapshot) else item.target_id]
        self._timeline.call_at(
            destroyed + holder.eradication_seconds,
            lambda: self._forget(group, item) if item.destroyed_at == destroyed else None,
        )

    def recover_snapshot(self, group: ProtectionGroup, item: Snapshot | Transfer) -> None:
        """Undo a destruction that was not yet made final."""
        self._timeline.settle()
        if item.destroyed_at is None:
            raise ArrayError("Protection group snapshot is not destroyed.", _label(group, item))
        item.destroyed_at = None

    def eradicate_snapshot(self, group: ProtectionGroup, item: Snapshot | Transfer) -> None:
        """Make a destruction final; the suffix is free again."""
        self._timeline.settle()
        if item.destroyed_at is None:
            raise ArrayError("Protection group snapshot must be destroyed before it can be eradicated.",
                             _label(group, item))  # fmt: skip
        holder = self._arrays[group.array_id if isinstance(item, Snapshot) else item.target_id]
        if holder.safe_mode:
            raise ArrayError("Eradication is disabled.", _label(group, item))
        self._forget(group, item)

    def _forget(self, group: ProtectionGroup, item: Snapshot | Transfer) -> None:
        if isinstance(item, Snapshot):
            group.snapshots.pop(key(item.suffix), None)
            return
        replicas = self._arrays[item.target_id].replicas.get(group, [])
        if item in replicas:
            replicas.remove(item)
        if item in self.active:
            self.active.remove(item)

    def destroy_group(self, group: ProtectionGroup) -> None:
        """Destroy a protection group; its name stays reserved until eradication."""
        self._timeline.settle()
        if group.destroyed_at is not None:
            raise ArrayError("Protection group has been destroyed.", group.name)
        group.destroyed_at = self._timeline.time

    def recover_group(self, group: ProtectionGroup) -> None:
        """Undo a destruction."""
        self._timeline.settle()
        if group.destroyed_at is None:
            raise ArrayError("Protection group is not destroyed.", group.name)
        group.destroyed_at = None

    def eradicate_group(self, group: ProtectionGroup) -> None:
        """Make the destruction of a group final."""
        self._timeline.settle()
        if group.destroyed_at is None:
            raise ArrayError("Protection group must be destroyed before it can be eradicated.", group.name)
        if self._arrays[group.array_id].safe_mode:
            raise ArrayError("Eradication is disabled.", group.name)
        self._arrays[group.array_id].groups.pop(key(group.name), None)


def _snapshot_of(item: Snapshot | Transfer) -> Snapshot:
    return item if isinstance(item, Snapshot) else item.snapshot


def _label(group: ProtectionGroup, item: Snapshot | Transfer) -> str:
    suffix = item.suffix if isinstance(item, Snapshot) else item.snapshot.suffix
    return f"{group.name}.{suffix}"
