"""Lines of the log say what is known and leave out what is not, whatever a status holds."""

from __future__ import annotations

from typing import Any

import pytest

from vvol_replication.engine.events.lines import request_end, request_steps

RESOLVED = {"recoveryVCenter": "dallas", "protectedVCenter": "austin", "sourceArray": "a", "targetArray": "b",
            "protectionGroup": "erp"}  # fmt: skip
AT = "2026-06-01T12:00:00Z"


def test_a_turn_that_comes_before_it_is_stored_what_is_acted_on_names_no_group() -> None:
    accepted, turn = request_steps({}, {"acceptedAt": AT, "operation": {"turnAt": AT}})
    assert accepted.text == "accepted"
    assert turn.text == "turn: only this request acts on its protection group now"


def test_one_write_may_tell_several_steps_in_their_order() -> None:
    before = {"acceptedAt": AT, "operation": {"turnAt": AT}}
    sync, push = {"intentAt": AT, "task": "task-1"}, {"intentAt": AT, "snapshot": "erp.vr-1"}
    ledger = {"turnAt": AT, "resolved": RESOLVED, "pointInTimeName": "p", "sync": sync, "push": push}
    transfer = {"snapshot": "a:erp.vr-1", "percent": 100, "completedAt": AT}
    after = {"acceptedAt": AT, "operation": ledger, "transfer": transfer}
    assert [line.text for line in request_steps(before, after)] == [
        "armed: VCenter dallas accepted the sync 'p' as task task-1",
        "pushed: FlashArray a made snapshot erp.vr-1 and sends it",
        "landed: snapshot a:erp.vr-1 is on FlashArray b",
    ]


@pytest.mark.parametrize("percent", [None, 0, 99])
def test_what_is_not_all_there_has_not_landed(percent: int | None) -> None:
    transfer = {"snapshot": "a:erp.vr-1", "percent": percent, "completedAt": AT}
    assert request_steps({"acceptedAt": AT}, {"acceptedAt": AT, "transfer": transfer}) == ()


def test_a_sync_that_is_asked_for_once_more_says_why_once() -> None:
    def status(armings: int, reason: str, message: str, task: str | None = None) -> dict[str, Any]:
        ready = {"type": "Ready", "status": "Unknown", "reason": reason, "message": message,
                 "observedGeneration": 1, "lastTransitionTime": AT}  # fmt: skip
        sync = {"intentAt": AT, "armings": armings, **({"task": task} if task else {})}
        ledger = {"turnAt": AT, "resolved": RESOLVED, "pointInTimeName": "p", "sync": sync}
        return {"acceptedAt": AT, "operation": ledger, "conditions": [ready]}

    first, taken = status(1, "Arming", "Arming.", "t1"), "The transfer a:erp.7 landed first and took the name."
    recorded, asked = status(2, "Arming", taken), status(2, "Arming", "Arming the sync 'p' (arming 2).", "t2")
    assert [line.text for line in request_steps(first, recorded)] == [f"arms again: {taken}"]
    assert [line.key for line in request_steps(recorded, asked)] == ["armed t2"]
    late = status(2, "Transferring", "1 % done.")
    assert [line.text for line in request_steps(first, late)] == ["arms again: The sync before has ended."]


def test_an_end_says_its_word_once() -> None:
    ready = {"type": "Ready", "status": "False", "reason": "Cancelled", "message": "Nothing was asked for.",
             "observedGeneration": 1, "lastTransitionTime": AT}  # fmt: skip
    end = request_end(
        {"phase": "Cancelled", "finishedAt": AT, "conditions": [ready, {**ready, "type": "Finished", "status": "True"}]}
    )
    assert end is not None
    assert end.text == "ended Cancelled: Nothing was asked for."


def test_a_borrowed_sync_names_whose_it_is() -> None:
    sync = {"intentAt": AT, "borrowed": {"name": "theirs", "request": "prod/earlier"}}
    (armed,) = request_steps({"acceptedAt": AT}, {"acceptedAt": AT, "operation": {"resolved": RESOLVED, "sync": sync}})
    assert armed.text == "armed: it uses the sync that prod/earlier left armed at VCenter dallas"


@pytest.mark.parametrize("spoilt", ["text", 7, ["x"], None, {"sync": "x", "push": 3, "prepare": [], "resolved": "y"}])
def test_a_status_that_anybody_may_have_written_is_no_trouble(spoilt: Any) -> None:
    lines = request_steps({}, {"acceptedAt": AT, "operation": spoilt, "transfer": spoilt})
    assert [line.text for line in lines] == ["accepted"]
