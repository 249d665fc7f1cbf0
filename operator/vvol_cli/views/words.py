"""What views say in the same words: requests that run, what a person has to do, what the catalogue knows."""

from __future__ import annotations

from vvol_cli.outcome import of_request
from vvol_cli.reading import at, is_seen, items, message_of, name_of, namespace_of, reason_of, text, troubles

TYPE_CHECKING = False  # as in headstart
if TYPE_CHECKING:
    from collections.abc import Iterable

    from vvol_cli.reading import Object

SHORT = {
    "ReplicationSync": "sync",
    "FailoverPreparation": "prep",
    "ReplicationGroup": "group",
    "ReplicationSchedule": "schedule",
    "VCenter": "vcenter",
    "FlashArray": "array",
}
PLURALS = {
    "ReplicationSync": "replicationsyncs",
    "FailoverPreparation": "failoverpreparations",
    "ReplicationGroup": "replicationgroups",
    "ReplicationSchedule": "replicationschedules",
    "VCenter": "vcenters",
    "FlashArray": "flasharrays",
}
KINDS = {plural: kind for kind, plural in PLURALS.items()}
REQUESTS = ("ReplicationSync", "FailoverPreparation")
NOT_ACCEPTED = "No operator has seen it yet. `kubectl vvol doctor` shows whether one works."


def kind_of(obj: Object) -> str:
    """Its kind."""
    return text(obj, "kind")


def resource_name(obj: Object) -> str:
    """An object as `kubectl -o name` prints it."""
    return f"{kind_of(obj).lower()}.replication.vvol.dev/{name_of(obj)}"


def spoken_name(obj: Object) -> str:
    """An object as these commands take it: `sync/before-upgrade`."""
    return f"{SHORT.get(kind_of(obj), kind_of(obj))}/{name_of(obj)}"


def is_running(request: Object) -> bool:
    """Is this a request that has not ended? Its time alone does not say that: see `api/status.py:has_ended`."""
    return kind_of(request) in REQUESTS and of_request(request) is None


def running_on(group: Object, objects: Iterable[Object]) -> list[Object]:
    """The requests on a group that have not ended, the oldest first."""
    found = [
        one
        for one in objects
        if text(one, "spec.groupRef.name") == name_of(group)
        and namespace_of(one) == namespace_of(group)
        and is_running(one)
    ]
    return sorted(found, key=lambda one: (text(one, "metadata.creationTimestamp"), name_of(one)))


def by_group(objects: Iterable[Object]) -> dict[tuple[str, str], list[Object]]:
    """Requests by namespace and name of their group: who shows many groups looks through all requests once."""
    found: dict[tuple[str, str], list[Object]] = {}
    for one in objects:
        if kind_of(one) in REQUESTS:
            found.setdefault((namespace_of(one), text(one, "spec.groupRef.name")), []).append(one)
    return found


def step_of(request: Object) -> str:
    """What a request does now, in a few words: `Transferring 40 %`."""
    reason = reason_of(request) or "NotSeen"
    percent = at(request, "status.transfer.percent")
    return f"{reason} {percent} %" if reason == "Transferring" and isinstance(percent, int) else reason


def advice_of(reason: str) -> str:
    """What the catalogue says to do; empty for a word that this version does not know."""
    from vvol_replication.api.reasons import info_of  # noqa: PLC0415 - 10 ms, for who has to be told something

    known = info_of(reason)
    return known.advice if known is not None else ""


def to_do(reason: str, message: str) -> str:
    """What the catalogue says to do, unless the message beside it says so already; then it is empty."""
    advice = advice_of(reason)
    return "" if advice in message else advice


def needs_person(request: Object) -> bool:
    """Does a request wait for something that somebody has to do?"""
    from vvol_replication.api.reasons import Severity, info_of  # noqa: PLC0415 - as above

    known = info_of(reason_of(request))
    return known is not None and known.severity is Severity.WARNING and known.retried


def needs_of(obj: Object | None, running: Iterable[Object]) -> list[tuple[str, str, str]]:
    """What a person has to do something about: the object, a reason and its message.

    `obj` is a group, with the requests that run on it; or anything else that has conditions; None: there is none.
    """
    objects = [] if obj is None else [obj]
    found = [one for has in objects for one in _troubles(has) if not passes(one[1])]
    if any(kind_of(one) == "FailoverPreparation" for one in running):
        found = [one for one in found if one[1] != "NotProven"]  # its end will prove it, or say what is missing
    found += [(spoken_name(one), reason_of(one), message_of(one)) for one in running if needs_person(one)]
    unseen = [one for one in (*objects, *running) if not is_seen(one)]
    return found + [(spoken_name(one), "NotSeen", NOT_ACCEPTED) for one in unseen]


def also_of(group: Object) -> list[tuple[str, str, str]]:
    """What a person should know of a group, and has nothing to do about."""
    return [one for one in _troubles(group) if passes(one[1])]


def passes(reason: str) -> bool:
    """Does the catalogue say that there is nothing to do?"""
    return advice_of(reason).startswith("Nothing to do")


def _troubles(group: Object) -> list[tuple[str, str, str]]:
    return [(spoken_name(group), str(one.get("reason", "")), str(one.get("message", ""))) for one in troubles(group)]


def advised(needs: Iterable[tuple[str, str, str]], label: str = "Needs you") -> list[tuple[str, str]]:
    """Lines that say what is wrong and what to do, for a sheet."""
    lines: list[tuple[str, str]] = []
    for name, reason, message in needs:
        lines.append(("" if lines else label, f"{reason} ({name}): {message}"))
        if reason != "NotSeen" and (advice := to_do(reason, message)):
            lines.append(("", f"  What to do: {advice}"))
    return lines


def maker(managed: Object) -> str:
    """The field manager that set `spec.groupRef`: who asked, as far as clients say; empty: not known."""
    entries = [
        one
        for one in items(managed, "metadata.managedFields")
        if at(one, "fieldsV1.f:spec.f:groupRef") is not None and not one.get("subresource")
    ]
    newest = max((text(one, "time") for one in entries), default="")
    names = {text(one, "manager") for one in entries if text(one, "time") == newest}
    return names.pop() if len(names) == 1 else ""
