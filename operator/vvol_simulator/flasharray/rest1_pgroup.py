"""REST 1.x: everything below `pgroup`."""

from typing import Any

from vvol_simulator.model import Array, ArrayError, Snapshot, World

from .catalog import Catalog, GroupView, SnapshotView
from .parameters import Parameters
from .rest1_rows import Row, group_row, snapshot_row, transfer_row

_NO_GROUP = "Protection group does not exist."
_NO_SNAPSHOT = "Protection group snapshot does not exist."


class ProtectionGroups:
    """The operations on protection groups and their snapshots, at one array. They raise `ArrayError`."""

    def __init__(self, world: World, array: Array) -> None:
        self._world = world
        self._array = array
        self._catalog = Catalog(world, array)

    # GET

    def get(self, path_name: str | None, given: Parameters, version: tuple[int, int]) -> Any:
        """`GET pgroup` and `GET pgroup/<name>`: a list, or an object for one group by its path without `snap`."""
        names = given.names("names")
        if path_name is not None:
            names = [path_name]
        pending, pending_only = given.flag("pending"), given.flag("pending_only")
        snap, transfer = given.flag("snap"), given.flag("transfer")
        asked = [word for word in ("schedule", "retention") if given.flag(word)]
        only = {side for side in ("source", "target") if given.flag(side)}
        sort = given.text("sort")
        limit = given.number("limit") if version >= (1, 7) else None
        token = given.number("token") if version >= (1, 7) else None
        given.finish()
        self._check_combination(snap=snap, transfer=transfer, asked=asked, pending=pending or pending_only)
        if snap:
            items = [item for item in self._snapshots(names, pending=pending or pending_only)
                     if _wanted(item, only=only, pending=pending, pending_only=pending_only)]  # fmt: skip
            shown = pending or pending_only
            rows = [transfer_row(self._world, self._catalog, item, pending=shown) if transfer
                    else snapshot_row(self._catalog, item, pending=shown) for item in items]  # fmt: skip
            return _page(_sorted(rows, sort), limit, token)
        views = [view for view in self._groups(names, pending=pending or pending_only)
                 if _wanted(view, only=only, pending=pending, pending_only=pending_only)]  # fmt: skip
        style = asked[0] if asked else "plain"
        rows = [group_row(self._world, self._catalog, view, style, pending=pending or pending_only) for view in views]
        if path_name is not None and "*" not in path_name:
            return rows[0]
        return _page(_sorted(rows, sort), limit, token)

    def _check_combination(self, *, snap: bool, transfer: bool, asked: list[str], pending: bool) -> None:
        if transfer and not snap:
            raise ArrayError("Invalid combination of parameters: transfer requires snap.")
        if len(asked) > 1 or (asked and snap):
            raise ArrayError("Invalid combination of parameters: snap, schedule and retention exclude each other.")
        if transfer and pending and not self._world.switches.rest1_pending_with_transfer:
            raise ArrayError("Invalid combination of parameters: pending cannot be used with transfer.")

    def _groups(self, names: list[str] | None, *, pending: bool) -> list[GroupView]:
        if names is None:
            return list(self._catalog.groups())
        found: list[GroupView] = []
        for name in names:
            if "*" in name:
                found += self._catalog.matching_groups(name)
            else:
                found.append(self._group(name, pending=pending))
        return found

    def _group(self, name: str, *, pending: bool) -> GroupView:
        if "." in name:
            raise ArrayError("The name of a snapshot requires snap.", name)
        view = self._catalog.group(name)
        if view is None or (view.destroyed_at is not None and not pending):
            raise ArrayError(_NO_GROUP, name)
        return view

    def _snapshots(self, names: list[str] | None, *, pending: bool) -> list[SnapshotView]:
        if names is None:
            return [item for view in self._catalog.groups() for item in self._catalog.snapshots(view)]
        found: list[SnapshotView] = []
        for name in names:
            if "." not in name:
                found += [item for view in self._groups([name], pending=pending)
                          for item in self._catalog.snapshots(view)]  # fmt: skip
            elif "*" in name:
                found += self._catalog.matching_snapshots(name)
            else:
                item = self._catalog.snapshot(name)
                if item is None or (item.destroyed_at is not None and not pending):
                    raise ArrayError(_NO_SNAPSHOT, name)
                found.append(item)
        return found

    # POST

    def post(self, given: Parameters, version: tuple[int, int], *, stalled: bool = False) -> Any:
        """`POST pgroup`: take (and push) snapshots, or send existing ones again."""
        if given.text("action") == "send":
            if version < (1, 16):
                raise ArrayError("Invalid parameter: action.")
            return self._send(given)
        sources, suffix = given.names("source"), given.text("suffix")
        now, queued, retained = given.flag("replicate_now"), given.flag("replicate"), given.flag("apply_retention")
        snap = given.flag("snap")
        given.finish()
        if not snap or not sources:
            raise ArrayError("Invalid combination of parameters: snap and source are required.")
        if now and queued:
            raise ArrayError("Invalid combination of parameters: replicate and replicate_now exclude each other.")
        views = [self._live_local(name) for name in sources]
        rows = []
        for view in views:
            snapshot = self._world.replication.take(
                view.group, suffix, replicate=now or queued, retained=retained, stalled=stalled
            )
            item = SnapshotView(f"{view.name}.{snapshot.suffix}", view, snapshot, snapshot)
            rows.append(snapshot_row(self._catalog, item, pending=False))
        return rows if version >= (1, 4) else rows[0]

    def _send(self, given: Parameters) -> list[Row]:
        names = given.names("name")
        given.finish()
        rows = []
        for name in names or []:
            item = self._existing_snapshot(name)
            if not isinstance(item.item, Snapshot):
                raise ArrayError("Protection group snapshot is not local.", name)
            self._world.replication.resend(item.view.group, item.item)
            rows.append(snapshot_row(self._catalog, item, pending=False))
        return rows

    def _live_local(self, name: str) -> GroupView:
        view = self._catalog.group(name)
        if view is None:
            raise ArrayError(_NO_GROUP, name)
        if not view.local:
            raise ArrayError("Protection group is not local to this array.", name)
        if view.destroyed_at is not None:
            raise ArrayError("Protection group has been destroyed.", name)
        return view

    def _existing_snapshot(self, name: str) -> SnapshotView:
        item = self._catalog.snapshot(name)
        if item is None:
            raise ArrayError(_NO_SNAPSHOT, name)
        return item

    # PUT, DELETE

    def put(self, name: str, given: Parameters) -> Row:
        """`PUT pgroup/<name>`: allow or disallow on the target, or recover."""
        recover, has_allowed = given.text("action") == "recover", given.has("allowed")
        allowed = given.flag("allowed")
        given.finish()
        if recover:
            self._recover(name)
        elif has_allowed:
            self._allow(name, allowed=allowed)
        else:
            raise ArrayError("Nothing to change: allowed or action=recover expected.", name)
        return {"name": name}

    def _allow(self, name: str, *, allowed: bool) -> None:
        view = self._catalog.group(name)
        if view is None:
            raise ArrayError(_NO_GROUP, name)
        target = view.group.targets.get(self._array.id)
        if view.local or target is None:
            raise ArrayError("Only a target array can allow or disallow a protection group.", name)
        if target.allowed == allowed:
            word = "allowed" if allowed else "disallowed"
            raise ArrayError(f"Protection group is already {word} on {self._array.name}.", name)
        target.allowed = allowed

    def _recover(self, name: str) -> None:
        if "." in name:
            item = self._existing_snapshot(name)
            self._world.replication.recover_snapshot(item.view.group, item.item)
            return
        view = self._catalog.group(name)
        if view is None or not view.local:
            raise ArrayError(_NO_GROUP, name)
        self._world.replication.recover_group(view.group)

    def delete(self, name: str, given: Parameters) -> Row:
        """`DELETE pgroup/<name>`: destroy a snapshot, or without a suffix the whole group; or eradicate it."""
        eradicate = given.flag("eradicate")
        given.finish()
        replication = self._world.replication
        if "." in name:
            item = self._existing_snapshot(name)
            act = replication.eradicate_snapshot if eradicate else replication.destroy_snapshot
            act(item.view.group, item.item)
            return {"name": item.name}
        view = self._catalog.group(name)
        if view is None or not view.local:
            raise ArrayError(_NO_GROUP, name)
        (replication.eradicate_group if eradicate else replication.destroy_group)(view.group)
        return {"name": view.name}


def _wanted(item: GroupView | SnapshotView, *, only: set[str], pending: bool, pending_only: bool) -> bool:
    local = item.local if isinstance(item, GroupView) else item.view.local
    if only and ("source" if local else "target") not in only:
        return False
    if item.destroyed_at is not None:
        return pending or pending_only
    return not pending_only


def _sorted(rows: list[Row], order: str | None) -> list[Row]:
    """By one column; a minus behind it turns the order round. Empty values come first."""
    if order is None:
        return rows
    column = order.rstrip("+-")
    if rows and column not in rows[0]:
        raise ArrayError(f"Invalid sort column: {column}.")
    return sorted(rows, key=lambda row: (row[column] is not None, row[column] or 0), reverse=order.endswith("-"))


class Page(list[Row]):
    """A list that goes on: `next_token` is for the header `x-next-token`."""

    next_token: str | None = None


def _page(rows: list[Row], limit: int | None, token: int | None) -> Page:
    start = token or 0
    page = Page(rows[start:] if limit is None else rows[start : start + limit])
    if limit is not None and start + limit < len(rows):
        page.next_token = str(start + limit)
    return page
