"""What the dashboard of the operator has to show of the scenario."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

from telemetry.expected_fleet import IN_FLIGHT
from telemetry.numbers import Number, between, exactly, maybe, since
from telemetry.scenario import Scene

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS = ("VCenter", "FlashArray", "ReplicationGroup", "ReplicationSync", "FailoverPreparation", "ReplicationSchedule")
_PHASES = {
    "ReplicationSync": ("queue", "arming", "push", "transfer", "verify", "total"),
    "FailoverPreparation": ("queue", "transfer", "verify", "total"),
}
_MEGABYTE = 1e6


def expected(scene: Scene) -> dict[str, tuple[Mapping[str, Number], ...]]:
    """Rows for each query, by the title of the panel."""
    often = between(0.001, 50)
    nothing = {
        f"kind={kind}, phase={phase}": exactly(0)
        for kind in ("ReplicationSync", "FailoverPreparation")
        for phase in ("Pending", "Waiting", "Running", "Suspended")
    }
    return {
        "Replicas": ({"": exactly(1)},),
        "Replicas that act": ({"": exactly(1)},),
        "Newest start": ({"": since(scene.started)},),
        "Versions": (
            {f"python_version={platform.python_version()}, version={version('vvol-replication')}": exactly(1)},
        ),
        "Writes by outcome": ({"outcome=ok": often, "outcome=conflict": maybe(between(0, 5))},),
        "Renewals of the Lease": ({"": often}, {"": exactly(0)}),
        "Time since the API server last showed an object": ({f"kind={kind}": between(0, 600) for kind in _KINDS},),
        "Requests in flight": (nothing | IN_FLIGHT,),
        "Phases of ended requests, median": (
            {f"kind={kind}, phase={phase}": between(0, 120) for kind, phases in _PHASES.items() for phase in phases},
        ),
        "Lag of the event loop, 99th percentile": ({"": between(0, 60)},),
        "CPU": ({"": between(0.001, 2)},),
        "Memory": ({"": between(30 * _MEGABYTE, 500 * _MEGABYTE)},),
        "Open files": ({"": between(1e-6, 0.9)},),
    }
