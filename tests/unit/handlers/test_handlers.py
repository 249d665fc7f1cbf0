"""kopf's rim: what is registered, what goes to the engine, and what is written into the object."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import kopf
import pytest

from vvol_replication.api.names import FINALIZER, KINDS, ONE_SHOT_KINDS, Kind
from vvol_replication.handlers.kinds import in_flight, registry_for
from vvol_replication.handlers.settings import GenerationDiffBase, operator_settings


class Recorder:
    """In the engine's place."""

    def __init__(self, answer: Mapping[str, Any] | None = None) -> None:
        self.answer = answer
        self.accepted: list[Any] = []
        self.observed: list[tuple[Kind, str, bool]] = []
        self.released: list[str] = []

    def accept(self, kind: Kind, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        self.accepted.append((kind, body["metadata"]["name"]))
        return self.answer

    def observe(self, kind: Kind, body: Mapping[str, Any], *, deleted: bool = False) -> None:
        self.observed.append((kind, body["metadata"]["name"], deleted))

    def release(self, uid: str) -> None:
        self.released.append(uid)


def body_of(raw: Any) -> kopf.Body:
    return kopf.Body(raw)


BODY = body_of({"metadata": {"name": "one", "uid": "u1", "generation": 3}, "status": {"observedGeneration": -1}})


def handlers(engine: Recorder) -> tuple[list[Any], list[Any]]:
    registry = registry_for(engine)  # type: ignore[arg-type]  # a stand-in
    return list(registry._watching._handlers), list(registry._changing._handlers)  # noqa: SLF001 - kopf has no other way


FINISHED = {"type": "Finished", "status": "True"}
EACH_REQUEST = pytest.mark.parametrize("kind", ONE_SHOT_KINDS, ids=lambda kind: kind.kind)


def of(kind: Kind, id_: str, handlers: list[Any]) -> list[Any]:
    """The handlers of a kind under that id."""
    return [one for one in handlers if one.id == id_ and one.selector.any_name == kind.plural]


@EACH_REQUEST
@pytest.mark.parametrize("answer", [None, {"observedGeneration": 3, "phase": "Running"}])
def test_one_function_accepts_what_is_new_edited_or_resumed_and_its_patch_is_the_status(
    kind: Kind, answer: Any
) -> None:
    engine = Recorder(answer)
    _, changing = handlers(engine)
    accepting = of(kind, "accept", changing)
    assert len(accepting) == 3
    assert len({one.fn for one in accepting}) == 1
    patch = kopf.Patch()
    assert asyncio.run(accepting[0].fn(body=BODY, patch=patch)) is None
    assert dict(patch.get("status", {})) == (answer or {})
    assert engine.accepted == [(kind, "one")]


@EACH_REQUEST
def test_a_deletion_in_flight_lets_go(kind: Kind) -> None:
    engine = Recorder()
    _, changing = handlers(engine)
    (release,) = of(kind, "release", changing)
    assert asyncio.run(release.fn(uid="u1")) is None
    assert engine.released == ["u1"]
    assert release.when is in_flight
    assert release.requires_finalizer


def test_every_kind_is_shown_to_the_engine() -> None:
    engine = Recorder()
    watching, changing = handlers(engine)
    assert len(watching) == len(KINDS)
    for handler, kind in itertools.product(watching, ["ADDED", "MODIFIED", None, "DELETED"]):
        asyncio.run(handler.fn(body=BODY, event={"type": kind}))
    assert {kind for kind, _, _ in engine.observed} == set(KINDS)
    assert sum(deleted for _, _, deleted in engine.observed) == len(KINDS)
    assert {one.selector.any_name for one in changing} == {kind.plural for kind in ONE_SHOT_KINDS}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, False),
        ({"acceptedAt": "2026-01-01T00:00:00Z"}, True),
        ({"acceptedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:00Z", "conditions": [FINISHED]}, False),
        ({"acceptedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:00Z"}, True),
        ({"acceptedAt": "2026-01-01T00:00:00Z", "conditions": [FINISHED]}, True),
    ],
)
def test_the_finalizer_is_there_only_in_flight(status: dict[str, Any], expected: bool) -> None:  # noqa: FBT001 - a table
    assert in_flight(status=status, name="one") is expected


@pytest.mark.parametrize(
    ("status", "handled"), [({}, None), ({"observedGeneration": -1}, -1), ({"observedGeneration": 3}, 3)]
)
def test_what_was_handled_is_what_the_status_says(status: dict[str, Any], handled: int | None) -> None:
    base = GenerationDiffBase()
    body = body_of({"metadata": {"generation": 3, "annotations": {"a": "b"}}, "status": status})
    assert base.build(body=body) == {"spec": {"generation": 3}}
    assert base.fetch(body=body) == (None if handled is None else {"spec": {"generation": handled}})
    patch = kopf.Patch()
    base.store(body=body, patch=patch, essence=base.build(body=body))
    assert patch == {"status": {"observedGeneration": 3}}


def test_what_is_being_deleted_gets_no_mark() -> None:
    base = GenerationDiffBase()
    body = body_of({"metadata": {"generation": 3, "deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {}})
    patch = kopf.Patch()
    base.store(body=body, patch=patch, essence=base.build(body=body))
    assert patch == {}


def test_the_essence_does_not_depend_on_the_status_or_our_writes_would_look_like_edits() -> None:
    base = GenerationDiffBase()
    bodies = [body_of({"metadata": {"generation": 3}, "status": status}) for status in ({}, {"phase": "Running"})]
    assert base.build(body=bodies[0]) == base.build(body=bodies[1])


def delays_of(settings: kopf.OperatorSettings) -> Iterator[float]:
    backoffs: Any = settings.networking.error_backoffs
    return iter(backoffs)


def test_the_settings() -> None:
    settings = operator_settings()
    assert settings.persistence.finalizer == FINALIZER
    assert settings.peering.standalone
    assert settings.scanning.disabled
    assert not settings.posting.enabled
    assert settings.queueing.worker_limit is None
    delays = list(itertools.islice(delays_of(settings), 20))
    assert delays[0] == 0.2
    assert delays == sorted(delays)
    assert delays[-1] == 30.0
    assert list(itertools.islice(delays_of(settings), 1)) == [0.2]
