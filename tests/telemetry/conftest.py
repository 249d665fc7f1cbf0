"""The judges are built before the first test, and show it; the operator is played on as in `e2e`."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e.conftest import control_plane, crds, rig, tools

import toolchain

__all__ = ["control_plane", "crds", "programs", "recorded", "rig", "tools"]


@pytest.fixture(scope="session", autouse=True)
def programs(pytestconfig: pytest.Config) -> dict[str, Path]:
    """The paths of these programs, from the cache or built now."""
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        return toolchain.ensure(["promtool", "prometheus", "kube-state-metrics"])


@pytest.fixture(scope="session")
def recorded() -> None:
    """Statuses are recorded by the suites that are about them."""
