"""What all suites share: how hypothesis searches, and which tests coverage does not watch.

A run of a commit is repeatable: its examples follow from the tests alone. `--hypothesis-profile=search` looks elsewhere
each time. Nothing is judged by the clock, for the machine may be busy.
"""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

settings.register_profile("repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")

WHOLE = "VVOL_COVERAGE"
"""Set by `make coverage`: watch everything."""


def pytest_configure() -> None:
    """Take SIGINT again: what a shell starts in the background ignores it, and so would the programs of our tests."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take coverage off tests with drawn examples: a line that only luck reaches is not covered."""
    if WHOLE in os.environ:
        return
    for one in items:
        if is_hypothesis_test(getattr(one, "obj", None)):
            one.add_marker("no_cover")
