"""Requests on their way to an end: how far they are, and how each came out."""

from __future__ import annotations

from typing import Any, Self

import pytest
from unit.cli.objects import NOW, Object, condition, sync

from vvol_cli.commands.ends import print_ends
from vvol_cli.commands.schedule import judge
from vvol_cli.following import follow as following
from vvol_cli.following.follow import Ended, follow, of_deleted
from vvol_cli.following.plain import Lines
from vvol_cli.following.progress import MOMENT, end_of, progress_of
from vvol_cli.following.streams import Changed, Interrupted
from vvol_cli.outcome import Outcome, Stop
from vvol_cli.views.words import NOT_ACCEPTED


class Shown:
    """What a display was asked to show."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def show(self, obj: Object) -> None:
        self.said.append(str(progress_of(obj, NOW)))

    def ended(self, obj: Object, outcome: Outcome) -> None:
        self.said.append(f"{obj['metadata']['name']} {outcome.word}")

    def say(self, text: str) -> None:
        self.said.append(text)

    def close(self) -> None:
        self.said.append("closed")


class Played:
    """Streams of news that a test wrote down; then there are none."""

    news: list[Any]

    def __init__(self, *_: object) -> None:
        self._news = iter(self.news)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""

    def next(self, timeout: float) -> Any:
        assert timeout <= following.QUIET
        found = next(self._news, None)
        if found is KeyboardInterrupt:
            raise KeyboardInterrupt
        return found


class Read:
    """A cluster that has these objects now."""

    def __init__(self, *objects: Object) -> None:
        self.objects = list(objects)

    def all_of(self, _plural: str, **_: Any) -> tuple[list[Object], list[str]]:
        return self.objects, []


def done(obj: Object) -> Object:
    status = {**obj["status"], "finishedAt": "2026-11-30T12:00:00Z"}
    ended = [condition("Complete", "True", "PointInTimeCreated"), condition("Finished", "True", "PointInTimeCreated")]
    return {**obj, "status": {**status, "conditions": [condition("Ready", "True", "PointInTimeCreated"), *ended]}}


def followed(
    monkeypatch: pytest.MonkeyPatch,
    news: list[Any],
    *objects: Object,
    now: tuple[Object, ...] = (),
    timeout: float = 60,
) -> tuple[list[Outcome], list[str]]:
    monkeypatch.setattr(Played, "news", news, raising=False)
    monkeypatch.setattr(following, "Streams", Played)
    shown = Shown()
    ends = follow(Read(*now), objects, timeout, shown)  # type: ignore[arg-type] # it is asked for nothing else
    return [one.outcome for one in ends], shown.said


A, B = sync("a", "Arming"), sync("b", "Arming")


def test_each_is_followed_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes, said = followed(monkeypatch, [Changed(done(B)), Changed(sync("a", "Pushing")), Changed(done(A))], A, B)
    assert outcomes == [Outcome.DONE, Outcome.DONE]
    assert said == ["Arming", "Arming", "b Done", "Pushing", "a Done", "closed"]


def test_what_has_ended_already_is_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    assert followed(monkeypatch, [], done(A)) == ([Outcome.DONE], ["a Done", "closed"])


def test_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert followed(monkeypatch, [], A, done(B), timeout=0)[0] == [Outcome.STILL_RUNNING, Outcome.DONE]


def test_the_waiting_is_ended_by_hand_and_the_requests_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes, said = followed(monkeypatch, [KeyboardInterrupt], A)
    assert outcomes == [Outcome.STILL_RUNNING]
    assert said[-2:] == ["You do not wait any longer. What is not finished goes on by itself.", "closed"]


def test_an_outage_is_told_and_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes, said = followed(monkeypatch, [Interrupted("No answer."), Changed(done(A))], A)
    assert outcomes == [Outcome.DONE]
    assert "No answer. It is tried again." in said


def test_a_watch_that_is_refused_ends_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Stop, match="Forbidden"):
        followed(monkeypatch, [Stop(Outcome.NO_ACCESS, "Forbidden")], A)


def test_a_watch_that_is_silent_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert followed(monkeypatch, [None], A, now=(done(A),))[0] == [Outcome.DONE]
    assert followed(monkeypatch, [None], A, now=())[0] == [Outcome.FAILED], "it has gone, and nothing was asked"


def test_an_object_that_was_deleted_and_made_again_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    again = {**done(A), "metadata": {**A["metadata"], "uid": "another"}}
    outcomes, _ = followed(monkeypatch, [Changed(A, deleted=True), Changed(again)], A)
    assert outcomes == [Outcome.FAILED]
    assert followed(monkeypatch, [Changed(again), None], A, now=(again,))[0] == [Outcome.FAILED]


@pytest.mark.parametrize(
    ("operation", "outcome"),
    [
        (None, Outcome.FAILED),
        ({"requestID": "x"}, Outcome.FAILED),
        ({"push": {"intentAt": "t"}}, Outcome.UNKNOWN),
        ({"sync": {"armings": 1}}, Outcome.UNKNOWN),
    ],
)
def test_one_that_was_deleted_is_unknown_if_anything_was_asked(operation: Object | None, outcome: Outcome) -> None:
    ended = of_deleted(sync("a", "Transferring", operation=operation))
    assert (ended.outcome, ended.reason) == (outcome, "Deleted")


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (
            {"metadata": {"generation": 1}, "status": {"observedGeneration": -1}},
            "NotSeen: No operator has seen it yet.",
        ),
        (sync("a", "Arming"), "Arming"),
        (sync("a", "GroupBusy", "False", "Another one."), "GroupBusy: Another one."),
        (sync("a", "Transferring"), "Transferring"),
        (sync("a", "Transferring", transfer={"percent": 0}), "Transferring 0 %"),
        (sync("a", "Transferring", transfer={"percent": 50, "bytesTransferred": 6e9}), "Transferring 50 %"),
        (
            sync(
                "a",
                "Transferring",
                transfer={"percent": 25, "bytesTransferred": 6 * 10**9, "startedAt": "2026-11-30T11:59:00Z"},
            ),
            "Transferring 25 %, 100 MB/s, 3m remaining",
        ),
        (
            sync(
                "a",
                "Transferring",
                transfer={"percent": 0, "bytesTransferred": 600, "startedAt": "2026-11-30T11:59:00Z"},
            ),
            "Transferring 0 %, 10 B/s",
        ),
        (sync("a", "StepOfTheFuture"), "StepOfTheFuture"),
    ],
)
def test_how_far_a_request_is(request_: Object, said: str) -> None:
    assert str(progress_of(request_, NOW)).startswith(said)


def test_an_end_says_the_point_in_time_the_snapshot_or_why_not() -> None:
    named = done(sync("a", "x", pointInTime={"name": "n", "time": "t"}))
    assert end_of(named, Outcome.DONE) == "PointInTimeCreated: point in time n, t"
    assert end_of(done(sync("a", "x", transfer={"snapshot": "s"})), Outcome.DONE) == "PointInTimeCreated: snapshot s"
    assert end_of(sync("a", "PushRefused", "False", "Why."), Outcome.FAILED) == "PushRefused"


def test_why_a_request_is_not_done_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    refused = sync("a", "GroupPrepared", "False", "It is prepared.", finishedAt="2026-11-30T12:00:00Z")
    for form, lines in (("table", Lines()), ("name", Lines(quiet=True))):
        lines.ended(refused, Outcome.REFUSED)
        print_ends([Ended(refused, Outcome.REFUSED)], form)
        told = capsys.readouterr()
        assert (told.out + told.err).count("It is prepared.") == 1, form


def test_a_dry_run_that_refuses_tells_what_refuses_and_what_to_do_about_that(
    capsys: pytest.CaptureFixture[str],
) -> None:
    dry = sync("a", "DryRun", "True", "Dry run: nothing was called.") | {"kind": "FailoverPreparation"}
    dry["status"]["conditions"].append(condition("Preparable", "False", "VMPoweredOn", "VM 'x' is powered on."))
    print_ends([Ended(dry, Outcome.REFUSED)], "table")
    assert "prep/a: VM 'x' is powered on. What to do: Shut the VM down." in capsys.readouterr().err


def test_a_point_in_time_without_a_name_is_shown_by_its_id_beside_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    unnamed = done(sync("a", "x", pointInTime={"id": "4cb20517", "time": "2026-11-30T07:50:46Z"}))
    print_ends([Ended(unnamed, Outcome.DONE)], "table")
    assert capsys.readouterr().out.splitlines()[1].endswith("4cb20517        2026-11-30T07:50:46Z")


def test_that_no_operator_has_seen_a_request_is_told_only_if_that_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    unseen = {"kind": "ReplicationSync", "metadata": {"name": "a", "generation": 1}}
    now = [100.0]
    lines = Lines(clock=lambda: now[0])
    lines.show(unseen)
    lines.show(unseen)  # the watch tells of it at once
    assert capsys.readouterr().err == "sync/a: asked for\n"
    now[0] += MOMENT
    lines.show(unseen)
    assert capsys.readouterr().err == f"sync/a: NotSeen: {NOT_ACCEPTED}\n"
    print_ends([Ended(unseen, Outcome.STILL_RUNNING)], "table")
    told = capsys.readouterr()
    assert "NotSeen" in told.out
    assert NOT_ACCEPTED in told.err


def test_a_run_that_was_asked_for_is_told_and_not_the_next_time_of_its_schedule() -> None:
    schedule = sync("nightly", "Scheduled", "True", "The next run is for 2026-12-01T01:30:00Z.")
    schedule |= {"kind": "ReplicationSchedule"}
    run = condition("RunNowSucceeded", "True", "PointInTimeCreated", "ReplicationSync 'x' ended Succeeded.")
    waiting = condition("RunNowSucceeded", "Unknown", "RunNowWaiting", "Another run is under way.")
    ready = schedule["status"]["conditions"][0]
    schedule["status"]["conditions"] = [ready, waiting]
    assert str(progress_of(schedule, NOW)) == "RunNowWaiting: Another run is under way."
    schedule["status"]["conditions"] = [ready, run]
    assert end_of(schedule, Outcome.DONE) == "PointInTimeCreated: ReplicationSync 'x' ended Succeeded."


@pytest.mark.parametrize(
    ("asked", "status", "reason", "outcome"),
    [
        ("CHG-1", "Unknown", "RunNowUnderWay", None),
        ("CHG-1", "True", "PointInTimeCreated", Outcome.DONE),
        ("CHG-1", "False", "RunNowUsedBefore", Outcome.REFUSED),
        ("CHG-1", "False", "PushRefused", Outcome.FAILED),
        ("CHG-2", "True", "PointInTimeCreated", Outcome.UNKNOWN),
    ],
)
def test_a_run_is_judged_by_its_schedule(asked: str, status: str, reason: str, outcome: Outcome | None) -> None:
    schedule = sync("nightly", "Scheduled") | {"kind": "ReplicationSchedule", "spec": {"runNow": asked}}
    schedule["status"]["conditions"].append(condition("RunNowSucceeded", status, reason))
    assert judge("CHG-1")(schedule) is outcome
