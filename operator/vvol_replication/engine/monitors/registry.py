"""The connected endpoints and groups by name, each with its monitor: made, replaced and dropped with its object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from vvol_replication.api.conditions import Condition
from vvol_replication.api.group import ArmedSync, PreparedStatus
from vvol_replication.api.names import FLASHARRAY, REPLICATION_GROUP, VCENTER, Kind
from vvol_replication.api.objects import ObjectRef
from vvol_replication.api.sync import GroupRef
from vvol_replication.domain.ports import VCenterPort
from vvol_replication.engine.background import Background
from vvol_replication.engine.measures import GroupMeasures
from vvol_replication.engine.news import EndpointChanged, GroupKey, GroupsChanged
from vvol_replication.engine.services import Services
from vvol_replication.engine.status.versions import older
from vvol_replication.reconcile.binding.world import World
from vvol_replication.reconcile.core.observation import Prepared
from vvol_replication.reconcile.core.prepared import as_remembered

from .base import Monitor
from .flasharray import ArrayEndpoint
from .group import GroupMonitor
from .memory.armed import ArmedSyncs
from .memory.prepared import PreparedGroups
from .vcenter import VCenterEndpoint

Body = Mapping[str, Any]
EndpointT = TypeVar("EndpointT", VCenterEndpoint, ArrayEndpoint)


class Registry:
    """Plain dictionaries, kept on the event loop. Managed objects are never keys; names are."""

    def __init__(self, services: Services, background: Background) -> None:
        self._services, self._background = services, background
        self.vcenters: dict[str, VCenterEndpoint] = {}
        self.arrays: dict[str, ArrayEndpoint] = {}
        self.groups: dict[GroupKey, GroupMonitor] = {}
        self.armed = ArmedSyncs(self._memory_changed)
        self.prepared = PreparedGroups(self._memory_changed)
        self._bound: Mapping[str, frozenset[str]] | None = None
        """The protection groups of each array that are stood for; None: to be found out."""

    @property
    def monitors(self) -> tuple[Monitor, ...]:
        """All of them, groups first."""
        return (*self.groups.values(), *self.vcenters.values(), *self.arrays.values())

    def world(self) -> World:
        """What binding may know."""
        return World(
            sites={name: endpoint.view for name, endpoint in self.vcenters.items()},
            arrays={name: endpoint.view for name, endpoint in self.arrays.items()},
        )

    def measures(self, valid: Callable[[str], str | None]) -> tuple[GroupMeasures, ...]:
        """What there is to tell of the groups in figures. `valid`: condition `Valid` of a preparation by its uid."""
        return tuple(_measures(*item, valid) for item in self.groups.items())

    @property
    def followed(self) -> int:
        """How many transfers are followed, on all arrays."""
        return sum(endpoint.poller.followed for endpoint in self.arrays.values())

    def observe(self, kind: Kind, body: Body, *, deleted: bool) -> bool:
        """The API server shows an object so, or shows that it is gone. False: it is an earlier one of that name."""
        metadata = body["metadata"]
        ref = ObjectRef(kind, metadata.get("namespace"), metadata["name"], metadata["uid"])
        known = self._monitor(ref)
        if known is not None and known.ref.uid != ref.uid:
            if deleted or older(metadata.get("resourceVersion"), known.version):
                return False
            self.drop(known.ref)
        if deleted:
            self.drop(ref)
        elif kind == REPLICATION_GROUP:
            self._observe_group(ref, body)
        elif kind == VCENTER:
            endpoint = self.vcenters.get(ref.name) or VCenterEndpoint(ref, self._services)
            self._observe_endpoint(self.vcenters, endpoint, body)
        elif kind == FLASHARRAY:
            array = self.arrays.get(ref.name) or ArrayEndpoint(
                ref, self._services, self._bound_to, self._policies_changed
            )
            self._observe_endpoint(self.arrays, array, body)
        return True

    def drop(self, ref: ObjectRef) -> None:
        """The object is gone: its monitor ends. Nothing happens where there is none, or it is another object's."""
        monitor = self._monitor(ref)
        if monitor is None or monitor.ref.uid != ref.uid:
            return
        self._background.spawn(monitor.stop(), f"stop {monitor.ref}")
        if ref.kind == REPLICATION_GROUP:
            key = _key(ref)
            left = self.groups.pop(key)
            armed, record = self.armed.of(key), self.prepared.of(key)
            self.armed.drop(key)
            self.prepared.drop(key)
            self._inherit(armed, as_remembered(record, left.called_off_at, "/".join(key)))
            self._groups_changed(frozenset({key}))
            return
        if ref.kind == VCENTER:
            del self.vcenters[ref.name]
        else:
            del self.arrays[ref.name]
        self._services.notify(EndpointChanged())

    def _inherit(self, armed: ArmedSync | None, prepared: Prepared | None) -> None:
        """An object is gone, and what it remembered is true of its group still: another object of that has it then.

        Nobody needs to have what was called off: whether it still holds the target is asked anyway.
        """
        others = tuple(self.groups.values())
        if armed is not None and (heir := next((one for one in others if one.is_about(armed)), None)) is not None:
            heir.recall(armed)
        if prepared is None or prepared.called_off or self.prepared.at(prepared.record.source_group) is not None:
            return
        heir = next((one for one in others if one.is_about(prepared.record)), None)
        if heir is not None:
            heir.recall_prepared(prepared.record)

    def recollect(self, key: GroupKey, record: PreparedStatus | None) -> None:
        """A preparation that has ended says this of its group: an object of it that has lost its memory takes it."""
        for other, group in self.groups.items():
            if other == key or (record is not None and group.is_about(record)):
                group.recollect()

    def rebind(self) -> None:
        """An endpoint changed: every group binds anew, and those who wait for a group that changed look again."""
        world = self.world()
        changed = frozenset(key for key, group in list(self.groups.items()) if group.rebind(world))
        if changed:
            self._groups_changed(changed)

    def endpoint_back(self, ref: ObjectRef) -> None:
        """An endpoint can be read again: transfers that are followed there are polled at once."""
        if ref.kind == FLASHARRAY and ref.name in self.arrays:
            self.arrays[ref.name].poller.notify()

    def vcenter_read(self, name: str) -> VCenterEndpoint | None:
        """A VCenter was read: groups that are absent from it, or back, see that. The VCenter, if it is still there."""
        world = self.world()
        for group in self.groups.values():
            group.site_read(name, world)
        return self.vcenters.get(name)

    def schedules_changed(self, key: GroupKey, longest: timedelta | None) -> None:
        """The schedules of a group ask for points in time otherwise than before."""
        group = self.groups.get(key)
        if group is not None:
            group.asked_by_schedules(longest)

    def forget_prepared(self, source: GroupRef) -> None:
        """A source group is not prepared any more, as a sync has shown."""
        found = self.prepared.at(source)
        if found is None:
            return
        key, record = found
        group = self.groups.get(key)
        if group is None:
            self.prepared.drop(key)
        else:
            group.forget_prepared(record.uid)

    def preparation_at(self, source: GroupRef) -> Prepared | None:
        """What is remembered of a preparation of a source group, by whichever object of it."""
        found = self.prepared.at(source)
        if found is None:
            return None
        key, record = found
        group = self.groups.get(key)
        return as_remembered(record, group.called_off_at if group is not None else None, "/".join(key))

    def note_valid(self, uid: str, valid: Condition | None) -> None:
        """A preparation's condition `Valid` is this; None: it is gone. All objects of its group say so."""
        for key in self.prepared.note_valid(uid, valid):
            record, group = self.prepared.of(key), self.groups.get(key)
            if record is not None and group is not None:
                group.restate()
                self._memory_changed(key, record)

    def _memory_changed(self, key: GroupKey, memory: ArmedSync | PreparedStatus) -> None:
        """What one object remembers is told by all objects of its group."""
        for other, group in self.groups.items():
            if other != key and group.is_about(memory):
                group.restate()

    def _monitor(self, ref: ObjectRef) -> Monitor | None:
        """The monitor under that name, whichever object of that name it is for."""
        if ref.kind == REPLICATION_GROUP:
            return self.groups.get(_key(ref))
        return self.vcenters.get(ref.name) if ref.kind == VCENTER else self.arrays.get(ref.name)

    def _observe_group(self, ref: ObjectRef, body: Body) -> None:
        key = _key(ref)
        monitor = self.groups.get(key)
        if monitor is None:
            monitor = self.groups[key] = GroupMonitor(
                ref,
                self._services,
                port=self._port,
                array=self._array,
                armed=self.armed,
                prepared=self.prepared,
                preparation_at=self.preparation_at,
            )
            self._bound = None
        called_off_at = monitor.called_off_at
        if monitor.observe(body) and monitor.specify(body.get("spec"), self.world()):
            self._groups_changed(frozenset({key}))
        record = self.prepared.of(key)
        if record is not None and monitor.called_off_at != called_off_at:
            self._memory_changed(key, record)
        monitor.start()

    def _observe_endpoint(self, known: dict[str, EndpointT], endpoint: EndpointT, body: Body) -> None:
        if endpoint.ref.name not in known:
            known[endpoint.ref.name] = endpoint
            self._services.notify(EndpointChanged())
        if endpoint.observe(body):
            endpoint.specify(body.get("spec"))
        endpoint.start()

    def _groups_changed(self, keys: frozenset[GroupKey]) -> None:
        self._bound = None
        self._services.notify(GroupsChanged(keys))

    def _bound_to(self, array_id: str) -> frozenset[str]:
        """The protection groups of that source array that ReplicationGroups stand for, now or as last known."""
        if self._bound is None:  # each array asks at each reading
            found = defaultdict[str, set[str]](set)
            for array, name in (group.pinned.source for group in self.groups.values()):
                if name:
                    found[array].add(name)
            self._bound = {array: frozenset(names) for array, names in found.items()}
        return self._bound.get(array_id, frozenset())

    def _policies_changed(self, array_id: str) -> None:
        for group in self.groups.values():
            if group.pinned.source_array == array_id:
                group.restate()

    def _array(self, array_id: str) -> ArrayEndpoint | None:
        """The array with that id; where several objects lead to it, any of them."""
        return next((one for one in self.arrays.values() if one.about is not None and one.about.id == array_id), None)

    def _port(self, vcenter: str) -> VCenterPort | None:
        endpoint = self.vcenters.get(vcenter)
        return endpoint.port if endpoint else None


def _measures(key: GroupKey, group: GroupMonitor, valid: Callable[[str], str | None]) -> GroupMeasures:
    spec, prepared = group.known.spec, group.stored.get("prepared")
    by = prepared.get("uid") if isinstance(prepared, Mapping) else None
    objective = None if spec is None else spec.recovery_point_objective
    return GroupMeasures(*key, group.stored, objective, None if by is None else valid(by))


def _key(ref: ObjectRef) -> GroupKey:
    return ref.namespace or "", ref.name
