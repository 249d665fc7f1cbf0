"""Every status that reaches the API server in memory is recorded, and held against the contract at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from component.engine import apiserver
from health import recording

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure() -> None:
    """Forget what an earlier run recorded."""
    recording.forget("component")


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
