"""The conditions contract: from an object alone, which row of the table it is in, and what every tool must make of it.

This is the table of the design, written down once more: nothing here is taken from the operator's code. `judge` says
what an object breaks; `expect` says what Argo CD, kstatus and Flux must say of an object that breaks nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Object = dict[str, Any]

GROUP = "replication.vvol.dev"
ONE_SHOT = frozenset({"ReplicationSync", "FailoverPreparation"})
MONITORED = frozenset({"VCenter", "FlashArray", "ReplicationGroup"})
SCHEDULES = frozenset({"ReplicationSchedule"})
KINDS = ONE_SHOT | MONITORED | SCHEDULES
NEGATIVE = ("Reconciling", "Stalled", "Failed")
"""Conditions whose True is bad news or work under way: there while they are True, and else not at all."""
FLAGS = frozenset({"Reconciling", "Stalled", "Complete", "Failed", "Finished"})
BESIDE = {
    "ReplicationSync": frozenset({"Named", "PointInTimeIdentified", "TTLIgnored"}),
    "FailoverPreparation": frozenset({"Valid", "Preparable", "PointInTimeIdentified", "TTLIgnored"}),
    "ReplicationSchedule": frozenset({"LastRunSucceeded", "RunNowSucceeded", "ObjectiveTooTight"}),
}
DECIDED = frozenset({"LastRunSucceeded"})
"""Conditions of a schedule that are True or False: of what has not ended yet there is none."""
WARNINGS = frozenset({"ObjectiveTooTight"})
"""Conditions that are there while they are True, and else not at all."""
REASON = re.compile(r"[A-Z][A-Za-z0-9]*")
FLEETING = re.compile(
    r"(?<![\dT:])\d+:\d\d:\d\d(?!Z)"  # a duration as Python prints it
    r"|\bin \d+ ?(?:s|min|h|seconds?|minutes?|hours?)\b"
    r"|\b\d+ ?(?:s|min|h|seconds?|minutes?|hours?) (?:more|left|ago|from now)\b"
    r"|\bago\b"
)
"""What is not true any more when a stored text is read: how long there is still to go, or how long it has been."""
PAGE = Path(__file__).parents[2] / "docs" / "reasons.md"


@dataclass(frozen=True)
class Row:
    """One row of the table. `words`: what Argo CD's message begins with.

    `phases`: what `status.phase` may say, where the kind has one; `reasons`: what `Ready` may, where not all are free.
    """

    name: str
    ready: str
    flags: frozenset[str]
    kstatus: str
    argo: str
    phases: frozenset[str]
    reasons: frozenset[str] = frozenset()
    words: str = ""


ENDED_BADLY = frozenset({"Stalled", "Failed", "Finished"})
ROWS = (
    Row("running", "Unknown", frozenset({"Reconciling"}), "InProgress", "Progressing", frozenset({"Running"})),
    Row("waiting", "False", frozenset({"Reconciling"}), "InProgress", "Progressing", frozenset({"Waiting"})),
    Row(
        "suspended",
        "False",
        frozenset(),
        "InProgress",
        "Suspended",
        frozenset({"Suspended"}),
        reasons=frozenset({"Suspended"}),
    ),
    Row("succeeded", "True", frozenset({"Complete", "Finished"}), "Current", "Healthy", frozenset({"Succeeded"})),
    Row("failed", "False", ENDED_BADLY, "Failed", "Degraded", frozenset({"Failed"})),
    Row(
        "cancelled",
        "False",
        ENDED_BADLY,
        "Failed",
        "Degraded",
        frozenset({"Cancelled"}),
        reasons=frozenset({"Cancelled"}),
    ),
    Row(
        "history",
        "True",
        frozenset({"Finished"}),
        "Current",
        "Healthy",
        frozenset({"Expired"}),
        reasons=frozenset({"Expired"}),
        words="not executed",
    ),
    Row("missed", "False", ENDED_BADLY, "Failed", "Degraded", frozenset({"Missed"})),
)
UNSEEN = Row("created, not seen yet", "", frozenset(), "InProgress", "Progressing", frozenset())
READ = Row("read", "True", frozenset(), "Current", "Healthy", frozenset())
SUSPENDED_GROUP = Row("read, suspended", "True", frozenset(), "Current", "Suspended", frozenset())
NOT_READ = Row("not read", "False", frozenset(), "InProgress", "Degraded", frozenset())
MONITORED_ROWS = (UNSEEN, READ, SUSPENDED_GROUP, NOT_READ)
_NO_PHASE = frozenset({""})
SCHEDULE_ROWS = (
    UNSEEN,
    Row("scheduled", "True", frozenset(), "Current", "Healthy", _NO_PHASE, reasons=frozenset({"Scheduled"})),
    Row("schedule suspended", "True", frozenset(), "Current", "Suspended", _NO_PHASE, reasons=frozenset({"Suspended"})),
    Row(
        "schedule waiting",
        "False",
        frozenset({"Reconciling"}),
        "InProgress",
        "Progressing",
        _NO_PHASE,
        reasons=frozenset({"GroupNotFound", "RunRefused"}),
    ),
    Row(
        "schedule invalid",
        "False",
        frozenset({"Stalled"}),
        "Failed",
        "Degraded",
        _NO_PHASE,
        reasons=frozenset({"InvalidSchedule", "InvalidSpec"}),
    ),
)


@dataclass(frozen=True)
class Expectation:
    """What the tools must say. `stepping`: Flux's checker for a status written while a step runs is the fitting one."""

    row: Row
    kstatus: str
    argo: str
    flux: str
    stepping: bool
    checked: bool
    """Do Flux's rules apply? They are about what a controller wrote of this spec: not where none has seen it yet."""


def conditions(obj: Object) -> dict[str, Object]:
    """The conditions of an object by type; empty where it has none."""
    return {one["type"]: one for one in (obj.get("status") or {}).get("conditions") or ()}


def row(obj: Object) -> Row | None:
    """The row that an object's conditions are in; None if it is in none."""
    found = conditions(obj)
    if not found:
        return UNSEEN
    ready = found.get("Ready", {})
    if obj["kind"] in MONITORED:
        rows = {"True": READ, "False": NOT_READ}
        suspended = found.get("Suspended", {}).get("status") == "True"
        seen = rows.get(ready.get("status", ""))
        return SUSPENDED_GROUP if seen is READ and suspended else seen
    flags = frozenset(one for one in FLAGS if one in found)
    if obj["kind"] in SCHEDULES:
        shown = (ready.get("status"), flags)
        fitting = (one for one in SCHEDULE_ROWS[1:] if shown == (one.ready, one.flags))
        return next((one for one in fitting if ready.get("reason") in one.reasons), None)
    phase = obj["status"].get("phase")
    fitting = (one for one in ROWS if (one.ready, one.flags) == (ready.get("status"), flags) and phase in one.phases)
    return next(fitting, None)


def judge(obj: Object) -> list[str]:
    """What of the contract an object breaks; nothing, if all is well."""
    status, generation, kind = obj.get("status"), obj["metadata"]["generation"], obj["kind"]
    if not isinstance(status, dict):
        return [f"status is {status!r}"]
    listed = status.get("conditions", [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        return [f"status.conditions is {listed!r}"]
    found, observed = conditions(obj), status.get("observedGeneration")
    if not isinstance(observed, int) or isinstance(observed, bool):
        return [f"status.observedGeneration is {observed!r}, no whole number"]
    wrong = [f"status.observedGeneration {observed} is ahead of the generation {generation}"] * (observed > generation)
    if not found:
        return wrong + ["a generation is observed, but there are no conditions"] * (observed != -1)
    seen = row(obj)
    if seen is None:
        shown = {name: f"{one['status']} ({one.get('reason')})" for name, one in found.items()}
        return [*wrong, f"phase {status.get('phase')!r} with conditions {shown} is no row of the table"]
    if len(found) != len(status["conditions"]):
        wrong.append("a condition type is there twice")
    if kind in ONE_SHOT:
        wrong += _one_shot(seen, status, found, kind)
    elif kind in SCHEDULES:
        wrong += _schedule(seen, status, found, kind)
    else:
        wrong += [f"a monitored kind has no condition {name}" for name in sorted(FLAGS & found.keys())]
    for name, one in found.items():
        wrong += _condition(name, one, observed, ended="Finished" in seen.flags or kind not in ONE_SHOT)
    return wrong


def _schedule(seen: Row, status: Object, found: dict[str, Object], kind: str) -> list[str]:
    """What waits, and what stands still, says one thing in `Ready` and in its flag; the last run says another."""
    wrong = [
        f"{name} says {found[name]['reason']}: {found[name]['message']}, and Ready something else"
        for name in sorted(seen.flags)
        if (found[name]["reason"], found[name]["message"]) != (found["Ready"]["reason"], found["Ready"]["message"])
    ]
    wrong += [
        f"{name} is not True: it has to be removed instead"
        for name in WARNINGS & found.keys()
        if not _true(found, name)
    ]
    wrong += [f"{name} is Unknown" for name in DECIDED & found.keys() if found[name]["status"] == "Unknown"]
    if more := found.keys() - FLAGS - BESIDE[kind] - {"Ready"}:
        wrong.append(f"conditions that the contract does not know: {', '.join(sorted(more))}")
    if seen.name == "schedule invalid" and status.get("nextScheduleTime"):
        wrong.append("a schedule that cannot be read has a next time")
    return wrong


def _true(found: dict[str, Object], name: str) -> bool:
    return bool(found[name]["status"] == "True")


def _one_shot(seen: Row, status: Object, found: dict[str, Object], kind: str) -> list[str]:
    wrong = [f"{name} is {found[name]['status']}, not True" for name in seen.flags if found[name]["status"] != "True"]
    if seen.reasons and found["Ready"]["reason"] not in seen.reasons:
        wrong.append(f"Ready gives the reason {found['Ready']['reason']}, not {' or '.join(seen.reasons)}")
    if seen.name == "cancelled" and found["Stalled"]["reason"] != "Cancelled":
        wrong.append(f"Stalled gives the reason {found['Stalled']['reason']}, not Cancelled")
    if more := found.keys() - FLAGS - BESIDE[kind] - {"Ready"}:
        wrong.append(f"conditions that the contract does not know: {', '.join(sorted(more))}")
    if bool(status.get("finishedAt")) != ("Finished" in seen.flags):
        wrong.append(f"finishedAt is {status.get('finishedAt')!r} in the row {seen.name!r}")
    return wrong


def _condition(name: str, one: Object, observed: int, *, ended: bool) -> list[str]:
    """A condition of an end or a reading is as old as the status; in flight it may still judge an older spec."""
    wrong = []
    seen = one.get("observedGeneration")
    if not isinstance(seen, int) or seen > observed or (ended and seen != observed):
        wrong.append(f"{name}.observedGeneration is {seen!r}, status.observedGeneration {observed}")
    if one["status"] not in {"True", "False", "Unknown"}:
        wrong.append(f"{name} is {one['status']!r}")
    if name in NEGATIVE and one["status"] != "True":
        wrong.append(f"{name} is {one['status']}: it has to be removed instead")
    if not REASON.fullmatch(one.get("reason", "")):
        wrong.append(f"{name} gives the reason {one.get('reason')!r}, which is no word")
    message = one.get("message", "")
    if not message.strip() or "\n" in message:
        wrong.append(f"{name} has no message of one line: {message!r}")
    return wrong


def fleeting(message: str) -> str | None:
    """The part of a message that counts from the moment in which it was written; None where there is none."""
    found = FLEETING.search(message)
    return None if found is None else found.group()


def unknown_reasons(obj: Object) -> list[str]:
    """Reasons that the catalogue, as its page lists it for people, does not have."""
    return [
        f"{name} gives the reason {one['reason']}, which is not in {PAGE.name}"
        for name, one in conditions(obj).items()
        if one["reason"] not in _catalogue()
    ]


@cache
def _catalogue() -> frozenset[str]:
    return frozenset(re.findall(r"^\| `(\w+)` \|", PAGE.read_text("utf-8"), re.MULTILINE))


def expect(obj: Object) -> Expectation:
    """What the tools must say of an object that breaks nothing."""
    seen = row(obj)
    assert seen is not None, "the object is in no row: see judge"
    metadata = obj["metadata"]
    unobserved = (obj.get("status") or {}).get("observedGeneration") != metadata["generation"]
    kstatus, argo = ("InProgress", "Progressing") if unobserved else (seen.kstatus, seen.argo)
    flux = kstatus
    if metadata.get("deletionTimestamp"):
        kstatus, argo = "Terminating", "Progressing"
    return Expectation(seen, kstatus, argo, flux, stepping=seen.ready == "Unknown", checked=not unobserved)
