"""kopf's rim: what is registered, what goes to the engine, and that kopf itself writes nothing."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import kopf
import pytest

from vvol_replication.api.names import FINALIZER, KINDS, Kind
from vvol_replication.handlers.kinds import registry_for
from vvol_replication.handlers.settings import operator_settings

BODY = {"metadata": {"name": "one", "uid": "u1", "generation": 3}, "status": {"observedGeneration": -1}}


class Recorder:
    """In the engine's place."""

    def __init__(self) -> None:
        self.observed: list[tuple[Kind, Any, bool]] = []

    def observe(self, kind: Kind, body: Mapping[str, Any], *, deleted: bool = False) -> None:
        self.observed.append((kind, body, deleted))


def registry_of(engine: Recorder) -> kopf.OperatorRegistry:
    return registry_for(engine)  # type: ignore[arg-type]  # a stand-in


@pytest.mark.parametrize("event", ["ADDED", "MODIFIED", None, "DELETED"])
def test_every_kind_is_shown_to_the_engine_as_the_watch_has_it(event: str | None) -> None:
    engine, deleted = Recorder(), event == "DELETED"
    handlers: list[Any] = list(registry_of(engine)._watching._handlers)  # noqa: SLF001 - kopf has no other way
    for handler in handlers:
        assert asyncio.run(handler.fn(event={"type": event, "object": BODY}, body=kopf.Body({}))) is None
    assert {kind for kind, _, _ in engine.observed} == set(KINDS)
    assert len(engine.observed) == len(KINDS)
    assert all(body is BODY and gone is deleted for _, body, gone in engine.observed)


def test_kopf_has_nothing_to_write_for() -> None:
    registry = registry_of(Recorder())
    assert list(registry._changing._handlers) == []  # noqa: SLF001 - as above
    assert list(registry._spawning._handlers) == []  # noqa: SLF001 - as above
    settings = operator_settings()
    assert settings.persistence.finalizer != FINALIZER, "kopf takes off the finalizer that it has no handler for"
    storage = settings.persistence.diffbase_storage
    patch = kopf.Patch()
    storage.store(body=kopf.Body(BODY), patch=patch, essence=storage.build(body=kopf.Body(BODY)))  # type: ignore[arg-type]
    assert storage.fetch(body=kopf.Body({})) is storage.build(body=kopf.Body(BODY)) is None  # type: ignore[arg-type]
    assert patch == {}


def delays_of(settings: kopf.OperatorSettings) -> Iterator[float]:
    backoffs: Any = settings.networking.error_backoffs
    return iter(backoffs)


def test_the_settings() -> None:
    settings = operator_settings()
    assert settings.peering.standalone
    assert settings.scanning.disabled
    assert not settings.posting.enabled
    assert settings.queueing.worker_limit is None
    delays = list(itertools.islice(delays_of(settings), 20))
    assert delays[0] == 0.2
    assert delays == sorted(delays)
    assert delays[-1] == 30.0
    assert list(itertools.islice(delays_of(settings), 1)) == [0.2]
