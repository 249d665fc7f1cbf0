"""What a change of a status is as lines of the log: how far a request has come, and how an endpoint stands.

Decided from the status that stood before and the one that stands now, like the Kubernetes events beside it; nothing
else is said than what the status says, so nothing secret can stand there that does not stand in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vvol_replication.api.conditions import Condition, find, from_json
from vvol_replication.api.reasons import Reason, Severity, info_of
from vvol_replication.api.status import Phase, has_ended

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """`key` tells it from the others of its object; `reason` is empty where no condition says it.

    `step`: the request has come further, which is told once. Otherwise it is how it stands, which may come again.
    """

    key: str
    text: str
    reason: str = ""
    warning: bool = False
    step: bool = True


def request_steps(before: Json, after: Json) -> tuple[Line, ...]:
    """How far a request has come between two statuses, in the order in which that happens. Its end is not among it."""
    known = {line.key for line in _steps(before)}
    return tuple(line for line in _steps(after) if line.key not in known)


def request_end(status: Json) -> Line | None:
    """The end of a request, if the status says one."""
    ready = _condition(status, "Ready") if has_ended(status) else None
    if ready is None:
        return None
    failed = _condition(status, "Failed")
    phase = status.get("phase")
    text = f"ended {phase}: {ready.message if ready.reason == phase else _why(ready)}"
    return Line("end", text, ready.reason, warning=failed is not None and failed.status == "True")


def request_state(status: Json) -> Line | None:
    """How a request that goes on stands: it waits, or a step is under way. None: for a moment only."""
    ready, phase = _condition(status, "Ready"), status.get("phase")
    if ready is None or has_ended(status):
        return None
    severity = _severity(ready.reason)
    if severity is Severity.PASSING:
        return None
    if phase == Phase.RUNNING:
        return Line(f"goes on {ready.reason}", f"goes on: {_why(ready)}", ready.reason, step=False)
    said = "is suspended" if phase == Phase.SUSPENDED else "waits"
    warning = phase == Phase.WAITING and severity is Severity.WARNING
    return Line(f"waits {ready.reason}", f"{said}: {_why(ready)}", ready.reason, warning=warning, step=False)


def endpoint_stand(status: Json) -> dict[str, str]:
    """How an endpoint stands, in a word for each condition that is known: what is unknown is left out."""
    conditions, stand = from_json(status.get("conditions")), {}
    for kind, words in _ENDPOINT.items():
        found = find(conditions, kind)
        if found is not None and found.status != "Unknown" and found.reason != Reason.NOT_YET_READ:
            stand[kind] = words[found.status == "True"]
    return stand


def endpoint_line(status: Json, words: Iterable[str]) -> Line | None:
    """One line for these news of an endpoint, with why: the reason of Ready."""
    ready, login = _condition(status, "Ready"), _condition(status, "Authenticated")
    if ready is None:
        return None
    if login is not None and login.reason == Reason.LOGIN_PAUSED:
        return Line(f"stands {login.reason}", f"login paused: {_why(login)}", login.reason, warning=True)
    text = f"{', '.join(words)}: {_why(ready)}"
    return Line(f"stands {ready.reason}", text, ready.reason, warning=ready.status != "True")


_ENDPOINT = {
    "Reachable": ("not reachable", "reachable"),
    "Authenticated": ("not logged in", "logged in"),
    "TLSVerified": ("its certificate is not verified", "its certificate is verified"),
    "Ready": ("not ready", "ready"),
}
"""In the order in which a line names them: the word for False, and for True."""


def _accepted(status: Json) -> Line | None:
    return Line("accepted", "accepted") if status.get("acceptedAt") else None


def _turn(status: Json) -> Line | None:
    at, resolved = _part(status, "operation").get("turnAt"), _resolved(status)
    # What it acts on is stored with its first intent, which may come later than its turn.
    group, array = resolved.get("protectionGroup"), resolved.get("sourceArray")
    where = f"protection group {group} of FlashArray {array}" if resolved else "its protection group"
    return Line(f"turn {at}", f"turn: only this request acts on {where} now") if at else None


def _armed(status: Json) -> Line | None:
    sync, vcenter = _part(status, "operation", "sync"), _resolved(status).get("recoveryVCenter")
    if sync.get("borrowed"):
        whose = _part(sync, "borrowed").get("request")
        return Line("armed borrowed", f"armed: it uses the sync that {whose} left armed at VCenter {vcenter}")
    task, name = sync.get("task"), _part(status, "operation").get("pointInTimeName")
    return (
        Line(f"armed {task}", f"armed: VCenter {vcenter} accepted the sync '{name}' as task {task}") if task else None
    )


def _armed_again(status: Json) -> Line | None:
    """Why a sync is asked for once more: Ready says so from the moment at which that is recorded."""
    armings, ready = _part(status, "operation", "sync").get("armings"), _condition(status, "Ready")
    if not isinstance(armings, int) or armings <= 1:
        return None
    why = ready.message if ready is not None and ready.reason == Reason.ARMING else "The sync before has ended."
    return Line(f"again {armings}", f"arms again: {why}")


def _pushed(status: Json) -> Line | None:
    snapshot, array = _part(status, "operation", "push").get("snapshot"), _resolved(status).get("sourceArray")
    text = f"pushed: FlashArray {array} made snapshot {snapshot} and sends it"
    return Line(f"pushed {snapshot}", text) if snapshot else None


def _prepared(status: Json) -> Line | None:
    task, vcenter = _part(status, "operation", "prepare").get("task"), _resolved(status).get("protectedVCenter")
    return (
        Line(f"prepare {task}", f"called: VCenter {vcenter} accepted prepareFailover as task {task}") if task else None
    )


def _landed(status: Json) -> Line | None:
    transfer = _part(status, "transfer")
    if not transfer.get("completedAt") or transfer.get("percent") != _ALL:
        return None
    snapshot, array = transfer.get("snapshot"), _resolved(status).get("targetArray")
    return Line(f"landed {snapshot}", f"landed: snapshot {snapshot} is on FlashArray {array}")


_ALL = 100
_STEPS: tuple[Callable[[Json], Line | None], ...] = (
    _accepted,
    _turn,
    _armed_again,
    _armed,
    _pushed,
    _prepared,
    _landed,
)


def _steps(status: Json) -> list[Line]:
    return [line for step in _STEPS if (line := step(status)) is not None]


def _resolved(status: Json) -> Json:
    return _part(status, "operation", "resolved")


def _part(status: Json, *path: str) -> Json:
    """What stands there, if it is an object: a status may have been written by anybody."""
    for key in path:
        part = status.get(key)
        status = part if isinstance(part, Mapping) else {}
    return status


def _condition(status: Json, kind: str) -> Condition | None:
    return find(from_json(status.get("conditions")), kind)


def _severity(reason: str) -> Severity:
    known = info_of(reason)
    return known.severity if known is not None else Severity.NORMAL


def _why(condition: Condition) -> str:
    return f"{condition.reason}: {condition.message}"
