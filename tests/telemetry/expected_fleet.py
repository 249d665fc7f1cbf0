"""What the dashboard of the fleet has to show of the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry.numbers import Number, between, exactly, since, until
from telemetry.scenario import GROUPS, Scene

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOUR = 3600.0
_SCHEDULES = {group: f"group={group}, schedule={group}-often" for group in ("log", "hr")}
OBJECTIVES = {"group=erp": exactly(2 * _HOUR), "group=crm": exactly(_HOUR), "group=hr": exactly(_HOUR / 4)}
MISSED = {_SCHEDULES["log"]: exactly(0), _SCHEDULES["hr"]: between(1, 3)}
IN_FLIGHT = {
    "kind=ReplicationSync, phase=Running": exactly(1),  # crm
    "kind=ReplicationSync, phase=Waiting": exactly(1),  # hr
    "kind=FailoverPreparation, phase=Waiting": exactly(1),  # dev
}


def expected(scene: Scene) -> dict[str, tuple[Mapping[str, Number], ...]]:
    """Rows for each query, by the title of the panel."""
    parts = {"group=erp": between(0, 0.1), "group=crm": between(0, 0.2)}
    return {
        "Groups": ({"": exactly(7)},),
        "Behind their objective": ({"": exactly(1)},),
        "Without a point in time": ({"": exactly(1)},),
        "Prepared for failover": ({"": exactly(1)},),
        "Syncs left armed": ({"": exactly(1)},),
        "Alerts that fire": ({"": between(2, 6)},),  # four more if this takes minutes: behind, gone, locked, stale
        "Groups by age": (ages(scene), OBJECTIVES, parts, named_ages(scene), points(scene)),
        "Age as part of the objective": (parts,),
        "Requests in flight": (IN_FLIGHT,),
        "What requests wait for": (
            {
                "kind=ReplicationSync, reason=InTest": exactly(1),
                "kind=FailoverPreparation, reason=VMPoweredOn": exactly(1),
            },
        ),
        "Progress of transfers": ({"group=crm": arrived(scene)[0]},),
        "Last request of each kind on a group": (ends(scene),),
        "Requests that ended": (
            {
                # Three syncs, of which the first one is not counted, and what is added for the ends of the window.
                "kind=ReplicationSync, outcome=Succeeded, reason=PointInTimeCreated": between(1, 3),
                "kind=ReplicationSync, outcome=Failed, reason=TimedOut": exactly(0),
                "kind=FailoverPreparation, outcome=Succeeded, reason=FailoverPrepared": exactly(0),
            },
        ),
        "Schedules": (
            next_runs(scene),
            {_SCHEDULES["log"]: since(scene.moment("log", "finishedAt"))},
            MISSED,
            {_SCHEDULES["log"]: exactly(0), _SCHEDULES["hr"]: between(1, 1000)},
        ),
    }


def ages(scene: Scene) -> dict[str, Number]:
    """Of the newest point in time of each group, as the storage has them."""
    found = {group: scene.points(group) for group in GROUPS}
    return {f"group={group}": since(each[-1][0]) for group, each in found.items() if each}


def named_ages(scene: Scene) -> dict[str, Number]:
    """The same of those that have a name."""
    found = {group: [time for time, name in scene.points(group) if name] for group in GROUPS}
    return {f"group={group}": since(times[-1]) for group, times in found.items() if times}


def points(scene: Scene) -> dict[str, Number]:
    """How many there are."""
    return {f"group={group}": exactly(len(scene.points(group))) for group in GROUPS}


def ends(scene: Scene) -> dict[str, Number]:
    """The requests that ended, and when."""
    created = "kind=ReplicationSync, outcome=Succeeded, reason=PointInTimeCreated"
    said = {
        "erp": created,
        "log": created,
        "bi": "kind=ReplicationSync, outcome=Failed, reason=TimedOut",
        "web": "kind=FailoverPreparation, outcome=Succeeded, reason=FailoverPrepared",
    }
    return {f"group={group}, {one}": since(scene.moment(group, "finishedAt")) for group, one in said.items()}


def arrived(scene: Scene) -> tuple[Number, Number]:
    """Part and bytes of crm's transfer, which stands still. The array tells whole percents."""
    part, size = scene.transfer("crm")
    return between(part - 0.011, part + 0.011), between(size * 0.9, size * 1.1)


def next_runs(scene: Scene) -> dict[str, Number]:
    """An hour after the operator has seen each schedule as it is now."""
    return {row: until(scene.hourly[group] + _HOUR, slack=30) for group, row in _SCHEDULES.items()}
