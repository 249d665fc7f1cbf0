"""What the engine knows of its objects, as metrics. Pure, and thread-safe on what `Engine.measures` returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from vvol_replication.api.conditions import find
from vvol_replication.api.names import ONE_SHOT_KINDS
from vvol_replication.api.reasons import known_reason
from vvol_replication.api.status import Phase
from vvol_replication.domain.groups import GroupState
from vvol_replication.engine.measures import (
    EndpointMeasures,
    GroupMeasures,
    Measures,
    RequestMeasures,
    ScheduleMeasures,
)

from . import catalogue
from .families import Families, conditions_of, seconds_of, truth

_PHASES = (Phase.PENDING, Phase.WAITING, Phase.RUNNING, Phase.SUSPENDED)
_STATES = frozenset(GroupState)
_KINDS = frozenset(one.kind for one in ONE_SHOT_KINDS)
_OUTCOMES = frozenset(Phase) | {"Deleted"}
_ALL = 100


def put_objects(families: Families, measures: Measures) -> None:
    """All of them."""
    for group in measures.groups:
        _put_group(families, group)
    _put_requests(families, measures.requests)
    for schedule in measures.schedules:
        _put_schedule(families, schedule)
    for endpoint in measures.endpoints:
        _put_endpoint(families, endpoint)
    for kind, at in measures.observed.items():
        families.put_time(catalogue.WATCH_EVENT, (kind.kind,), at)


def _put_group(families: Families, group: GroupMeasures) -> None:
    status, labels = group.status, (group.namespace, group.name)
    conditions = conditions_of(status)
    families.put(catalogue.GROUP_READY, labels, truth(conditions, "Ready"))
    families.put_time(catalogue.GROUP_LAST_READ, labels, status.get("lastReadAt"))
    families.put_time(catalogue.GROUP_NEWEST, labels, status.get("newestPointInTime"))
    families.put_time(catalogue.GROUP_NEWEST_NAMED, labels, _newest_named(status))
    families.put(catalogue.GROUP_POINTS, labels, _number(status.get("pointInTimeCount")))
    objective = None if group.objective is None else group.objective.total_seconds()
    families.put(catalogue.GROUP_OBJECTIVE, labels, objective)
    current = truth(conditions, "RecoveryPointCurrent")
    families.put(catalogue.GROUP_VIOLATED, labels, None if current is None else 1 - current)
    families.put_time(catalogue.GROUP_BEHIND, labels, status.get("behindObjectiveSince"))
    for side in ("source", "target"):
        state = _part(status, side).get("state")
        if state in _STATES:
            families.put(catalogue.GROUP_STATE, (*labels, side, state), 1)
    if conditions:
        prepared = truth(conditions, "Prepared") if "Prepared" in conditions else 0
        families.put(catalogue.GROUP_PREPARED, labels, prepared)
    families.put_time(catalogue.GROUP_PREPARED_SINCE, labels, _part(status, "prepared").get("since"))
    families.put(catalogue.GROUP_PREPARATION_VALID, labels, {"True": 1, "False": 0}.get(group.valid or ""))
    families.put_time(catalogue.GROUP_ARMED_SINCE, labels, _part(status, "armedSync").get("since"))
    _put_last_ends(families, labels, status.get("history"))


def _newest_named(status: Mapping[str, Any]) -> object:
    """As the status says it; of one that an older operator wrote, the newest of the points in time that it shows."""
    told = _part(status, "newestNamedPointInTime").get("time")
    listed = status.get("pointsInTime")
    points = [one for one in (listed if isinstance(listed, list) else ()) if isinstance(one, Mapping)]
    return told or next((one.get("time") for one in points if one.get("name")), None)


def _put_last_ends(families: Families, labels: tuple[str, str], history: object) -> None:
    seen: set[object] = set()
    for one in history if isinstance(history, list) else ():
        entry = one if isinstance(one, Mapping) else {}
        kind, outcome = entry.get("kind"), entry.get("outcome")
        if kind in seen or kind not in _KINDS or outcome not in _OUTCOMES:
            continue
        seen.add(kind)
        said = (kind, outcome, known_reason(entry.get("reason")))
        families.put_time(catalogue.GROUP_LAST_END, (*labels, *said), entry.get("finishedAt"))


def _put_requests(families: Families, requests: Sequence[RequestMeasures]) -> None:
    by_phase = Counter({(kind.kind, phase): 0 for kind in ONE_SHOT_KINDS for phase in _PHASES})
    by_group: Counter[tuple[str, ...]] = Counter()
    oldest: dict[tuple[str, str], float] = {}
    for one in requests:
        status, group = one.status, (one.namespace, one.group)
        phase = status.phase if status.phase in _PHASES else Phase.RUNNING  # its end is about to be written
        ready = find(status.conditions, "Ready")
        by_phase[one.kind.kind, phase] += 1
        by_group[*group, one.kind.kind, phase, known_reason(ready and ready.reason)] += 1
        accepted = seconds_of(status.accepted_at)
        if accepted is not None:
            oldest[group] = min(accepted, oldest.get(group, accepted))
    for (kind, phase), number in by_phase.items():
        families.put(catalogue.IN_FLIGHT, (kind, phase), number)
    for labels, number in by_group.items():
        families.put(catalogue.GROUP_IN_FLIGHT, labels, number)
    for group, accepted in oldest.items():
        families.put(catalogue.GROUP_OLDEST, group, accepted)
    for one in {(one.namespace, one.group): one for one in requests if _follows(one)}.values():
        _put_transfer(families, one)


def _follows(request: RequestMeasures) -> bool:
    """Does it follow a transfer that has not landed?"""
    transfer = getattr(request.status, "transfer", None)
    return transfer is not None and not (transfer.completed_at is not None and transfer.percent == _ALL)


def _put_transfer(families: Families, request: RequestMeasures) -> None:
    transfer, labels = getattr(request.status, "transfer"), (request.namespace, request.group)  # noqa: B009 - of both
    percent = transfer.percent
    families.put(catalogue.TRANSFER_PROGRESS, labels, None if percent is None else percent / _ALL)
    families.put(catalogue.TRANSFER_BYTES, labels, transfer.bytes_transferred)
    families.put_time(catalogue.TRANSFER_STARTED, labels, transfer.started_at)


def _put_schedule(families: Families, schedule: ScheduleMeasures) -> None:
    status, labels = schedule.status, (schedule.namespace, schedule.name, schedule.group or "")
    families.put(catalogue.SCHEDULE_READY, labels, truth(conditions_of(status), "Ready"))
    families.put(catalogue.SCHEDULE_SUSPENDED, labels, schedule.suspended)
    families.put_time(catalogue.SCHEDULE_NEXT, labels, status.get("nextScheduleTime"))
    families.put_time(catalogue.SCHEDULE_LAST, labels, status.get("lastScheduleTime"))
    families.put_time(catalogue.SCHEDULE_LAST_SUCCESS, labels, status.get("lastSuccessfulTime"))
    if not status.get("conditions"):
        return
    families.put(catalogue.SCHEDULE_MISSED, labels, _number(status.get("missed")) or 0)
    families.put(catalogue.SCHEDULE_SKIPPED, labels, _number(status.get("skipped")) or 0)
    active = status.get("active")
    families.put(catalogue.SCHEDULE_ACTIVE, labels, len(active) if isinstance(active, list) else 0)


def _put_endpoint(families: Families, endpoint: EndpointMeasures) -> None:
    labels, conditions = (endpoint.kind.kind, endpoint.name), conditions_of(endpoint.status)
    families.put(catalogue.ENDPOINT_READY, labels, truth(conditions, "Ready"))
    families.put(catalogue.ENDPOINT_UP, labels, truth(conditions, "Reachable"))
    families.put(catalogue.ENDPOINT_LOGGED_IN, labels, truth(conditions, "Authenticated"))
    families.put_time(catalogue.ENDPOINT_LAST_READ, labels, endpoint.status.get("lastReadAt"))
    families.put(catalogue.ENDPOINT_RETRIES, labels, endpoint.retries)
    skew = None if endpoint.clock_skew is None else endpoint.clock_skew.total_seconds()
    families.put(catalogue.ENDPOINT_SKEW, labels, skew)
    port = endpoint.port
    if port is None:
        return
    families.put(catalogue.ENDPOINT_CERTIFICATE, labels, port.certificate_ends)
    families.put(catalogue.CALLS_WAITING, labels, port.waiting)
    for (operation, outcome), number in port.calls.ended.items():
        families.put(catalogue.CALLS, (*labels, operation, outcome), number)
    for operation, took in port.calls.took.items():
        families.put_durations(catalogue.CALL_DURATION, (*labels, operation), took)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _part(status: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = status.get(key)
    return part if isinstance(part, Mapping) else {}
