"""The evidence as an object for programs. Pure. What is not known is left out, and never filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vvol_cli.headstart import GROUP
from vvol_cli.outcome import of_request
from vvol_cli.reading import age, at, items, moment, name_of, namespace_of, short, text, written
from vvol_cli.views.words import kind_of, maker, spoken_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vvol_cli.reading import Object

_STEPS = (
    ("metadata.creationTimestamp", "created", "API server"),
    ("status.acceptedAt", "accepted by the operator", "operator"),
    ("status.operation.turnAt", "its turn on the protection group", "operator"),
    ("status.operation.sync.intentAt", "sync at the target announced", "operator"),
    ("status.operation.sync.pendingSeenAt", "sync at the target seen pending", "operator"),
    ("status.operation.push.intentAt", "push at the source announced", "operator"),
    ("status.operation.push.created", "snapshot taken", "source array"),
    ("status.operation.prepare.intentAt", "call that prepares the failover announced", "operator"),
    ("status.transfer.startedAt", "transfer begun", "target array"),
    ("status.transfer.completedAt", "transfer completed", "target array"),
    ("status.pointInTime.time", "time of the point in time", "storage"),
    ("status.finishedAt", "ended", "operator"),
)
"""Where the times of a request stand, what each says, and whose clock it is by."""
WHO = (
    "askedBy names what clients call themselves, so it proves nothing. Who really asked is in the audit log of the API "
    "server, under the uid."
)


def of_a_request(request: Object, group: Object | None, events: Iterable[Object], now: datetime) -> Object:
    """The evidence of a ReplicationSync or FailoverPreparation. `group` is its ReplicationGroup, if it is there."""
    uid = text(request, "metadata.uid")
    history = items(group or {}, "status.history")
    entry = next((one for one in history if one.get("uid") == uid), {})
    outcome = of_request(request)
    return _without_nothing(
        {
            "subject": spoken_name(request),
            "kind": kind_of(request),
            "namespace": namespace_of(request),
            "uid": uid,
            "madeAt": written(now),
            "askedBy": entry.get("askedBy") or ({"manager": maker(request)} if maker(request) else None),
            "annotations": _annotations(request),
            "asked": at(request, "spec"),
            "resolved": _resolved(request, group),
            "outcome": None if outcome is None else outcome.word,
            "phase": at(request, "status.phase"),
            "requestID": at(request, "status.operation.requestID"),
            "steps": _steps(request),
            "pointInTime": at(request, "status.pointInTime"),
            "transfer": at(request, "status.transfer"),
            "newestPointBefore": _newest(
                request, "status.operation.baseline.newestPoint", entry, "newestPointAgeBefore"
            ),
            "newestPointAfter": _newest(request, "status.operation.newestAtEnd", entry, "newestPointAgeAfter"),
            "checks": items(request, "status.checks"),
            "machines": [{**one, "power": "poweredOff"} for one in items(request, "status.machines")],
            "machineCount": at(request, "status.machineCount"),
            "conditions": items(request, "status.conditions"),
            "events": _events(uid, events),
        }
    )


def of_a_group(group: Object, running: Iterable[Object], events: Iterable[Object], now: datetime) -> Object:
    """The evidence of a ReplicationGroup: what it is, how recent it is, and what was asked of it."""
    return _without_nothing(
        {
            "subject": spoken_name(group),
            "kind": kind_of(group),
            "namespace": namespace_of(group),
            "uid": text(group, "metadata.uid"),
            "madeAt": written(now),
            "annotations": _annotations(group),
            "asked": at(group, "spec"),
            "source": at(group, "status.source"),
            "target": at(group, "status.target"),
            "newestPointInTime": at(group, "status.newestPointInTime"),
            "newestPointAge": age(at(group, "status.newestPointInTime"), now),
            "behindObjectiveSince": at(group, "status.behindObjectiveSince"),
            "arrayPolicy": at(group, "status.arrayPolicy"),
            "prepared": at(group, "status.prepared"),
            "pointsInTime": items(group, "status.pointsInTime"),
            "history": items(group, "status.history"),
            "running": [spoken_name(one) for one in running],
            "conditions": items(group, "status.conditions"),
            "events": _events(text(group, "metadata.uid"), events),
        }
    )


def _without_nothing(evidence: Object) -> Object:
    return {key: value for key, value in evidence.items() if value not in (None, "", [], {})}


def _annotations(obj: Object) -> Object:
    """Those of this product, like who asked where admission writes it, and no others."""
    given = at(obj, "metadata.annotations") or {}
    return {key: value for key, value in given.items() if key.partition("/")[0].endswith(GROUP)}


def _resolved(request: Object, group: Object | None) -> Object:
    """What the request acted on: as it froze it, or as its group says."""
    found = at(request, "status.operation.resolved")
    if isinstance(found, dict):
        return found
    return {key: at(group or {}, f"status.{key}") for key in ("source", "target") if at(group or {}, f"status.{key}")}


def _steps(request: Object) -> list[Object]:
    """Its times, in their order; those of different clocks may be out of step."""
    known = [
        {"time": text(request, path), "step": said, "clock": clock} for path, said, clock in _STEPS if at(request, path)
    ]
    return sorted(known, key=lambda one: moment(one["time"]) or moment("1970-01-01T00:00:00Z"))  # type: ignore[arg-type,return-value] # the second one is a time


def _newest(request: Object, path: str, entry: Object, key: str) -> Object | None:
    """The newest point in time as it was listed at a moment, with its age then, by the target array's clock."""
    listed = at(request, path)
    if not isinstance(listed, dict):
        return {"age": entry[key]} if entry.get(key) else None
    when, read = moment(listed.get("time")), moment(listed.get("readAt"))
    return {**listed, "age": short(read - when)} if when is not None and read is not None else listed


def _events(uid: str, events: Iterable[Object]) -> list[Object]:
    mine = [one for one in events if text(one, "regarding.uid") == uid]
    return [
        {
            "time": text(one, "eventTime") or text(one, "deprecatedLastTimestamp"),
            "type": text(one, "type"),
            "reason": text(one, "reason"),
            "note": text(one, "note"),
        }
        for one in sorted(mine, key=lambda one: (text(one, "eventTime"), name_of(one)))
    ]
