"""Keeps a ReplicationGroup for each group of the VCenters that ask for it (`spec.discovery`).

Each reading of such a VCenter starts a round. A round plans on what the watch shows; only if that leaves something to
write is the namespace listed afresh and planned again, so that a quiet round costs no call, and a watch that lags
makes nothing twice. Nothing is ever deleted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from vvol_replication.api.errors import SpecError
from vvol_replication.api.group import ReplicationGroupSpec, ReplicationGroupStatus
from vvol_replication.api.names import REPLICATION_GROUP
from vvol_replication.api.objects import Denial, Denied, Failed, Written
from vvol_replication.domain.groups import GroupId
from vvol_replication.engine.monitors.discovery_report import Refusal, stopped, summary, unwatched
from vvol_replication.engine.monitors.registry import Registry
from vvol_replication.engine.monitors.vcenter import VCenterEndpoint
from vvol_replication.engine.services import Services
from vvol_replication.engine.waiting import ended
from vvol_replication.reconcile.discovery.plan import Known, Plan, Wish, discover

_log = logging.getLogger(__name__)
_STOPS = frozenset({Denial.NO_NAMESPACE, Denial.FORBIDDEN})


class Discovery:
    """One round at a time for each VCenter; only the leader writes."""

    def __init__(self, registry: Registry, services: Services) -> None:
        self._registry, self._leading = registry, services.leading
        self._cluster, self._clock, self._pace = services.cluster, services.clock, services.pace
        self._rounds: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._refused: dict[tuple[str, Wish, int], tuple[datetime, Refusal]] = {}
        """What was refused for what it says: by namespace, wish, and the generation of the object that was met."""

    def consider(self, endpoint: VCenterEndpoint) -> None:
        """The VCenter was read: see that its groups have their objects."""
        name = endpoint.ref.name
        if endpoint.discovery_namespace is None:
            return
        if name in self._rounds:
            self._again.add(name)
            return
        task = asyncio.create_task(self._run(endpoint), name=f"discovery of {name}")
        self._rounds[name] = task
        task.add_done_callback(lambda _: self._rounds.pop(name, None))

    async def stop(self) -> None:
        """Write no more."""
        for task in list(self._rounds.values()):
            await ended(task)

    async def _run(self, endpoint: VCenterEndpoint) -> None:
        name = endpoint.ref.name
        while True:
            self._again.discard(name)
            try:
                await self._round(endpoint)
            except Exception:  # noqa: BLE001 - logged whole; the next reading tries again
                # A defect of ours must not end discovery; the log has the traceback.
                _log.exception("discovery of %s failed", endpoint.ref)
            if name not in self._again:
                return

    async def _round(self, endpoint: VCenterEndpoint) -> None:
        namespace = endpoint.discovery_namespace
        while namespace is not None and self._leads(endpoint, namespace):
            if not self._cluster.watches(namespace):
                endpoint.discovered(unwatched(namespace))
                return
            groups = self._registry.groups
            shown = [one.known for key, one in groups.items() if key[0] == namespace]
            plan = discover(endpoint.ref.name, self._registry.world(), shown)
            if self._due(plan, namespace, shown):
                listed = await self._cluster.list_in(REPLICATION_GROUP, namespace)
                if isinstance(listed, Failed):
                    _log.warning("discovery of %s waits: %s", endpoint.ref, listed.message)
                    return
                shown = [known(body) for body in listed]
                plan = discover(endpoint.ref.name, self._registry.world(), shown)
            due = self._due(plan, namespace, shown)
            if not due:
                endpoint.discovered(summary(namespace, plan, self._refusals(plan, namespace, shown)))
                return
            if not await self._apply(endpoint, namespace, plan, due[: self._pace.discovery_batch], shown):
                return
            await asyncio.sleep(self._pace.discovery_pause)

    def _leads(self, endpoint: VCenterEndpoint, namespace: str) -> bool:
        """May this process still write that VCenter's objects there?"""
        here = self._registry.vcenters.get(endpoint.ref.name) is endpoint
        return here and endpoint.discovery_namespace == namespace and self._leading()

    async def _apply(
        self, endpoint: VCenterEndpoint, namespace: str, plan: Plan, due: Iterable[Wish], shown: Iterable[Known]
    ) -> bool:
        """Write these. False if the round ends here: all else would be answered alike, or is not ours to write."""
        generations = _generations(shown)
        for wish in due:
            if not self._leads(endpoint, namespace):
                return False
            result = await self._cluster.server_side_apply(
                REPLICATION_GROUP, wish.manifest(endpoint.ref.name, namespace)
            )
            if isinstance(result, Written):
                _log.info("discovery of %s: ReplicationGroup %s/%s applied", endpoint.ref, namespace, wish.name)
            elif isinstance(result, Failed):
                _log.warning("discovery of %s waits: %s", endpoint.ref, result.message)
                return False
            elif result.why in _STOPS:
                endpoint.discovered(stopped(namespace, plan, result.why, result.message))
                return False
            else:
                self._refuse(namespace, wish, generations, result)
        return True

    def _refuse(self, namespace: str, wish: Wish, generations: Mapping[str, int], result: Denied) -> None:
        now = self._clock.now()
        self._refused = {
            key: one
            for key, one in self._refused.items()
            if (now - one[0]).total_seconds() < self._pace.discovery_retry
        }
        self._refused[namespace, wish, generations.get(wish.name, 0)] = (
            now,
            Refusal(wish.name, result.why, result.message),
        )

    def _due(self, plan: Plan, namespace: str, shown: Iterable[Known]) -> list[Wish]:
        """What is to be written now: all but what has lately been refused just so."""
        generations, now, retry = _generations(shown), self._clock.now(), self._pace.discovery_retry
        refused = {key for key, (at, _) in self._refused.items() if (now - at).total_seconds() < retry}
        return [one for one in plan.wishes if (namespace, one, generations.get(one.name, 0)) not in refused]

    def _refusals(self, plan: Plan, namespace: str, shown: Iterable[Known]) -> list[Refusal]:
        generations = _generations(shown)
        found = (self._refused.get((namespace, one, generations.get(one.name, 0))) for one in plan.wishes)
        return [one[1] for one in found if one is not None]


def known(body: Mapping[str, Any]) -> Known:
    """A ReplicationGroup as the API server lists it."""
    metadata = body["metadata"]
    status = ReplicationGroupStatus.parse(body.get("status"))
    try:
        spec = ReplicationGroupSpec.parse(body.get("spec"))
    except SpecError:
        spec = None
    side = status.target
    seen = None
    if side is not None and side.fault_domain is not None and side.device_group is not None:
        seen = GroupId(side.fault_domain, side.device_group)
    labels = metadata.get("labels") or {}
    return Known(metadata["name"], metadata["uid"], metadata["generation"], labels, spec, seen)


def _generations(shown: Iterable[Known]) -> dict[str, int]:
    return {one.name: one.generation for one in shown}
