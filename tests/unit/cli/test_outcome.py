"""How an end becomes an exit code."""

from __future__ import annotations

from typing import Any

import pytest

from vvol_cli.outcome import (
    GUARDS,
    LEFT_ALONE,
    MEANINGS,
    UNKNOWN_ENDS,
    Outcome,
    of_reason,
    of_request,
    worst,
)
from vvol_replication.api.reasons import Reason


def request(ready: str, *more: str, **status: Any) -> dict[str, Any]:
    """A request that has ended with this reason; `more` are conditions that are True, or `Type=Status`."""
    conditions = [{"type": "Ready", "status": "False", "reason": ready}, {"type": "Finished", "status": "True"}]
    for one in more:
        type_, _, said = one.partition("=")
        conditions.append({"type": type_, "status": said or "True", "reason": ready})
    return {"status": {"finishedAt": "2026-11-30T00:00:00Z", "conditions": conditions, **status}}


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        (request("PointInTimeCreated", "Complete"), Outcome.DONE),
        (request("RecentEnough", "Complete"), Outcome.DONE),
        (request("DryRun", "Complete", "Preparable"), Outcome.DONE),
        (request("DryRun", "Complete", "Preparable=False"), Outcome.REFUSED),
        (request("DryRun", "Complete", "Preparable=Unknown"), Outcome.REFUSED),
        (request("PushRefused", "Failed"), Outcome.FAILED),
        (request("ReasonOfTheFuture", "Failed"), Outcome.FAILED),
        (request("GroupPrepared", "Failed"), Outcome.REFUSED),
        (request("Expired"), Outcome.REFUSED),
        (request("InvalidSpec", "Failed"), Outcome.USAGE),
        (request("OutcomeUnknown", "Failed"), Outcome.UNKNOWN),
        (request("TimedOut", "Failed"), Outcome.FAILED),
        (request("TimedOut", "Failed", operation={"push": {"intentAt": "x"}}), Outcome.UNKNOWN),
        (request("Cancelled", "Failed", operation={"prepare": {"intentAt": "x"}}), Outcome.UNKNOWN),
        (request("Cancelled", "Failed", operation={"sync": {"armings": 1}}), Outcome.FAILED),
        (request("Cancelled", "Failed", operation={"sync": {"armings": 1}}, method="AwaitSchedule"), Outcome.UNKNOWN),
    ],
)
def test_each_end_has_its_code(ended: dict[str, Any], outcome: Outcome) -> None:
    assert of_request(ended) is outcome


@pytest.mark.parametrize(
    "running",
    [
        {},
        {"status": None},
        {"status": {"observedGeneration": -1}},
        {"status": {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "Transferring"}]}},
        {"status": {"finishedAt": "2026-11-30T00:00:00Z", "conditions": [{"type": "Ready", "status": "False"}]}},
    ],
)
def test_what_has_not_ended_has_none(running: dict[str, Any]) -> None:
    assert of_request(running) is None


def test_the_reasons_that_decide_are_of_the_catalogue() -> None:
    assert set(GUARDS) | UNKNOWN_ENDS | LEFT_ALONE <= {str(one) for one in Reason}


def test_of_several_the_most_serious_counts() -> None:
    assert worst([]) is Outcome.DONE
    assert worst([Outcome.DONE, Outcome.STILL_RUNNING]) is Outcome.STILL_RUNNING
    assert worst([Outcome.REFUSED, Outcome.FAILED, Outcome.DONE]) is Outcome.FAILED
    assert worst(list(Outcome)) is Outcome.UNKNOWN


def test_a_run_that_was_left_alone_is_unknown_only_if_something_was_asked() -> None:
    assert of_reason("Cancelled", asked=True) is Outcome.UNKNOWN
    assert of_reason("Cancelled", asked=False) is Outcome.FAILED


def test_each_code_is_explained() -> None:
    assert [int(one) for one in MEANINGS] == list(range(7))
    assert [one.word for one in Outcome] == [
        "Done",
        "Failed",
        "Usage",
        "Refused",
        "StillRunning",
        "Unknown",
        "NoAccess",
    ]
