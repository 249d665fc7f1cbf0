"""The soak's judge says no where a sync claims what is not so."""

from __future__ import annotations

from typing import Any

import pytest
from bench.truth import judge, pushed_suffix


def sync(*conditions: str, suffix: str = "vr-1", **status: Any) -> dict[str, Any]:
    told = [{"type": one, "status": "True", "reason": "PointInTimeCreated"} for one in conditions]
    operation = {"suffix": suffix, "pointInTimeName": "asked"}
    return {
        "metadata": {"namespace": "n", "name": "s"},
        "status": {"conditions": told, "operation": operation, "pointInTime": {"id": "p-1"}, **status},
    }


def state(*, landed: bool = True, point: str | None = "p-1", name: str = "asked") -> dict[str, Any]:
    transfer = {"suffix": "vr-1", "completed": "2026-01-01T00:00:00Z" if landed else None, "progress": 1.0}
    points = [] if point is None else [{"suffix": "vr-1", "id": point, "name": name}]
    return {"protectionGroups": {"a:erp": {"transfers": [transfer], "targetGroups": [{"pointsInTime": points}]}}}


def push(suffix: str = "vr-1", call: str = "POST pgroup", *, took_effect: bool = True) -> dict[str, Any]:
    return {"call": call, "tookEffect": took_effect, "arguments": {"suffix": suffix}}


DONE = sync("Ready", "Complete", "Finished", "Named")


def test_what_is_so_is_clean() -> None:
    found = judge([DONE], state(), [push(), push(took_effect=False)])
    assert found.clean
    assert found.endings == {"PointInTimeCreated": 1}


@pytest.mark.parametrize(
    ("world", "said"),
    [
        (state(landed=False), "has landed"),
        (state(point=None), "is listed"),
        (state(point="p-2"), "is not that of"),
        (state(name="another"), "is named asked"),
    ],
)
def test_a_claim_that_is_not_so_is_false(world: dict[str, Any], said: str) -> None:
    (told,) = judge([DONE], world, [push()]).false
    assert said in told


def test_a_sync_without_an_end_is_lost_and_one_that_failed_claims_nothing() -> None:
    found = judge([sync("Reconciling"), sync("Failed", "Finished")], state(landed=False), [])
    assert found.lost == ("n/s",)
    assert not found.false


@pytest.mark.parametrize("call", ["POST pgroup", "POST protection-group-snapshots"])
def test_two_pushes_under_one_suffix_are_told(call: str) -> None:
    assert judge([DONE], state(), [push(call=call), push(call=call)]).repeated == ("vr-1: 2 pushes",)
    assert pushed_suffix({**push(), "call": "PUT pgroup"}) is None
