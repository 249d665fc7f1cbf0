"""Was a prepare call forbidden at the instant it took effect? Decided from the storage and the API server alone.

Nothing of the operator's decisions is used here. What changed after the operator's last reading is the race that nobody
can close: it is allowed, measured, and bounded by how old that reading may be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from component.engine.apiserver import Body, Key
from walk.cluster import SharedApi, kind_of
from walk.process import Process
from walk.storage import Call, Effect, Grouped, Instant, Storage

from vvol_replication.api.names import FAILOVER_PREPARATION, REPLICATION_GROUP, REPLICATION_SYNC
from vvol_replication.api.times import parse_time
from vvol_replication.domain.groups import GroupState
from vvol_replication.domain.members import PowerState
from vvol_replication.reconcile.core.tuning import Tuning

PREPS, GROUPS, SYNCS = FAILOVER_PREPARATION.plural, REPLICATION_GROUP.plural, REPLICATION_SYNC.plural
FRESH = Tuning().fresh
_A_MOMENT = timedelta(seconds=0.1)
"""What a process may need to hear of something beyond its watch's lag, and between a decision and the call."""
_CONNECTIONS = timedelta(seconds=60)
"""Connections are read with the array's monitor."""


@dataclass(frozen=True)
class Caller:
    """Whose call it is: the object, as the API server knows it or knew it last, and its request id."""

    key: Key
    uid: str
    request_id: str


@dataclass
class Race:
    """What changed between the operator's last reading and the effect."""

    what: str
    window: timedelta


@dataclass
class Judge:
    """Collects what was broken, and the races."""

    storage: Storage
    api: SharedApi
    processes: Callable[[], list[Process]]
    broken: list[str] = field(default_factory=list)
    races: list[Race] = field(default_factory=list)
    windows: list[timedelta] = field(default_factory=list)
    """Between the last reading of the members and the effect, of every call."""
    reasons: Counter[str] = field(default_factory=Counter)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By namespace and request id."""
    spoilt: set[str] = field(default_factory=set)
    """Protection groups whose memory somebody has taken away."""
    _bad: dict[tuple[str, str], Instant] = field(default_factory=dict)
    _callers: dict[int, Caller | None] = field(default_factory=dict)

    def breaks(self, what: str) -> None:
        """Something happened that may not."""
        if what not in self.broken:
            self.broken.append(what)

    # What the storage is like, and since when

    def note(self) -> None:
        """Something in the storage has changed: since when is what as it should not be?"""
        now = self.storage.instant()
        bad = {(group.name, what) for group in self.storage.groups.values() for what, _, _ in _faulty(group)}
        self._bad = {one: self._bad.get(one, now) for one in bad}

    # A prepare call takes effect

    def prepare(self, call: Call, group: Grouped) -> None:
        """Judge the call at this instant."""
        caller = self._caller(call)
        if caller is None:
            self.breaks(f"a prepare call by nobody known ({call.task})")
            return
        namespace = caller.key[1] or ""
        self.calls[namespace, caller.request_id] += 1
        if self.calls[namespace, caller.request_id] > 1:
            self.breaks(f"request id {caller.request_id!r} has prepared {group.name} twice")
        self.note()
        self._storage(call, group)
        self._others(caller, group)
        self._objects(call, caller)
        self._remembered(caller, group)

    def _caller(self, call: Call) -> Caller | None:
        """Objects of one name follow each other: it is one that has announced the call in its ledger."""
        process = next((one for one in self.processes() if one.identity == call.process), None)
        for reconciler in process.reconcilers if process is not None else ():
            operation = reconciler.status.operation
            announced = getattr(operation, "prepare", None) is not None
            if f"request {reconciler.stored.ref}" == call.task and announced:
                ref = reconciler.stored.ref
                return Caller((PREPS, ref.namespace, ref.name), ref.uid, reconciler.request.request_id)
        name = call.task.rpartition("/")[2]
        for _, key, body in reversed(self.api.saved):
            if body is None or not (body["status"].get("operation") or {}).get("prepare"):
                continue
            if key[0] == PREPS and key[2] == name and f"{key[1]}/" in call.task:
                uid = body["metadata"]["uid"]
                return Caller(key, uid, body["spec"].get("requestID") or uid)
        return None

    def _storage(self, call: Call, group: Grouped) -> None:
        now = self.api.clock.now()
        members = self._read_at(call, "members", str(group.source_id))
        if members is None or call.sent - members[0] > FRESH + _A_MOMENT:
            read = None if members is None else members[0]
            self.breaks(f"{group.name}: prepared on a reading of the members of {_ago(call.sent, read)} before")
        else:
            self.windows.append(now - members[0])
        for what, method, asked in _faulty(group):
            self._changed(call, group, what, self._bad[group.name, what], self._read_at(call, method, asked))
        # Either list shows a transfer; a scheduled one that began between the two readings is in the later.
        rows = [self._read_at(call, *one) for one in (("snapshots", group.name), ("transfers", f"a:{group.name}"))]
        lists = [one for one in rows if one is not None]
        for suffix, (_, lands) in group.snapshots.items():
            if lands > now:
                what = f"transfer {suffix} under way"
                taken = self.storage.taken_at[suffix]
                self._changed(call, group, what, taken, max(lists) if len(lists) == len(rows) else None)

    def _changed(self, call: Call, group: Grouped, what: str, since: Instant, read: Instant | None) -> None:
        now = self.api.clock.now()
        allowed = _CONNECTIONS if what == "arrays not connected" else FRESH
        if read is not None and since > read and call.sent - read[0] <= allowed + _A_MOMENT:
            self.races.append(Race(what, now - since[0]))
            return
        outcome = "never" if read is None else f"{_ago(now, read[0])} before"
        self.breaks(f"{group.name}: prepared although {what} (since {_ago(now, since[0])}; read {outcome})")

    def _read_at(self, call: Call, method: str, what: str) -> Instant | None:
        """When who makes this call had that reading last, by itself or shared with others."""
        found = (self.storage.read_at.get((call.process, uid, method, what)) for uid in (call.uid, ""))
        return max((one for one in found if one is not None), default=None)

    def _others(self, caller: Caller, group: Grouped) -> None:
        """Is anything else under way there, or has it been prepared before?"""
        if group.armed is not None and group.armed_by and group.name not in self.spoilt:
            self.breaks(f"{group.name}: prepared while the sync of {group.armed_by} is armed")
        if group.name in self.spoilt:
            return
        for before in self.storage.effects:
            used = group.used_at is not None and group.used_at > before.at
            if before.group == group.name and not (before.undone or used or self.called_off(before)):
                self.breaks(f"{group.name}: prepared by {caller.key[2]} although {before.request} had prepared it")

    def called_off(self, effect: Effect) -> bool:
        """Has somebody called that failover off?"""
        for key, body in self.api.objects.items():
            off = body["spec"].get("failoverCalledOffAt") if key[0] == GROUPS else None
            if off is not None and key[2] == effect.group and parse_time(off) > effect.sent - timedelta(seconds=90):
                return True
        return False

    def _objects(self, call: Call, caller: Caller) -> None:
        """What people said of it, as far as the process can have heard before the call."""
        process = next(one for one in self.processes() if one.identity == call.process)
        if not call.led:
            self.breaks(f"{call.process} prepared although it does not lead")
        name = caller.key[2]
        heard = call.sent - timedelta(seconds=process.lag) - _A_MOMENT
        last = next(
            (
                body
                for _, key, body in reversed(self.api.saved)
                if key == caller.key and body is not None and body["metadata"]["uid"] == caller.uid
            ),
            None,
        )
        if last is None:
            self.breaks(f"{name} was never in the API server")
            return
        spec = last["spec"]
        if call.sent > parse_time(spec["notAfter"]) + _A_MOMENT:
            self.breaks(f"{name} was prepared after its notAfter ({spec['notAfter']})")
        if spec["consent"] != spec["groupRef"]["name"] or spec.get("dryRun"):
            self.breaks(f"{name} was prepared without consent, or in a dry run")
        group: Key = (GROUPS, caller.key[1], spec["groupRef"]["name"])
        said: list[tuple[str, Key, Callable[[Body | None], bool]]] = [
            ("suspended", caller.key, lambda body: bool(body and body["spec"].get("suspend"))),
            ("cancelled", caller.key, lambda body: bool(body and body["spec"].get("cancel"))),
            ("deleted", caller.key, lambda body: _deleted(body, caller.uid)),
            ("finished", caller.key, lambda body: bool(body and body["status"].get("finishedAt"))),
            ("its group is suspended", group, lambda body: bool(body and body["spec"].get("suspend"))),
            ("its group is gone", group, lambda body: body is None),
        ]
        for what, key, holds in said:
            since = self.api.since(key, holds)
            if since is not None and since < heard:
                self.breaks(f"{name} was prepared although {what} for {_ago(call.sent, since)}")
            elif since is not None:
                self.races.append(Race(what, self.api.clock.now() - since))

    def _remembered(self, caller: Caller, group: Grouped) -> None:
        """The group's memory is in the API server before the effect."""
        if group.name in self.spoilt:
            return
        known = [body["status"].get("prepared", {}) for key, body in self.api.objects.items() if key[0] == GROUPS]
        if not any(one.get("uid") == caller.uid for one in known):
            self.breaks(f"{group.name}: prepared by {caller.key[2]}, and no ReplicationGroup remembers it")

    # Other calls

    def operation(self, call: Call, group: Grouped, what: str) -> None:
        """A sync was armed, or a push was made: not while a preparation is under way."""
        if group.preparing is None:
            return
        effect = next(one for one in self.storage.effects if one.task == group.preparing[0])
        name, namespace = effect.request.rpartition("/")[2], effect.request.rpartition("/")[0].rpartition(" ")[2]
        body = self.api.objects.get((PREPS, namespace, name))
        if body is None or body["status"].get("finishedAt") or body["metadata"].get("deletionTimestamp"):
            return
        if body["status"].get("operation", {}).get("prepare", {}).get("task") == effect.task:
            self.breaks(f"{group.name}: {what} by {call.task} while {name} is being prepared")

    # What the statuses say

    def saved(self, key: Key, body: Body) -> None:
        """An object was written: is what it says true?"""
        if key[0] not in (PREPS, SYNCS):
            return
        said = {one["type"]: one for one in body["status"].get("conditions", ())}
        complete = said.get("Complete", {})
        if complete.get("status") != "True":
            return
        group = self.storage.groups.get(body["spec"]["groupRef"]["name"])
        if group is None:
            return
        if kind_of(key) == "FailoverPreparation" and complete["reason"] == "FailoverPrepared":
            self._proven(key, body, group)
        sync = body["status"].get("operation", {}).get("sync", {})
        if key[0] == SYNCS and sync.get("task") in group.faked:
            self.breaks(f"sync {key[2]} is Complete by a task that succeeded because the group was prepared")

    def _proven(self, key: Key, body: Mapping[str, Any], group: Grouped) -> None:
        prepare = (body["status"].get("operation") or {}).get("prepare") or {}
        suffix = str(prepare.get("snapshot", "")).rpartition(".")[2]
        effect = next((one for one in self.storage.effects if one.task == prepare.get("task")), None)
        now = self.api.clock.now()
        if effect is None:
            self.breaks(f"{key[2]} is Complete, and no call took effect")
        elif suffix not in group.snapshots:
            self.breaks(f"{key[2]} is Complete by snapshot {suffix!r}, which is not there")
        elif group.snapshots[suffix][0] < effect.at or group.snapshots[suffix][1] > now:
            self.breaks(f"{key[2]} is Complete by snapshot {suffix!r}, which is older than the call or has not landed")
        elif not any(point.id == suffix for point in group.points):
            self.breaks(f"{key[2]} is Complete, and its point in time is not listed")

    # The end

    def end(self) -> None:
        """All trouble is over and time has passed: everything has come to an end, and what was done is remembered."""
        for key, body in self.api.objects.items():
            if key[0] not in (PREPS, SYNCS):
                continue
            if not body["status"].get("finishedAt"):
                ready = [one["reason"] for one in body["status"].get("conditions", ()) if one["type"] == "Ready"]
                self.breaks(f"{key[2]} does not end ({ready})")
            elif body["metadata"].get("finalizers"):
                self.breaks(f"{key[2]} has ended and keeps its finalizer")
            else:
                done = {one["type"]: one["reason"] for one in body["status"]["conditions"]}
                reason = done.get("Complete") or done.get("Failed") or done.get("Ready")
                self.reasons[f"{kind_of(key)} {reason}"] += 1
        for effect in self.storage.effects:
            group = self.storage.groups[effect.group]
            # Also where it failed over between the last check and the effect: nothing comes through any more.
            used = group.used_at is not None
            if effect.undone or used or effect.group in self.spoilt or self.called_off(effect) or not group.prepared:
                continue
            known = [body["status"].get("prepared") for key, body in self.api.objects.items() if key[0] == GROUPS]
            source = f"s-{effect.group}"
            if not any(one and one["sourceGroup"]["deviceGroupID"] == source for one in known):
                by = f"{effect.group} was prepared by {effect.request}"
                self.breaks(f"{by}, and no ReplicationGroup knows at the end")


def _faulty(group: Grouped) -> list[tuple[str, str, str]]:
    """What forbids to prepare the group now, and which reading shows it."""
    source, target = str(group.source_id), str(group.target_id)
    found = [
        (f"VM {name} is {power}", "members", source) for name, power in group.vms.items() if power is not PowerState.OFF
    ]
    if group.unaccounted:
        found.append(("a member is unaccounted for", "members", source))
    if not group.vms:
        found.append(("no VM is there", "members", source))
    if group.source_state is not GroupState.SOURCE:
        found.append((f"the source is {group.source_state}", "group", source))
    if group.target_state is not GroupState.TARGET:
        found.append((f"the target is {group.target_state}", "group", target))
    if not group.allowed:
        found.append(("target not allowed", "protection_group", group.name))
    if group.destroyed:
        found.append(("protection group destroyed", "protection_group", group.name))
    if not group.connected:
        found.append(("arrays not connected", "connections", "a"))
    return found


def _deleted(body: Body | None, uid: str) -> bool:
    return body is None or bool(body["metadata"].get("deletionTimestamp")) or body["metadata"]["uid"] != uid


def _ago(now: datetime, at: datetime | None) -> str:
    return "never" if at is None else f"{(now - at).total_seconds():.3f} s"
