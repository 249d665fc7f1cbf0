"""What the dashboard of one group has to show of each group of the scenario: the group is a label of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry import expected_fleet as fleet
from telemetry.numbers import Number, exactly, since
from telemetry.scenario import GROUPS, Scene

if TYPE_CHECKING:
    from collections.abc import Mapping


def expected(scene: Scene) -> dict[str, tuple[Mapping[str, Number], ...]]:
    """Rows for each query, by the title of the panel."""
    ages, named, points = fleet.ages(scene), fleet.named_ages(scene), fleet.points(scene)
    progress, size = fleet.arrived(scene)
    return {
        "Age of the newest point in time": (ages,),
        "Objective": (fleet.OBJECTIVES,),
        "Age of the newest named one": (named,),
        "Points in time": (points,),
        "Oldest request in flight": (
            {f"group={group}": since(scene.moment(group, "acceptedAt")) for group in ("crm", "hr", "dev")},
        ),
        "Prepared for failover": ({"group=web": since(scene.moment("web", "finishedAt"), slack=15)},),
        "Age against the objective": (ages, fleet.OBJECTIVES),
        "Points in time at the target": (points,),
        "Requests in flight": (
            {
                "group=crm, kind=ReplicationSync, phase=Running, reason=Transferring": exactly(1),
                "group=hr, kind=ReplicationSync, phase=Waiting, reason=InTest": exactly(1),
                "group=dev, kind=FailoverPreparation, phase=Waiting, reason=VMPoweredOn": exactly(1),
            },
        ),
        "Progress of the transfer": ({"group=crm": progress},),
        "Arrived bytes of the transfer": ({"group=crm": size},),
        "State in vSphere": (
            {
                **{f"group={group}, side=source, state=SOURCE": exactly(1) for group in GROUPS},
                **{f"group={group}, side=target, state=TARGET": exactly(1) for group in GROUPS if group != "hr"},
                "group=hr, side=target, state=INTEST": exactly(1),
            },
        ),
        "Last request of each kind": (fleet.ends(scene),),
        "Schedules of the group": (fleet.next_runs(scene), fleet.MISSED),
    }
