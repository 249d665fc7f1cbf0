"""Every status that the decisions tell is recorded, and held against the contract at the end."""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from health import recording

from vvol_replication.api.names import API_VERSION
from vvol_replication.reconcile.core import acceptance, context
from vvol_replication.reconcile.core import summarize as summarizing
from vvol_replication.reconcile.schedule import show as showing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KINDS = {"SyncStatus": "ReplicationSync", "PreparationStatus": "FailoverPreparation"}


def pytest_configure() -> None:
    """Forget what an earlier run recorded, unless this one is the rest of it."""
    if "VVOL_HEALTH_RECORDED" not in os.environ:
        recording.forget("unit")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many statuses that were."""
    recording.summarize(terminalreporter)


@pytest.fixture(scope="session", autouse=True)
def recorded() -> Iterator[recording.Recording]:
    """The recording of this run; a status that breaks the contract fails it.

    The one function that makes conditions of a verdict is wrapped wherever it was imported; the search tests call it a
    hundred thousand times, so a shape is looked up before anything is written out.
    """
    made, known = recording.Recording("unit"), set[object]()
    original = summarizing.summarize

    @functools.wraps(original)
    def tell(request: Any, *arguments: Any, **changes: Any) -> Any:
        told = original(request, *arguments, **changes)
        said = tuple((one.type, one.status, one.reason, one.observed_generation) for one in told.conditions)
        key = (type(told), told.phase, request.generation, told.observed_generation, told.finished_at is None, said)
        if key not in known:
            known.add(key)
            made.add(as_object(request, told))
        return told

    replaced = everywhere(original, tell)
    assert {acceptance, context} <= {module for module, _ in replaced}, "all that is told passes through these two"
    replaced_too = [*of_schedules(made)]
    yield made
    for module, name in replaced:
        setattr(module, name, original)
    for module, name, before in replaced_too:
        setattr(module, name, before)
    recording.close(made)


def of_schedules(made: recording.Recording) -> Iterator[tuple[Any, str, Callable[..., Any]]]:
    """Record what is made of schedules, too: where which function was replaced. Tests call these two themselves."""
    shows, shows_invalid = showing.show, showing.show_invalid

    @functools.wraps(shows)
    def show(schedule: Any, *arguments: Any) -> Any:
        told = shows(schedule, *arguments)
        made.add(schedule_object(schedule.generation, told))
        return told

    @functools.wraps(shows_invalid)
    def show_invalid(status: Any, generation: int, *arguments: Any) -> Any:
        told = shows_invalid(status, generation, *arguments)
        made.add(schedule_object(generation, told))
        return told

    for before, replacement in ((shows, show), (shows_invalid, show_invalid)):
        for module, name in everywhere(before, replacement, ("vvol_replication", "tests.unit.", "unit.")):
            yield module, name, before


def schedule_object(generation: int, status: Any) -> dict[str, Any]:
    """A schedule with that status, as the API server would have it."""
    return {
        "apiVersion": API_VERSION,
        "kind": "ReplicationSchedule",
        "metadata": {"namespace": "erp", "name": "nightly", "generation": generation},
        "spec": {},
        "status": status.to_json(),
    }


def as_object(request: Any, status: Any) -> dict[str, Any]:
    """The object as the API server would have it."""
    return {
        "apiVersion": API_VERSION,
        "kind": KINDS[type(status).__name__],
        "metadata": {"namespace": request.namespace, "name": request.name, "generation": request.generation},
        "spec": {},
        "status": status.to_json(),
    }


def everywhere(
    original: Callable[..., Any], replacement: Callable[..., Any], modules: tuple[str, ...] = ("vvol_replication",)
) -> list[tuple[Any, str]]:
    """Put `replacement` wherever a loaded module whose name begins so holds `original`; where that was."""
    places = [
        (module, name)
        for title, module in list(sys.modules.items())
        if title.startswith(modules)
        for name, value in list(vars(module).items())
        if value is original
    ]
    for module, name in places:
        setattr(module, name, replacement)
    return places
