"""Every status that reaches the API server in memory is recorded, and held against the contract at the end.

Of the suites only `engine` reaches decisions, of which coverage is asked: it does not watch the others.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from component.engine import apiserver
from health import recording

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent


def pytest_configure() -> None:
    """Forget what an earlier run recorded."""
    recording.forget("component")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take coverage off what is beside `engine`."""
    for one in items:
        elsewhere = HERE in one.path.parents and HERE / "engine" not in one.path.parents
        if elsewhere and "VVOL_COVERAGE" not in os.environ:
            one.add_marker("no_cover")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many statuses that were."""
    recording.summarize(terminalreporter)


@pytest.fixture(scope="session", autouse=True)
def recorded() -> Iterator[recording.Recording]:
    """The recording of this run; a status that breaks the contract fails it."""
    made = recording.Recording("component")
    apiserver.SAVED = made.add
    yield made
    apiserver.SAVED = None
    recording.close(made)
