"""What must hold after a run of a ReplicationSchedule: one run for each text, and credit for that run alone.

A schedule asks by `runNow` for one run, and once that is credited for another one, whose end makes the first run
superfluous. Everything that the API server ever showed of it and of its runs is kept, and judged in the end.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.rest import Api, ApiError
from e2e.sweep.ground import SCHEDULE, SYNC, path_of

from testbed import stage
from testbed.waiting import eventually
from vvol_replication.reconcile.schedule.runs import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from e2e.sweep.ground import Spot

Object = dict[str, Any]
TEXTS = "CHG-1", "CHG-2"
SPEC: Object = {
    "schedule": "0 0 29 2 *",  # none of its times comes
    "method": "Coordinated",
    "successfulHistoryLimit": 1,
    "runNow": TEXTS[0],
}
NOT_FOUND, TOO_MANY = 404, 429


def ask_again(spot: Spot, obj: Object | None, spec: Object) -> None:
    """Once the first text is credited, ask by the second one. `spec`: as it is in whoever applies it."""
    if obj is None or spec["runNow"] != TEXTS[0] or (obj.get("status") or {}).get("lastRunNow") != TEXTS[0]:
        return
    spec["runNow"] = TEXTS[1]
    spot.edit(runNow=TEXTS[1])


def at_rest(spot: Spot, obj: Object) -> bool:
    """Is the second text credited, nothing under way, and nothing there that a limit does not keep?"""
    status, limit = obj.get("status") or {}, obj["spec"]["successfulHistoryLimit"]
    if obj["spec"]["runNow"] != TEXTS[1] or status.get("lastRunNow") != TEXTS[1] or status.get("active"):
        return False
    runs = spot.api.call("GET", path_of(spot.namespace, SYNC))["items"]
    if any(one["metadata"].get("finalizers") or not _finished(one) for one in runs):
        return False
    uid = obj["metadata"]["uid"]
    return bool(sum(stage.is_true(one, "Complete") for one in runs if _owner(one) == uid) <= limit)


@dataclass
class History:
    """Every version of the schedule and its runs, as watches show them. `removed`: runs that a person deleted."""

    spot: Spot
    events: list[Object] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)

    @classmethod
    @contextlib.contextmanager
    def open(cls, spot: Spot) -> Iterator[History]:
        """Watch from now to the end of the block."""
        history = cls(spot)
        with contextlib.ExitStack() as after:
            for kind in (SCHEDULE, SYNC):
                path = path_of(spot.namespace, kind)
                version = eventually(functools.partial(_version_of_all, spot, path), what=f"a list of {path}")
                api = after.enter_context(Api(spot.ground.plane.server, spot.ground.plane.directory, timeout=1800))
                reading = threading.Thread(target=history._read, args=(api, path, version), daemon=True)
                reading.start()
                after.callback(reading.join)
                after.callback(api.hang_up)
            yield history

    def _read(self, api: Api, path: str, version: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # it is hung up
            for event in api.watch(path, version):
                self.events.append(event)

    def remove_runs(self) -> None:
        """Delete what is under way, as a person does."""
        path = path_of(self.spot.namespace, SYNC)
        for one in self.spot.api.call("GET", path)["items"]:
            if _finished(one):
                continue
            name = one["metadata"]["name"]
            self.removed.add(name)
            try:
                self.spot.api.call("DELETE", f"{path}/{name}")
            except ApiError as error:
                if error.status != NOT_FOUND:
                    raise

    def last_states(self) -> list[Object]:
        """The last state of each run that there ever was."""
        return list({one["object"]["metadata"]["uid"]: one["object"] for one in self._of(SYNC)}.values())

    def _of(self, kind: str) -> list[Object]:
        return [one for one in list(self.events) if one["object"]["kind"] == kind]

    def _complete(self, obj: Object) -> None:
        """Wait until everything up to that version of the schedule was shown, and each run as it is."""
        items = self.spot.api.call("GET", path_of(self.spot.namespace, SYNC))["items"]
        wanted = {_version(one) for one in (obj, *items)}
        eventually(
            lambda: {_version(one["object"]) for one in list(self.events)},
            what="the watches to show everything",
            until=lambda seen: wanted <= seen,
        )

    # What must hold

    def judge(self, obj: Object, *, lenient: bool) -> list[str]:
        """Everything that is wrong, in words; `obj`: the schedule in the end."""
        self._complete(obj)
        runs = self.last_states()
        wrong = [*self._judge_creations(), *self._judge_deletions(), *self._judge_credits()]
        uid, mine = obj["metadata"]["uid"], {}
        said = [one["object"] for one in self._of(SCHEDULE) if one["object"]["metadata"]["uid"] == uid]
        for text in dict.fromkeys(one["spec"]["runNow"] for one in said):
            asked = f"schedule/{uid}/run-now/{fingerprint(text)}"
            mine[text] = [one for one in runs if one["spec"]["requestID"] == asked]
            if not mine[text]:
                wrong.append(f"{text} had no run")
            if not lenient and not all(stage.is_true(one, "Complete") for one in mine[text]):
                wrong.append(f"{text} was not carried out: {[stage.condition(one, 'Ready') for one in mine[text]]}")
        return wrong + _judge_status(obj, mine[TEXTS[1]])

    def _judge_creations(self) -> list[str]:
        made = [one["object"] for one in self._of(SYNC) if one["type"] == "ADDED"]
        wrong = [f"{one['metadata']['name']} is no run of the schedule" for one in made if _owner(one) is None]
        # Whose run a person takes away before anybody has taken it in asks for it again, by the same request id.
        names = {one["spec"]["requestID"]: one["metadata"]["name"] for one in made}
        for asked, count in Counter(one["spec"]["requestID"] for one in made).items():
            if count > 1 + (names[asked] in self.removed):
                wrong.append(f"{count} objects were made for {asked}")
        return wrong

    def _judge_deletions(self) -> list[str]:
        gone = [
            one["object"]
            for one in self._of(SYNC)
            if one["type"] == "DELETED" or one["object"]["metadata"].get("deletionTimestamp")
        ]
        names = {one["metadata"]["name"] for one in gone if not _finished(one)} - self.removed
        return [f"{name} was deleted in flight" for name in sorted(names)]

    def _judge_credits(self) -> list[str]:
        """Each credit names the run of that very text, and comes after its end."""
        wrong, before = [], (None, None, None)
        for event in self._of(SCHEDULE):
            obj, status = event["object"], event["object"].get("status") or {}
            text, result = status.get("lastRunNow"), status.get("lastRunNowResult") or {}
            credit = obj["metadata"]["uid"], text, result.get("name")
            if credit == before:
                continue
            before = credit
            if text is None:
                continue
            asked = f"schedule/{obj['metadata']['uid']}/run-now/{fingerprint(text)}"
            mine = [
                one
                for one in self._of(SYNC)
                if one["object"]["metadata"]["name"] == result.get("name")
                and one["object"]["spec"]["requestID"] == asked
            ]
            if not mine:
                wrong.append(f"{text} was credited with {result.get('name')}, which is no run of it")
            elif not any(
                int(_version(one["object"])) < int(_version(obj))
                for one in mine
                if one["type"] == "DELETED" or _finished(one["object"])
            ):
                wrong.append(f"{text} was credited before its run had ended")
        return wrong


def request_ids(runs: Iterable[Object]) -> set[str]:
    """What these runs ask for."""
    return {one["spec"]["requestID"] for one in runs}


def _judge_status(obj: Object, runs: list[Object]) -> list[str]:
    """The last text's result is that of its run, and condition and fields say the same."""
    wrong, status, text = [], obj["status"], TEXTS[1]
    result, told = status.get("lastRunNowResult") or {}, stage.condition(obj, "RunNowSucceeded") or {}
    run = next((one for one in reversed(runs) if one["metadata"]["name"] == result.get("name")), None)
    if run is None:
        return [f"the result of {text} is of {result.get('name')}"]
    real = run.get("status") or {}
    if result.get("phase") is None:
        ended = {"status": "False", "reason": "Deleted"}
    else:
        ended = {
            "status": str(stage.is_true(run, "Complete")),
            "reason": (stage.condition(run, "Ready") or {})["reason"],
        }
        said = {key: result.get(key) for key in ("phase", "reason", "finishedAt", "pointInTime")}
        is_so = {**{key: real.get(key) for key in said}, "reason": ended["reason"]}
        if said != is_so:
            wrong.append(f"{text} is told to have ended so: {said}, but it ended so: {is_so}")
    if {key: told.get(key) for key in ended} != ended:
        wrong.append(f"RunNowSucceeded says {told}, but it is {ended}")
    if fingerprint(text) not in status.get("usedRunNow", ()):
        wrong.append(f"{text} is not remembered as used")
    if not stage.is_true(obj, "Ready") or status.get("missed") or status.get("skipped"):
        wrong.append(f"not what happened: {status}")
    return wrong


def _finished(run: Object) -> bool:
    return bool((run.get("status") or {}).get("finishedAt"))


def _owner(run: Object) -> str | None:
    return next((one["uid"] for one in run["metadata"].get("ownerReferences") or () if one["kind"] == SCHEDULE), None)


def _version_of_all(spot: Spot, path: str) -> str | None:
    """The version of a list; None: the API server has not read yet what it has of a new kind."""
    try:
        return str(spot.api.call("GET", path)["metadata"]["resourceVersion"])
    except ApiError as error:
        if error.status != TOO_MANY:
            raise
        return None


def _version(obj: Object) -> str:
    return str(obj["metadata"]["resourceVersion"])
