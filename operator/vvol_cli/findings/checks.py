"""What is made of the facts: findings, what is wrong first. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from vvol_cli.headstart import GROUP
from vvol_cli.reading import at, is_seen, message_of, moment, namespace_of, reason_of, short, status_of, text
from vvol_cli.views.overview import state_of
from vvol_cli.views.words import KINDS, advice_of, spoken_name
from vvol_replication.api.durations import read_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vvol_cli.reading import Object

    from .facts import Facts

SKEW_TOLD = timedelta(seconds=10)
ARRAY_SKEW = timedelta(minutes=1)
"""From this on an operator counts nothing as young (docs/kinds/replicationsync.md#maxage)."""
SILENT = timedelta(minutes=5)
"""While nothing changes, the status of an endpoint is written every minute (docs/metrics.md)."""
UNSEEN = timedelta(seconds=10)
"""An operator that works sees a request within a second or two."""
_LEASE_SECONDS = 15
_GLOBAL = ("vcenters", "flasharrays")
_FIELDS = {
    "ReplicationGroup": ("spec.recoveryPointObjective", "status.history", "status.arrayPolicy"),
    "ReplicationSync": ("spec.maxAge", "status.transfer"),
    "FailoverPreparation": ("spec.dryRun", "status.checks"),
    "ReplicationSchedule": ("spec.runNow", "status.lastRunNowResult"),
}
"""Fields that these commands use; a CRD of another version may lack one."""
_RIGHTS = (
    ("list", "replicationgroups", True, "vvol-replication-view"),
    ("watch", "replicationsyncs", True, "vvol-replication-view"),
    ("create", "replicationsyncs", False, "vvol-replication-sync"),
    ("patch", "replicationschedules", False, "vvol-replication-sync"),
    ("create", "failoverpreparations", False, "vvol-replication-prepare"),
)
"""What commands need: the verb, the resource, whether nothing works without it, and the role that gives it."""


class Level(IntEnum):
    """How a finding is to be taken; in the order in which they are shown."""

    WRONG = 0
    WARNING = 1
    UNKNOWN = 2
    FINE = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what it is, what was seen, and what to do."""

    level: Level
    subject: str
    message: str
    advice: str = ""


def judge(facts: Facts) -> list[Finding]:
    """All findings, what is wrong first."""
    if facts.unreachable:
        advice = "Check the context, the network and your login. `kubectl cluster-info` asks the same."
        return [Finding(Level.WRONG, "API server", facts.unreachable, advice)]
    parts = (
        _server(facts),
        _kinds(facts),
        _operator(facts),
        _unseen(facts),
        _rights(facts),
        _clock(facts),
        _endpoints(facts),
        _groups(facts),
    )
    return sorted((one for part in parts for one in part), key=lambda one: one.level)


def _server(facts: Facts) -> Iterator[Finding]:
    who = f", you are {facts.user}" if facts.user else ""
    yield Finding(Level.FINE, "API server", f"It answers, Kubernetes {facts.version or 'of an unknown version'}{who}.")


def _kinds(facts: Facts) -> Iterator[Finding]:
    if facts.resources is None:
        advice = "Install the CRDs (docs/install.md), or choose another cluster with --context."
        yield Finding(Level.WRONG, "CRDs", f"This cluster does not know {GROUP}/v1alpha1.", advice)
        return
    advice = "Apply the CRDs of the version of your operator (docs/install.md)."
    if missing := sorted(set(KINDS) - facts.resources):
        yield Finding(Level.WRONG, "CRDs", f"Kinds are missing: {', '.join(missing)}.", advice)
    absent = list(_absent_fields(facts.schemas)) if facts.schemas is not None else []
    if absent:
        said = f"They are of another version: {', '.join(absent)} {'is' if len(absent) == 1 else 'are'} missing."
        yield Finding(Level.WARNING, "CRDs", said, advice)
    if facts.schemas is None:
        yield Finding(Level.UNKNOWN, "CRDs", "The API server does not say which fields they have.")
    elif not missing and not absent:
        yield Finding(Level.FINE, "CRDs", "All kinds are there, with the fields that these commands use.")


def _absent_fields(schemas: Object) -> Iterator[str]:
    known = at(schemas, "components.schemas") or {}
    for kind, paths in _FIELDS.items():
        schema = next((one for name, one in known.items() if name.endswith(f".{kind}")), None)
        for path in paths if schema is not None else ():
            if not _has(schema, path):
                yield f"{kind} {path}"


def _has(schema: Any, path: str) -> bool:
    for key in path.split("."):
        if isinstance(schema, dict) and "allOf" in schema:
            schema = next((one for one in schema["allOf"] if "properties" in one), schema)
        schema = (schema.get("properties") or {}).get(key) if isinstance(schema, dict) else None
    return schema is not None


def _operator(facts: Facts) -> Iterator[Finding]:
    if facts.resources is None:
        return
    now = facts.server_time or facts.now
    advice = "Look at its pods and their logs: `kubectl get pods -A -l app.kubernetes.io/name=vvol-replication`."
    held = [lease for lease in facts.leases or () if _is_held(lease, now)]
    for lease in held:
        where, holder = namespace_of(lease), text(lease, "spec.holderIdentity")
        yield Finding(Level.FINE, "operator", f"{holder} leads in namespace {where}.")
    if held:
        return
    newest = max(_reads(facts), default=None)
    by_statuses = _by_statuses(facts, newest, now, advice)
    renewals = [(namespace_of(lease), moment(at(lease, "spec.renewTime"))) for lease in facts.leases or ()]
    # Leases of installations that are no more, beside an operator that needs none
    outlived = newest is not None and all(newest > _ran_out(lease) for lease in facts.leases or ())
    if not renewals or (outlived and by_statuses.level is Level.FINE):
        yield by_statuses
        return
    for where, renewed in renewals:
        ago = "never" if renewed is None else f"{short(now - renewed)} ago"
        message = f"Nobody leads: the Lease in {where} was renewed {ago}."
        yield Finding(Level.WRONG, "operator", message, advice)


def _unseen(facts: Facts) -> Iterator[Finding]:
    """A request that no operator has seen: none works, or none in this namespace."""
    now = facts.server_time or facts.now
    found = [
        (now - made, spoken_name(one))
        for one in facts.requests or ()
        if at(one, "status.observedGeneration") in (None, -1)
        and (made := moment(at(one, "metadata.creationTimestamp"))) is not None
        and now - made > UNSEEN
    ]
    if found:
        waited, name = max(found)
        advice = "Look at its pods and their logs. Its --namespace arguments may leave this namespace out."
        said = f"{name} was created {short(waited)} ago in namespace {facts.namespace}. No operator has seen it."
        yield Finding(Level.WRONG, "operator", said, advice)


def _duration(lease: Object) -> timedelta:
    return timedelta(seconds=int(at(lease, "spec.leaseDurationSeconds") or _LEASE_SECONDS))


def _is_held(lease: Object, now: datetime) -> bool:
    renewed = moment(at(lease, "spec.renewTime"))
    return renewed is not None and bool(text(lease, "spec.holderIdentity")) and now - renewed <= 2 * _duration(lease)


def _ran_out(lease: Object) -> datetime:
    """When its last holder stopped working at the latest: one that ends in order gives it back."""
    renewed = moment(at(lease, "spec.renewTime")) or datetime.min.replace(tzinfo=UTC)
    return renewed + _duration(lease) if text(lease, "spec.holderIdentity") else renewed


def _known(facts: Facts) -> tuple[Object, ...]:
    """What an operator reads again and again."""
    return (*(facts.endpoints or ()), *(facts.groups or ()))


def _reads(facts: Facts) -> list[datetime]:
    """When an operator read what the statuses tell."""
    return [when for one in _known(facts) if (when := moment(at(one, "status.lastReadAt"))) is not None]


def _by_statuses(facts: Facts, newest: datetime | None, now: datetime, advice: str) -> Finding:
    """Whether an operator works, where no Lease can be seen: it writes what it reads. `newest`: of `_reads`."""
    known = _known(facts)
    if newest is not None and now - newest <= SILENT:
        return Finding(Level.FINE, "operator", f"It wrote a status {short(now - newest)} ago. No Lease was seen.")
    if newest is not None:
        return Finding(
            Level.WRONG, "operator", f"No status was written for {short(now - newest)}. No Lease was seen.", advice
        )
    if known and not any(is_seen(one) for one in known):
        return Finding(Level.WRONG, "operator", "No operator has seen the objects that are here.", advice)
    why = "You may not see its Lease" if facts.leases is None else "There is no Lease"
    return Finding(Level.UNKNOWN, "operator", f"{why}, and no status says when it was written.", advice)


def _rights(facts: Facts) -> Iterator[Finding]:
    if facts.rules is None:
        yield Finding(Level.UNKNOWN, "permissions", "The API server did not say what you may do.")
        return
    lacking = [one for one in _RIGHTS if not _may(facts.rules, one[0], one[1])]
    for verb, resource, needed, role in lacking:
        said = f"You may not {verb} {resource} in namespace {facts.namespace}."
        level = Level.WRONG if needed else Level.WARNING
        yield Finding(level, "permissions", said, f"Ask for the ClusterRole {role} there, if you need it.")
    if not lacking:
        yield Finding(Level.FINE, "permissions", f"You may use every command in namespace {facts.namespace}.")


def _may(rules: tuple[Object, ...], verb: str, resource: str) -> bool:
    def has(rule: Object, key: str, value: str) -> bool:
        listed = rule.get(key) or ()
        return value in listed or "*" in listed

    return any(
        has(one, "verbs", verb) and has(one, "apiGroups", GROUP) and has(one, "resources", resource)
        for one in rules
        if not one.get("resourceNames")
    )


def _clock(facts: Facts) -> Iterator[Finding]:
    if facts.server_time is None:
        yield Finding(Level.UNKNOWN, "clock", "The API server did not say its time.")
        return
    skew = facts.now - facts.server_time
    if abs(skew) > SKEW_TOLD:
        side = "ahead of" if skew > timedelta() else "behind"
        said = f"This machine's clock is {short(abs(skew))} {side} that of the API server: ages are wrong by that."
        yield Finding(Level.WARNING, "clock", said, "Correct the clock of this machine.")
    else:
        yield Finding(Level.FINE, "clock", "This machine's clock agrees with that of the API server.")


def _endpoints(facts: Facts) -> Iterator[Finding]:
    if facts.resources is None:
        return
    if facts.endpoints is None:
        yield Finding(Level.UNKNOWN, "endpoints", "You may not see VCenters and FlashArrays.")
        return
    hidden = [one for one in facts.hidden if one in _GLOBAL]
    for kind in hidden:
        yield Finding(Level.UNKNOWN, "endpoints", f"You may not see {KINDS[kind]}s: of them nothing is known.")
    if not facts.endpoints and not hidden:
        advice = "Connect a site: docs/connect.md."
        yield Finding(Level.WARNING, "endpoints", "There is no VCenter and no FlashArray.", advice)
    for one in facts.endpoints:
        yield from _endpoint(one)


def _endpoint(obj: Object) -> Iterator[Finding]:
    name = spoken_name(obj)
    if not is_seen(obj):
        yield Finding(Level.WRONG, name, "No operator has seen it yet.")
    elif status_of(obj, "Ready") != "True":
        reason = reason_of(obj)
        yield Finding(Level.WRONG, name, f"{reason}: {message_of(obj)}", advice_of(reason))
    else:
        yield Finding(Level.FINE, name, message_of(obj))
    if at(obj, "spec.tls.insecureSkipVerify") is True:
        yield Finding(Level.WARNING, name, "Its certificate is not checked.", advice_of("TLSNotVerified"))
    skew = read_duration(text(obj, "status.clockSkew").lstrip("-") or None)
    if skew is not None and skew > ARRAY_SKEW:
        said = f"Its clock and the operator's differ by {short(skew)}: maxAge counts nothing as young."
        yield Finding(Level.WARNING, name, said, advice_of("ClockOutOfStep"))


def _groups(facts: Facts) -> Iterator[Finding]:
    for kind in (one for one in facts.hidden if one not in _GLOBAL):
        said = f"You may not see {KINDS[kind]}s in namespace {facts.namespace}: of them nothing is known."
        yield Finding(Level.UNKNOWN, "permissions", said, "Ask for the ClusterRole vvol-replication-view there.")
    if facts.groups is None:
        return
    found = [finding for one in facts.groups for finding in _group(one, facts)]
    yield from found
    count, where = len(facts.groups), f"in namespace {facts.namespace}"
    if not found:
        said = f"{count} ReplicationGroup{'s' if count > 1 else ''} {where}, and each can be read."
        yield Finding(Level.FINE, "groups", said if count else f"There is none {where}. Name another one with -n.")


def _group(one: Object, facts: Facts) -> Iterator[Finding]:
    state = state_of(one, facts.server_time or facts.now)
    if status_of(one, "Ready") != "True":
        reason = reason_of(one)
        said = f"{reason}: {message_of(one)}" if reason else "No operator has seen it yet."
        yield Finding(Level.WRONG, spoken_name(one), said, advice_of(reason))
    if state in {"Behind", "NoPoint"}:
        type_ = "RecoveryPointCurrent"
        said = f"{reason_of(one, type_)}: {message_of(one, type_)}"
        yield Finding(Level.WARNING, spoken_name(one), said, advice_of(reason_of(one, type_)))
