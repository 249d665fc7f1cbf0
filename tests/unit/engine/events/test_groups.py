"""The events of a ReplicationGroup: each turn one, whatever could not be told in between."""

from __future__ import annotations

from typing import Any

import pytest

from vvol_replication.engine.events.groups import events

TIME = "2026-12-01T12:00:00Z"


def status(*conditions: tuple[str, str, str], behind: bool = False) -> dict[str, Any]:
    told = [
        {
            "type": type_,
            "status": state,
            "reason": reason,
            "message": f"{reason} it is.",
            "observedGeneration": 1,
            "lastTransitionTime": TIME,
        }
        for type_, state, reason in conditions
    ]
    return {"conditions": told} | ({"behindObjectiveSince": TIME} if behind else {})


WITHIN = status(("RecoveryPointCurrent", "True", "WithinObjective"))
BEHIND = status(("RecoveryPointCurrent", "False", "BehindObjective"), behind=True)
EMPTY = status(("RecoveryPointCurrent", "False", "NoPointInTime"), behind=True)
UNKNOWN = status(("RecoveryPointCurrent", "Unknown", "Unreachable"))
UNKNOWN_BEHIND = status(("RecoveryPointCurrent", "Unknown", "Unreachable"), behind=True)
EXPIRING = status(("NamedPointExpiring", "True", "NamedPointExpiring"))
TIGHT = status(("ObjectiveTooTight", "True", "ObjectiveTooTight"))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, WITHIN, []),
        ({}, UNKNOWN, []),
        ({}, BEHIND, [(True, "BehindObjective")]),
        ({}, EMPTY, [(True, "NoPointInTime")]),
        (WITHIN, BEHIND, [(True, "BehindObjective")]),
        (BEHIND, BEHIND, []),
        (EMPTY, BEHIND, []),
        (BEHIND, WITHIN, [(False, "WithinObjective")]),
        (WITHIN, UNKNOWN, []),
        (UNKNOWN, WITHIN, []),
        (UNKNOWN, BEHIND, [(True, "BehindObjective")]),
        (BEHIND, UNKNOWN_BEHIND, []),
        (UNKNOWN_BEHIND, BEHIND, []),
        (UNKNOWN_BEHIND, WITHIN, [(False, "WithinObjective")]),
        (BEHIND, UNKNOWN, []),
        (BEHIND, status(), []),
        (status(), EXPIRING, [(True, "NamedPointExpiring")]),
        (EXPIRING, EXPIRING, []),
        (EXPIRING, status(), []),
        (status(), TIGHT, [(True, "ObjectiveTooTight")]),
        (TIGHT, status(), []),
    ],
)
def test_each_turn_is_one_event(before: dict[str, Any], after: dict[str, Any], told: list[tuple[bool, str]]) -> None:
    found = events(before, after)
    assert [(one.warning, one.reason) for one in found] == told
    assert all(one.message == f"{one.reason} it is." and not one.once for one in found)
