"""The whole world as JSON, for `GET /state`. Times are ISO 8601 with milliseconds, in the clock of whose they are."""

from dataclasses import fields
from typing import Any

from .model import Array, PointInTime, ProtectionGroup, RateLimit, Site, Snapshot, Transfer, VvolGroup, World
from .model.clock import iso_millis
from .model.spelling import camel

Json = dict[str, Any]


def world_state(world: World) -> Json:
    """Everything there is, with all names as keys."""
    now = world.time
    return {
        "time": iso_millis(now),
        "transferSeconds": world.replication.transfer_seconds,
        "switches": world.switches.as_dict(),
        "vcenters": {site.name: _site(world, site) for site in world.sites.values()},
        "arrays": {array.name: _array(world, array) for array in world.arrays.values()},
        "protectionGroups": {
            f"{array.name}:{group.name}": _group(world, group)
            for array in world.arrays.values()
            for group in array.groups.values()
        },
    }


def _site(world: World, site: Site) -> Json:
    return {
        "instanceUuid": site.instance_uuid,
        "skew": site.skew,
        "sessions": len(site.sessions),
        "logins": site.logins,
        "failedLogins": site.failed_logins,
        "logouts": site.logouts,
        "providers": [
            {
                "moid": provider.moid,
                "name": provider.name,
                "arrays": [world.arrays[array_id].name for array_id in provider.array_ids],
                "status": provider.status,
                "active": provider.active,
            }
            for provider in site.providers
        ],
        "vms": [
            {
                "name": vm.name,
                "moid": vm.moid,
                "instanceUuid": vm.instance_uuid,
                "power": vm.power,
                "groups": sorted(
                    world.vasa.name_of(world.vasa.groups[group]) or "" for group in vm.groups()
                ),
            }
            for vm in site.vms
        ],
        "tasks": [
            {
                "moid": task.moid,
                "kind": task.kind,
                "state": world.vasa.task_state(task),
                "groups": [
                    {"faultDomainId": group.fault_domain, "deviceGroupId": group.device_group} for group in task.groups
                ],
                "results": [type(result).__name__ for result in task.ordered_results()],
                "error": None if task.error is None else task.error.name,
            }
            for task in site.tasks.values()
        ],
    }  # fmt: skip


def _array(world: World, array: Array) -> Json:
    return {
        "id": array.id,
        "faultDomainId": array.fault_domain,
        "skew": array.skew,
        "restVersions": list(array.rest_versions),
        "users": {user.name: user.role for user in array.users()},
        "sessions": array.open_sessions(world.time),
        "sessionLimit": array.session_limit,
        "idleSeconds": array.idle_seconds,
        "logins": array.logins,
        "failedLogins": array.failed_logins,
        "awayUntil": None if array.away_until is None else iso_millis(array.away_until),
        "rateLimit": None if array.rate_limit is None else _rate_limit(array.rate_limit),
        "eradicationSeconds": array.eradication_seconds,
        "safeMode": array.safe_mode,
        "pods": {pod.name: {"demoted": pod.demoted} for pod in array.pods.values()},
        "connections": {world.arrays[peer].name: up for peer, up in world.links.of(array.id)},
    }


def _rate_limit(limit: RateLimit) -> Json:
    return {
        "perSecond": limit.per_second,
        "burst": limit.burst,
        "remaining": limit.remaining,
        "refused": limit.refused,
    }


def _group(world: World, group: ProtectionGroup) -> Json:
    source = world.vasa.source_of(group)
    targets = [] if source is None else [world.vasa.groups[item] for item in source.targets]
    schedule = group.schedule
    return {
        "destroyed": group.destroyed_at is not None,
        "targets": {world.arrays[target.array_id].name: {"allowed": target.allowed, "suspended": target.suspended}
                    for target in group.targets.values()},
        "offloads": group.offloads,
        "schedule": {
            "enabled": schedule.enabled,
            "every": schedule.every,
            "nextAt": None if schedule.next_at is None else iso_millis(schedule.next_at),
        },
        "retention": {camel(one.name): getattr(group.retention, one.name) for one in fields(group.retention)},
        "transferSeconds": group.transfer_seconds,
        "snapshots": [_snapshot(snapshot) for snapshot in group.snapshots.values()],
        "transfers": [_transfer(world, transfer)
                      for array in world.arrays.values() for transfer in array.replicas.get(group, ())],
        "sourceGroup": None if source is None else _side(world, source),
        "targetGroups": [_target_group(world, target) for target in targets],
    }  # fmt: skip


def _snapshot(snapshot: Snapshot) -> Json:
    return {
        "suffix": snapshot.suffix,
        "created": iso_millis(snapshot.created),
        "applyRetention": snapshot.retained,
        "destroyed": snapshot.destroyed_at is not None,
        "tags": snapshot.tags,
    }


def _transfer(world: World, transfer: Transfer) -> Json:
    now = world.time
    return {
        "suffix": transfer.snapshot.suffix,
        "target": world.arrays[transfer.target_id].name,
        "started": None if transfer.started is None else iso_millis(transfer.started),
        "completed": None if transfer.completed is None else iso_millis(transfer.completed),
        "progress": transfer.progress(now),
        "bytes": transfer.transferred(now),
        "moving": transfer.moving_since is not None,
        "destroyed": transfer.destroyed_at is not None,
    }


def _side(world: World, group: VvolGroup) -> Json:
    pending = group.pending
    return {
        "faultDomainId": group.id.fault_domain,
        "deviceGroupId": group.id.device_group,
        "array": world.arrays[group.array_id].name,
        "state": group.state,
        "prepared": group.prepared,
        "pendingSync": None if pending is None else {"name": pending.name, "task": pending.task.moid},
    }


def _target_group(world: World, group: VvolGroup) -> Json:
    points = [_point(point) for point in world.vasa.points_in_time(group)]
    return _side(world, group) | {"pointsInTime": points}


def _point(point: PointInTime) -> Json:
    return {
        "id": point.id,
        "name": point.name,
        "time": iso_millis(point.time),
        "suffix": point.transfer.snapshot.suffix,
    }
