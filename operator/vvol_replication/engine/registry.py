"""The connected endpoints and bound groups by name, and who must look again when one of them changes."""

from __future__ import annotations

from collections.abc import Callable

from vvol_replication.reconcile.binding import World

from .endpoints import ArrayEndpoint, VCenterEndpoint
from .groups import GroupMonitor


class Registry:
    """Plain dictionaries, kept by the engine on the event loop. Managed objects are never keys; names are."""

    def __init__(self) -> None:
        self.vcenters: dict[str, VCenterEndpoint] = {}
        self.arrays: dict[str, ArrayEndpoint] = {}
        self.groups: dict[tuple[str, str], GroupMonitor] = {}
        self.listeners: list[Callable[[str, str], None]] = []

    def world(self) -> World:
        """What binding may know."""
        return World(
            sites={name: endpoint.view for name, endpoint in self.vcenters.items()},
            arrays={name: endpoint.view for name, endpoint in self.arrays.items()},
        )

    def rebind(self) -> None:
        """An endpoint changed: every group binds anew, and those who wait for a group that changed are told."""
        world = self.world()
        for key, group in list(self.groups.items()):
            if group.rebind(world):
                self.group_changed(*key)

    def group_changed(self, namespace: str, name: str) -> None:
        """Tell those who wait for this group."""
        for listener in self.listeners:
            listener(namespace, name)
