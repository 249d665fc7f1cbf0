"""What everything that works on requests has around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vvol_replication.engine.monitors.registry import Registry
from vvol_replication.engine.ports import Clock, Pace
from vvol_replication.reconcile.core.tuning import Tuning

from .calls import StorageCalls
from .claims import Claims
from .queue import TurnQueue


@dataclass(frozen=True, slots=True)
class EngineContext:
    """What every runner works with."""

    registry: Registry
    turns: TurnQueue
    access: StorageCalls
    clock: Clock
    pace: Pace
    tuning: Tuning
    claims: Claims
    leading: Callable[[], bool]
    """Checked before each mutating call: does this process still hold the Lease?"""
    identity: str
    """Which operator process this is, as it holds the Lease; empty where there is only one."""
