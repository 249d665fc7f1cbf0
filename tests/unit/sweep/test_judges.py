"""What the sweep and the re-application tests judge by must be able to say no."""

from __future__ import annotations

from typing import Any

import pytest
from e2e.reapply import beside
from e2e.sweep.faults import FAULTS
from e2e.sweep.sweep import cases_of, every

from vvol_replication.api.names import FINALIZER

POINTS = ["kopf:PATCH status#1.before", "kopf:PATCH status#1.after", "dallas:group#1.before", "dallas:group#1.after"]


def write(body: Any, *, subresource: str = "", resource: str = "replicationsyncs", verb: str = "patch") -> Any:
    where = {"resource": resource, "name": "one", **({"subresource": subresource} if subresource else {})}
    return {"verb": verb, "objectRef": where, "requestObject": body}


@pytest.mark.parametrize(
    "ours",
    [
        write({"status": {}}, subresource="status"),
        write({}, resource="events", verb="create"),
        write(
            [
                {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
                {"op": "add", "path": "/metadata/finalizers", "value": [FINALIZER]},
            ]
        ),
        write([{"op": "remove", "path": "/metadata/finalizers/0"}]),
        write({"metadata": {"resourceVersion": "7", "finalizers": [FINALIZER]}}),
        write({"metadata": {"finalizers": None}}),
    ],
)
def test_status_events_and_our_finalizer_are_ours(ours: Any) -> None:
    assert beside(ours) == ""


@pytest.mark.parametrize(
    "foreign",
    [
        write({"metadata": {"annotations": {"a": "b"}}}),
        write({"metadata": {"finalizers": ["somebody.else/finalizer"]}}),
        write({"metadata": {"finalizers": [FINALIZER]}, "spec": {"suspend": True}}),
        write([{"op": "add", "path": "/metadata/labels/x", "value": "y"}]),
        write([{"op": "add", "path": "/metadata/finalizers/-", "value": "somebody.else/finalizer"}]),
        write({"spec": {}}, verb="update"),
        write(None, verb="delete"),
        write(None),
    ],
)
def test_all_else_is_not(foreign: Any) -> None:
    assert "replicationsyncs/one" in beside(foreign)


def test_each_fault_is_played_where_it_makes_sense() -> None:
    cases = cases_of({"ArrayOnly": POINTS}, FAULTS)
    played = {name: [one.point for one in cases if one.fault and one.fault.name == name] for name in FAULTS}
    assert played["killed"] == POINTS
    assert played["answer-lost"] == [POINTS[1], POINTS[3]]
    assert played["api-409"] == POINTS[:1]
    assert played["api-500"] == POINTS[:2]


def test_slices_with_all_seeds_are_the_whole() -> None:
    cases = cases_of({"ArrayOnly": POINTS, "Coordinated": POINTS}, FAULTS)
    slices = [every(cases, 7, seed) for seed in range(7)]
    assert sorted(one.label for part in slices for one in part) == sorted(one.label for one in cases)
    assert max(map(len, slices)) - min(map(len, slices)) <= 1
