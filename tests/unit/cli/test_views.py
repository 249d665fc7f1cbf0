"""Objects as rows and lines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from unit.cli.objects import NOW, Object, condition, group, sync

from vvol_cli.reading import age, amount, moment, name_of, short
from vvol_cli.views import history, overview, points, rpo
from vvol_cli.views.words import advised, maker, needs_of, running_on

BEHIND = condition("RecoveryPointCurrent", "False", "BehindObjective")
CURRENT = condition("RecoveryPointCurrent", "True", "WithinObjective")


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        (group(CURRENT), "Protected"),
        (group(), "Ready"),
        (group(BEHIND), "Behind"),
        (group(condition("RecoveryPointCurrent", "False", "NoPointInTime")), "NoPoint"),
        (group(condition("RecoveryPointCurrent", "Unknown", "ClockUnknown")), "Unknown"),
        (group(condition("Ready", "False", "Unreachable")), "NotRead"),
        (group(CURRENT, lastReadAt="2026-11-30T11:40:00Z"), "NotRead"),
        (group(CURRENT, condition("Prepared", "True", "FailoverPrepared")), "Prepared"),
        (group(BEHIND, condition("Prepared", "True", "FailoverPrepared")), "Prepared"),
        (group(BEHIND, condition("Prepared", "Unknown", "FailoverCalledOff")), "Behind"),
        (group(BEHIND, condition("Ready", "False", "Unreachable")), "Behind"),
        (
            group(
                BEHIND, condition("Prepared", "True", "FailoverPrepared"), condition("Ready", "False", "Unreachable")
            ),
            "NotRead",
        ),
        (group(CURRENT, condition("Suspended", "True", "Suspended")), "Suspended"),
        (group(CURRENT) | {"status": {"observedGeneration": -1}}, "NotSeen"),
        (group(CURRENT) | {"metadata": {"name": "erp", "generation": 2}}, "NotSeen"),
        ({"kind": "ReplicationGroup", "metadata": {"name": "erp"}}, "NotSeen"),
    ],
)
def test_a_group_has_one_word_the_most_serious_that_is_true(seen: Object, word: str) -> None:
    assert overview.state_of(seen, NOW) == word


def test_what_runs_on_a_group_is_shown_and_what_waits_for_a_person_is_told_with_advice() -> None:
    waits = sync("waits", "GroupSuspended", "False", "The group is suspended.")
    moves = sync("moves", "Transferring", transfer={"percent": 40})
    over = sync("over", "PointInTimeCreated", finishedAt="2026-11-30T11:00:00Z")
    over["status"]["conditions"].append(condition("Finished", "True", "PointInTimeCreated"))
    elsewhere = sync("elsewhere", "Transferring") | {"metadata": {"name": "elsewhere", "namespace": "test"}}
    here = [group(CURRENT), waits, moves, over, elsewhere]

    assert running_on(here[0], here) == [moves, waits]
    said = dict(overview.sheet(here[0], here, NOW).lines)
    assert said["Running"] == "sync/moves: Transferring 40 %"
    assert said["Needs you"] == "GroupSuspended (sync/waits): The group is suspended."
    (row,) = overview.table(here, NOW, everywhere=True).rows
    assert row.cells[:8] == (
        "prod",
        "erp",
        "Protected",
        "2026-11-30T11:50:00Z",
        "10m",
        "15m",
        "Transferring 40 %, GroupSuspended",
        "GroupSuspended",
    )
    assert row.data["needs"] == [
        {"object": "sync/waits", "reason": "GroupSuspended", "message": "The group is suspended."}
    ]


def test_a_request_whose_end_was_overwritten_runs_again() -> None:
    """As the operator has it: an acceptance that came late leaves the time of the end."""
    going = sync("going", "Transferring", finishedAt="2026-11-30T11:00:00Z")
    assert [name_of(one) for one in running_on(group(), [going])] == ["going"]
    (row,) = overview.table([group(), going], NOW, everywhere=False).rows
    assert [one["name"] for one in row.data["running"]] == ["sync/going"]


def test_advice_follows_what_is_wrong_and_a_reason_of_a_newer_operator_has_none() -> None:
    lines = advised(needs_of(group(condition("Ready", "False", "Unreachable")), []))
    assert [label for label, _ in lines] == ["Needs you", ""]
    assert lines[1][1].startswith("  What to do: ")
    assert advised(needs_of(group(condition("Ready", "False", "OfTheFuture", "New words.")), [])) == [
        ("Needs you", "OfTheFuture (group/erp): New words.")
    ]


@pytest.mark.parametrize("reason", ["PreparationNotValid", "ValidityUnknown", "NotProven", "PreparedOutside"])
def test_a_prepared_group_that_must_not_be_failed_over_needs_a_person(reason: str) -> None:
    prepared = group(condition("Prepared", "True", reason, "Do not fail over."))
    assert needs_of(prepared, []) == [("group/erp", reason, "Do not fail over.")]
    assert needs_of(group(condition("Prepared", "True", "FailoverPrepared")), []) == []


def test_what_is_not_proven_needs_no_person_while_its_preparation_runs() -> None:
    asked = group(condition("Prepared", "True", "NotProven", "Its last data is not proven."))
    running = sync("move", "Transferring") | {"kind": "FailoverPreparation"}
    assert needs_of(asked, [running]) == []
    assert needs_of(asked, [sync("other", "Transferring")]) != []


def test_a_prepared_group_shows_what_to_fail_over_to() -> None:
    prepared = group(condition("Prepared", "True", "FailoverPrepared", "Fail over to it by its id."))
    assert dict(overview.sheet(prepared, [], NOW).lines)["Prepared"] == "Fail over to it by its id."
    stale = group(condition("Prepared", "True", "PreparationNotValid", "Do not fail over."))
    assert "Prepared" not in dict(overview.sheet(stale, [], NOW).lines)


def test_that_nobody_should_fail_over_is_told_before_what_is_behind() -> None:
    behind = condition("RecoveryPointCurrent", "False", "BehindObjective")
    both = group(behind, condition("Prepared", "True", "PreparationNotValid"))
    assert [reason for _, reason, _ in needs_of(both, [])] == ["PreparationNotValid", "BehindObjective"]


def test_that_an_objective_is_missed_is_explained_once() -> None:
    behind = group(condition("RecoveryPointCurrent", "False", "BehindObjective", "It was 20 min old."))
    lines = overview.sheet(behind, [], NOW).lines
    assert dict(lines)["Objective"] == "15m, missed."
    assert sum("It was 20 min old." in said for _, said in lines) == 1
    held = group(condition("RecoveryPointCurrent", "True", "WithinObjective", "It is young enough."))
    assert dict(overview.sheet(held, [], NOW).lines)["Objective"] == "15m, held. It is young enough."


def test_what_only_has_to_be_known_needs_no_person() -> None:
    armed = group(condition("SyncLeftArmed", "True", "NameStillPending", "A sync is armed."))
    lines = dict(overview.sheet(armed, [], NOW).lines)
    assert "Needs you" not in lines
    assert lines["Also"] == "NameStillPending (group/erp): A sync is armed."


def test_what_ready_says_is_not_told_again_by_a_condition_that_is_not_known_because_of_it() -> None:
    away = group(
        condition("Ready", "False", "Unreachable", "No answer."),
        condition("RecoveryPointCurrent", "Unknown", "Unreachable", "Not known. No answer."),
    )
    assert needs_of(away, []) == [("group/erp", "Unreachable", "No answer.")]


def test_a_group_that_nobody_reads_any_more_is_told() -> None:
    read = dict(overview.sheet(group(CURRENT, lastReadAt="2026-11-30T09:00:00Z"), [], NOW).lines)["Read"]
    assert read.startswith("3h ago. Does the operator work?")


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (None, "2026-11-30T11:50:00Z, 10m old"),
        ({"name": "a", "time": "2026-11-30T11:50:00Z"}, "a, 2026-11-30T11:50:00Z, 10m old"),
        ({"name": "b", "time": "2026-11-29T11:50:00Z"}, "2026-11-30T11:50:00Z, 10m old; with a name: b, 1d old"),
    ],
)
def test_the_newest_point_in_time_and_the_newest_with_a_name(named: Object | None, said: str) -> None:
    lines = dict(overview.sheet(group(newestNamedPointInTime=named), [], NOW).lines)
    assert lines["Newest"] == said
    assert dict(overview.sheet(group(newestPointInTime=None), [], NOW).lines)["Newest"] == "no point in time is known"


def test_points_in_time_have_the_request_that_made_them_and_how_long_they_are_kept() -> None:
    listed = [
        {"id": "3", "name": "x", "time": "2026-11-30T11:50:00Z"},
        {"id": "2", "time": "2026-11-30T11:00:00Z"},
        {"id": "1"},
    ]
    entries = [
        {
            "kind": "ReplicationSync",
            "name": "young",
            "outcome": "Succeeded",
            "reason": "RecentEnough",
            "pointInTime": {"id": "2"},
        },
        {
            "kind": "ReplicationSync",
            "name": "made",
            "outcome": "Succeeded",
            "reason": "PointInTimeCreated",
            "pointInTime": {"id": "2"},
        },
    ]
    running = sync("there", "Verifying", operation={"push": {"intentAt": "t"}}, pointInTime={"id": "3"})
    seen = group(
        pointsInTime=listed,
        history=entries,
        pointInTimeCount=12,
        arrayPolicy={"retention": {"allFor": "24h", "perDay": 4, "days": 7}},
    )
    table = points.table(seen, [running], NOW)

    assert [row.cells[:5] for row in table.rows] == [
        ("x", "2026-11-30T11:50:00Z", "10m", "sync/there", "2026-12-01T11:50:00Z"),
        ("", "2026-11-30T11:00:00Z", "1h", "sync/made", "2026-12-01T11:00:00Z"),
        ("", "", "", "", ""),
    ]
    assert list(table.notes) == ["The newest 3 of 12.", "Targets keep all for 24h, then 4 of each day for 7 days."]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (None, ""),
        ({"perDay": 0}, "Targets keep all for ever."),
        ({"allFor": "24h", "perDay": 0}, "Targets keep all for 24h."),
        ({"allFor": "24h", "perDay": 1}, "Targets keep all for 24h, then 1 of each day for ever."),
    ],
)
def test_retention_is_said_and_never_guessed(rule: Object | None, said: str) -> None:
    assert points.retention(group(arrayPolicy={"retention": rule})) == said


@pytest.mark.parametrize(
    ("seen", "empty", "doubt"),
    [
        (group(pointInTimeCount=0), "No point in time is listed at the target.", []),
        (
            group(condition("Ready", "False", "EndpointUnreachable", "No answer."), lastReadAt=None),
            "The points in time at the target are not known.",
            ["group/erp was never read. No answer."],
        ),
        (
            group(condition("Ready", "False", "EndpointUnreachable", "No answer."), pointInTimeCount=0),
            "No point in time is listed at the target.",
            ["group/erp was read at 2026-11-30T11:59:00Z, not since. No answer."],
        ),
        (
            group(pointsInTime=[{"id": "1"}], lastReadAt="2026-11-30T11:30:00Z"),
            "No point in time is listed at the target.",
            ["group/erp was read 30m ago. Does the operator work? `kubectl vvol doctor` shows it."],
        ),
        (
            {"kind": "ReplicationGroup", "metadata": {"name": "erp"}},
            "The points in time at the target are not known.",
            ["group/erp: No operator has seen it yet. `kubectl vvol doctor` shows whether one works."],
        ),
    ],
)
def test_points_in_time_that_are_not_known_are_not_taken_for_none(seen: Object, empty: str, doubt: list[str]) -> None:
    table = points.table(seen, [], NOW)
    assert (table.empty, list(table.notes)) == (empty, doubt)


def test_that_an_objective_was_judged_long_ago_is_told() -> None:
    held = condition("RecoveryPointCurrent", "True", "WithinObjective")
    table = rpo.table([group(held), group(held, name="old", lastReadAt="2026-11-30T07:00:00Z")], NOW)
    (note,) = table.notes
    assert note.startswith("prod/old was read 5h ago.")
    assert [row.data["lastReadAt"] for row in table.rows] == ["2026-11-30T11:59:00Z", "2026-11-30T07:00:00Z"]


def test_ages_against_objectives_say_what_the_operator_says() -> None:
    behind = group(
        condition("RecoveryPointCurrent", "False", "BehindObjective"), behindObjectiveSince="2026-11-30T11:55:00Z"
    )
    (row,) = rpo.table([behind], NOW).rows
    assert row.cells[2:8] == ("15m", "False", "2026-11-30T11:50:00Z", "10m", "2026-11-30T11:55:00Z", "BehindObjective")
    assert rpo.table([{"metadata": {"name": "x"}}], NOW).rows[0].data["held"] is None


def test_history_names_the_owner_before_the_client() -> None:
    entry = {
        "kind": "ReplicationSync",
        "name": "n",
        "outcome": "Succeeded",
        "finishedAt": "2026-11-30T11:00:30.608219Z",
        "startedAt": "2026-11-30T11:00:00Z",
        "askedBy": {"manager": "kubectl", "owner": "ReplicationSchedule/nightly"},
        "newestPointAgeBefore": "14m30s",
    }
    (row,) = history.table(group(history=[entry])).rows
    assert row.cells[0] == "2026-11-30T11:00:30Z", "to the second, as all times in tables"
    assert (row.cells[1], row.cells[5], row.cells[6], row.cells[9]) == (
        "sync/n",
        "ReplicationSchedule/nightly",
        "14m30s",
        "30s",
    )
    assert row.data is entry
    assert history.table({"metadata": {}}).rows == []


def test_who_asked_is_left_out_where_two_did_in_the_same_second() -> None:
    fields: Object = {"f:spec": {"f:groupRef": {"f:name": {}}}}
    entries = [{"manager": one, "time": "2026-11-30T11:00:00Z", "fieldsV1": fields} for one in ("kubectl", "argocd")]
    others = [{"manager": "operator", "time": "2026-11-30T11:05:00Z", "subresource": "status", "fieldsV1": fields}]
    assert maker({"metadata": {"managedFields": entries[:1] + others}}) == "kubectl"
    assert maker({"metadata": {"managedFields": entries}}) == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (200, "3m20s"),
        (3600, "1h"),
        (18720, "5h12m"),
        (273600, "3d4h"),
        (-5, "0s"),
    ],
)
def test_lengths_of_time(seconds: float, said: str) -> None:
    assert short(timedelta(seconds=seconds)) == said


def test_what_is_no_time_has_no_age() -> None:
    assert [age(one, NOW) for one in (None, "", "soon", 5)] == ["", "", "", ""]
    assert moment("2026-11-30T12:00:00") == NOW


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (25e7, "250 MB"), (2e16, "20000 TB")]
)
def test_amounts(count: float, said: str) -> None:
    assert amount(count) == said
