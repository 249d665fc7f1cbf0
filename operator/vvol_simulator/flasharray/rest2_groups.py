"""REST 2: protection groups, their targets and snapshots, at one array. All of it raises `ArrayError`."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from vvol_simulator.model import Array, ArrayError, Snapshot, World
from vvol_simulator.model.names import key

from .catalog import Catalog, GroupView, SnapshotView
from .parameters import Parameters
from .rest2_rows import Row, group_row, member_rows, reference, snapshot_row, target_rows, transfer_row

View = TypeVar("View", GroupView, SnapshotView)

NO_GROUP = "Protection group does not exist."
NO_SNAPSHOT = "Protection group snapshot does not exist."


class Groups:
    """What is below `protection-groups` and `protection-group-snapshots`."""

    def __init__(self, world: World, array: Array) -> None:
        self._world = world
        self._array = array
        self._catalog = Catalog(world, array)

    # Reading

    def groups(self, query: Parameters) -> list[Row]:
        """`GET protection-groups`."""
        names, ids = query.names("names"), query.names("ids")
        named = names is not None or ids is not None
        views = self._shown(self._groups(names, ids), query, named=named)
        return [group_row(self._world, self._array, self._catalog, view) for view in views]

    def targets(self, query: Parameters) -> list[Row]:
        """`GET protection-groups/targets`."""
        members = query.names("member_names"), query.names("member_ids")
        views = self._groups(query.names("group_names"), query.names("group_ids"))
        rows = [row for view in views for row in target_rows(self._world, self._array, view)]
        return [row for row in rows if _is_member(row, *members)]

    def volumes(self, query: Parameters) -> list[Row]:
        """`GET protection-groups/volumes`."""
        members = query.names("member_names"), query.names("member_ids")
        if query.has("member_destroyed") and query.flag("member_destroyed"):
            return []
        query.flag("include_remote")
        views = self._groups(query.names("group_names"), query.names("group_ids"))
        rows = [row for view in views for row in member_rows(self._world, self._array, view)]
        return [row for row in rows if _is_member(row, *members)]

    def snapshots(self, query: Parameters) -> list[Row]:
        """`GET protection-group-snapshots`."""
        return [snapshot_row(self._array, self._catalog, item) for item in self._listed(query)]

    def transfers(self, query: Parameters) -> list[Row]:
        """`GET protection-group-snapshots/transfer`."""
        return [transfer_row(self._world, self._array, self._catalog, item) for item in self._listed(query)]

    def _listed(self, query: Parameters) -> Iterable[SnapshotView]:
        names, ids = query.names("names"), query.names("ids")
        sources, source_ids = query.names("source_names"), query.names("source_ids")
        items = self._snapshots(names, ids)
        if sources is not None or source_ids is not None:
            wanted = {view.name for view in self._groups(sources, source_ids)}
            items = [item for item in items if item.view.name in wanted]
        named = ids is not None or any("." in name and "*" not in name for name in names or [])
        return self._shown(items, query, named=named)

    def _shown(self, items: Sequence[View], query: Parameters, *, named: bool) -> list[View]:
        """Destroyed ones, live ones, or both, as `destroyed` asks."""
        if query.has("destroyed"):
            wanted = query.flag("destroyed")
            return [item for item in items if (item.destroyed_at is not None) is wanted]
        if named or self._world.switches.rest2_destroyed_unasked:
            return list(items)
        return [item for item in items if item.destroyed_at is None]

    def _groups(self, names: Sequence[str] | None, ids: Sequence[str] | None) -> list[GroupView]:
        if names is not None and ids is not None:
            raise ArrayError("Names and ids cannot be given together.")
        if ids is not None:
            return [view for view in self._catalog.groups() if view.group.id in ids]
        if names is None:
            return list(self._catalog.groups())
        found: dict[str, GroupView] = {}
        for name in names:
            views = self._catalog.matching_groups(name) if "*" in name else [self._group(name)]
            found |= {view.name: view for view in views}
        return list(found.values())

    def _group(self, name: str) -> GroupView:
        view = None if "." in name else self._catalog.group(name)
        if view is None:
            raise ArrayError(NO_GROUP, name)
        return view

    def _snapshots(self, names: Sequence[str] | None, ids: Sequence[str] | None) -> list[SnapshotView]:
        """Names are those of snapshots, of groups (all their snapshots), or patterns of either."""
        if names is not None and ids is not None:
            raise ArrayError("Names and ids cannot be given together.")
        everything = [item for view in self._catalog.groups() for item in self._catalog.snapshots(view)]
        if ids is not None:
            return [item for item in everything if item.item.id in ids]
        if names is None:
            return everything
        found: list[SnapshotView] = []
        for name in names:
            if "*" in name:
                found += self._catalog.matching_snapshots(name if "." in name else f"{name}.*")
            elif "." in name:
                found.append(self._snapshot(name))
            else:
                found += self._catalog.snapshots(self._group(name))
        return found

    def _snapshot(self, name: str) -> SnapshotView:
        item = self._catalog.snapshot(name)
        if item is None:
            raise ArrayError(NO_SNAPSHOT, name)
        return item

    # Pushing

    def push(self, query: Parameters, body: Parameters, *, stalled: bool = False, dry: bool = False) -> list[Row]:
        """`POST protection-group-snapshots`, or with `dry` only what would refuse it (`…/test`)."""
        views = self._groups(query.names("source_names"), query.names("source_ids"))
        if not (query.has("source_names") or query.has("source_ids")):
            raise ArrayError("The source_names parameter is required.")
        now, queued, retained = query.flag("replicate_now"), query.flag("replicate"), query.flag("apply_retention")
        fleeting = query.flag("for_replication")
        query.flag("allow_throttle")
        suffix, tags = body.text("suffix"), body.values.get("tags") or []
        if now and queued:
            raise ArrayError("The replicate and replicate_now parameters cannot be used together.")
        for view in views:
            if not view.local:
                raise ArrayError("Protection group is not local to this array.", view.name)
            self._world.replication.check_push(view.group, suffix, replicate=now or queued)
        if dry:
            return [self._tested(view) for view in views]
        rows = []
        for view in views:
            snapshot = self._world.replication.take(
                view.group, suffix, replicate=now or queued, retained=retained, stalled=stalled, fleeting=fleeting
            )
            snapshot.tags += tags
            item = SnapshotView(f"{view.name}.{snapshot.suffix}", view, snapshot, snapshot)
            rows.append(snapshot_row(self._array, self._catalog, item))
        return rows

    def _tested(self, view: GroupView) -> Row:
        return {
            "resource": {"id": view.group.id, "name": view.name},
            "component_name": self._array.name,
            "enabled": True,
            "success": True,
            "result_details": "",
            "test_type": "protection-group-snapshot",
            "context": reference(self._array),
        }

    def replicate(self, query: Parameters) -> list[Row]:
        """`POST protection-group-snapshots/replica`: send existing snapshots to one target again."""
        target = query.text("on")
        query.flag("convert_source_to_baseline")
        peer = next((it for it in self._world.arrays.values() if key(it.name) == key(target or "")), None)
        items = self._chosen(query)
        for item in items:
            if not isinstance(item.item, Snapshot):
                raise ArrayError("Protection group snapshot is not local.", item.name)
            if peer is None or peer.id not in item.view.group.targets:
                raise ArrayError("Target does not exist.", target or "")
            self._world.replication.resend(item.view.group, item.item, peer.id)
        return [snapshot_row(self._array, self._catalog, item) for item in items]

    # Changing

    def allow(self, query: Parameters, body: Parameters) -> list[Row]:
        """`PATCH protection-groups/targets`: only a target decides for itself."""
        members = query.names("member_names"), query.names("member_ids")
        if not body.has("allowed"):
            raise ArrayError("Nothing to change: allowed expected.")
        allowed = body.flag("allowed")
        views = self._groups(query.names("group_names"), query.names("group_ids"))
        for view in views:
            target = view.group.targets.get(self._array.id)
            if view.local or target is None:
                raise ArrayError("Only a target array can allow or disallow a protection group.", view.name)
            target.allowed = allowed
        rows = [row for view in views for row in target_rows(self._world, self._array, view)]
        return [row for row in rows if row["member"]["id"] == self._array.id and _is_member(row, *members)]

    def patch_group(self, query: Parameters, body: Parameters) -> list[Row]:
        """`PATCH protection-groups`: destroy or recover."""
        destroyed = _destroyed(body)
        views = self._own(query)
        for view in views:
            act = self._world.replication.destroy_group if destroyed else self._world.replication.recover_group
            act(view.group)
        return [group_row(self._world, self._array, self._catalog, view) for view in views]

    def eradicate_group(self, query: Parameters) -> list[Row]:
        """`DELETE protection-groups`: make a destruction final."""
        for view in self._own(query):
            self._world.replication.eradicate_group(view.group)
        return []

    def patch_snapshot(self, query: Parameters, body: Parameters) -> list[Row]:
        """`PATCH protection-group-snapshots`: destroy or recover, here only."""
        destroyed, replication = _destroyed(body), self._world.replication
        items = self._chosen(query)
        for item in items:
            (replication.destroy_snapshot if destroyed else replication.recover_snapshot)(item.view.group, item.item)
        return [snapshot_row(self._array, self._catalog, item) for item in items]

    def eradicate_snapshot(self, query: Parameters) -> list[Row]:
        """`DELETE protection-group-snapshots`: make a destruction final."""
        for item in self._chosen(query):
            self._world.replication.eradicate_snapshot(item.view.group, item.item)
        return []

    def _own(self, query: Parameters) -> list[GroupView]:
        names, ids = query.names("names"), query.names("ids")
        if names is None and ids is None:
            raise ArrayError("The names parameter is required.")
        views = self._groups(names, ids)
        for view in views:
            if not view.local:
                raise ArrayError("Protection group is not local to this array.", view.name)
        return views

    def _chosen(self, query: Parameters) -> list[SnapshotView]:
        """The snapshots a change is about: each named in full."""
        names, ids = query.names("names"), query.names("ids")
        if names is None and ids is None:
            raise ArrayError("The names parameter is required.")
        return self._snapshots(None, ids) if names is None else [self._snapshot(name) for name in names]


def _destroyed(body: Parameters) -> bool:
    if not body.has("destroyed"):
        raise ArrayError("Nothing to change: destroyed expected.")
    return body.flag("destroyed")


def _is_member(row: Row, names: Sequence[str] | None, ids: Sequence[str] | None) -> bool:
    member = row["member"]
    by_name = names is None or any(key(member["name"]) == key(name) for name in names)
    return by_name and (ids is None or member["id"] in ids)
