"""The connected endpoints and bound groups by name, and who must look again when one of them changes."""

from __future__ import annotations

from collections.abc import Callable

from vvol_replication.api.sync import GroupRef
from vvol_replication.engine.monitors.memory.armed import ArmedSyncs, GroupKey
from vvol_replication.engine.monitors.memory.prepared import PreparedGroups
from vvol_replication.reconcile.binding.world import World

from .flasharray import ArrayEndpoint
from .group import GroupMonitor
from .vcenter import VCenterEndpoint

__all__ = ["GroupKey", "Registry"]


class Registry:
    """Plain dictionaries, kept by the engine on the event loop. Managed objects are never keys; names are."""

    def __init__(self) -> None:
        self.vcenters: dict[str, VCenterEndpoint] = {}
        self.arrays: dict[str, ArrayEndpoint] = {}
        self.groups: dict[GroupKey, GroupMonitor] = {}
        self.armed = ArmedSyncs()
        self.prepared = PreparedGroups()
        self.listeners: list[Callable[[frozenset[GroupKey]], None]] = []

    def world(self) -> World:
        """What binding may know."""
        return World(
            sites={name: endpoint.view for name, endpoint in self.vcenters.items()},
            arrays={name: endpoint.view for name, endpoint in self.arrays.items()},
        )

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

    @property
    def followed(self) -> int:
        """How many transfers are followed, on all arrays."""
        return sum(endpoint.poller.followed for endpoint in self.arrays.values())

    def rebind(self) -> None:
        """An endpoint changed: every group binds anew, and those who wait for a group that changed are told."""
        world = self.world()
        self.groups_changed(*(key for key, group in list(self.groups.items()) if group.rebind(world)))

    def groups_changed(self, *keys: GroupKey) -> None:
        """Tell those who wait for these groups, once for all of them: who is first among them is the listener's."""
        if keys:
            for listener in self.listeners:
                listener(frozenset(keys))
