"""What everything that works on requests has in common."""

from __future__ import annotations

from dataclasses import dataclass

from vvol_replication.engine.monitors.registry import Registry
from vvol_replication.engine.services import Services
from vvol_replication.reconcile.core.tuning import Tuning

from .calls import StorageCalls
from .claims import Claims
from .queue import TurnQueue


@dataclass(frozen=True, slots=True)
class EngineContext:
    """Made once, by the engine.

    `identity`: which operator process this is, as it holds the Lease; empty where there is only one.
    """

    services: Services
    registry: Registry
    queue: TurnQueue
    claims: Claims
    calls: StorageCalls
    tuning: Tuning
    identity: str
