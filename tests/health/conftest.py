"""The judges are built before the first test, and show it."""

from __future__ import annotations

import pytest
from health import judges

import toolchain


@pytest.fixture(scope="session", autouse=True)
def programs(pytestconfig: pytest.Config) -> None:
    """Argo CD's and Flux's judges, from the cache or built now."""
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        toolchain.ensure(judges.TOOLS)
