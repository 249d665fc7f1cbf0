"""What the sweep judges preparations by must be able to say no."""

from __future__ import annotations

import copy
from typing import Any, cast

import pytest
from e2e.sweep import preparations
from e2e.sweep.faults import FAULTS
from e2e.sweep.ground import Spot
from e2e.sweep.preparations import Held, judge, may_be_unknown

CALL = "austin:start_prepare#1"
BEFORE, INTENDED, CALLED = Held(), Held(intended=True), Held(intended=True, task=True)
POINT = {"id": "p-2", "suffix": "fail-1"}


class Stage:
    """A spot whose storage and group are as they are told to be: prepared by one call, and remembered."""

    def __init__(self) -> None:
        self.calls, self.armed, self.prepared = 1, 0, True
        self.pushes: list[str] = []
        self.points: list[Any] = [{"id": "p-1", "suffix": "first"}, POINT]
        self.memory: Any = {"status": "True", "reason": "FailoverPrepared"}
        self.remembered = "p-2"

    def prepare_calls(self) -> list[Any]:
        return [{}] * self.calls

    def pushed(self) -> list[str]:
        return list(self.pushes)

    def armings(self) -> int:
        return self.armed

    def both_sides(self) -> Any:
        return {"sourceGroup": {"prepared": self.prepared}, "targetGroups": [{"pointsInTime": self.points}]}

    def group(self) -> Any:
        memory = {"type": "Prepared", **self.memory} if self.memory else {"type": "Other", "status": "True"}
        return {"status": {"conditions": [memory], "prepared": {"pointInTime": {"id": self.remembered}}}}


def ended(kind: str, reason: str, point: str | None = "p-2") -> Any:
    conditions = [
        {"type": "Ready", "status": "True" if kind == "Complete" else "False", "reason": reason},
        {"type": kind, "status": "True", "reason": reason},
        {"type": "Finished", "status": "True", "reason": reason},
    ]
    status: dict[str, Any] = {"conditions": conditions, "transfer": {"snapshot": "flasharray-a:pg-0.fail-1"}}
    return {"status": status if point is None else {**status, "pointInTime": {"id": point}}}


COMPLETE = ended("Complete", "FailoverPrepared")


def told(stage: Stage, obj: Any, fault: str | None = None, point: str = CALL, held: Held = BEFORE) -> list[str]:
    return judge(cast("Spot", stage), obj, FAULTS[fault] if fault else None, point, held)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparations, "_REMEMBERED_WITHIN", 0.0)


def test_what_really_happened_is_fine() -> None:
    assert told(Stage(), COMPLETE) == []


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"calls": 2}, "2 prepare calls"),
        ({"calls": 0}, "after 0 calls"),
        ({"prepared": False}, "says prepared: False"),
        ({"pushes": ["vr-1"]}, "pushed"),
        ({"armed": 1}, "armed 1"),
        ({"points": [{"id": "p-1", "suffix": "first"}]}, "told point in time p-2"),
        ({"points": [{**POINT, "id": "p-3"}]}, "told point in time p-2"),
        ({"points": [{**POINT, "suffix": "other"}]}, "told snapshot"),
        ({"memory": None}, "the group says None"),
        ({"memory": {"status": "Unknown", "reason": "FailoverPrepared"}}, "the group says None"),
        ({"memory": {"status": "True", "reason": "NotProven"}}, "the group says NotProven"),
        ({"remembered": "p-1"}, "remembers point in time p-1"),
    ],
)
def test_each_lie_of_a_success_is_told(changed: dict[str, Any], word: str) -> None:
    stage = Stage()
    vars(stage).update(copy.deepcopy(changed))
    assert any(word in text for text in told(stage, COMPLETE))


def test_not_to_know_is_honest_only_where_nobody_can() -> None:
    stage, unknown = Stage(), ended("Failed", "OutcomeUnknown", None)
    stage.memory = {"status": "True", "reason": "NotProven"}
    assert told(stage, unknown, "killed", held=INTENDED) == []
    assert "although all can be known" in told(stage, unknown, "killed", held=CALLED)[0]
    assert "although all can be known" in told(stage, unknown)[0]
    stage.memory = {"status": "True", "reason": "FailoverPrepared"}
    assert "the group says FailoverPrepared" in told(stage, unknown, "killed", held=INTENDED)[0]


def test_another_end_is_honest_for_another_request_only() -> None:
    stage, refused = Stage(), ended("Failed", "AlreadyPrepared")
    assert told(stage, refused, "another-uid") == []
    assert told(stage, refused, "created-again") != []
    assert told(stage, ended("Failed", "TimedOut"), "another-uid") != []


@pytest.mark.parametrize(
    ("fault", "point", "held", "allowed"),
    [
        ("killed", CALL, BEFORE, False),
        ("killed", CALL, INTENDED, True),
        ("killed-lagging", CALL, INTENDED, True),
        ("killed", CALL, CALLED, False),
        ("answer-lost", f"{CALL}.after", INTENDED, True),
        ("answer-lost", "engine:PATCH status#3.after", INTENDED, False),
        ("wiped", CALL, BEFORE, False),
        ("wiped", CALL, CALLED, True),
        ("replaced", CALL, INTENDED, False),
        ("api-409", CALL, INTENDED, False),
        ("api-500", CALL, INTENDED, False),
        ("api-hangs", CALL, INTENDED, False),
        ("two-operators", CALL, BEFORE, True),
    ],
)
def test_where_nobody_can_know(fault: str, point: str, held: Held, *, allowed: bool) -> None:
    assert may_be_unknown(FAULTS[fault], point, held) is allowed


def test_what_is_held_is_read_from_the_ledger() -> None:
    assert Held.of(None) == Held.of({"status": {"operation": {"requestID": "x"}}}) == BEFORE
    assert Held.of({"status": {"operation": {"prepare": {"intentAt": "now"}}}}) == INTENDED
    assert Held.of({"status": {"operation": {"prepare": {"task": "task-1"}}}}) == CALLED
