"""The judge is built before the first test, and shows it; the API server is that of `e2e`."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e.conftest import control_plane, tools

import toolchain
from olm import judge

__all__ = ["control_plane", "programs", "recorded", "tools"]


@pytest.fixture(scope="session", autouse=True)
def programs(pytestconfig: pytest.Config) -> dict[str, Path]:
    """The judge's path, from the cache or built now."""
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        return toolchain.ensure([judge.TOOL])


@pytest.fixture(scope="session")
def recorded() -> None:
    """No status is written here."""
