"""The judge is built before the first test, and shows it; and zones are what the locked package says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from component.cron import robfig
from unit.domain import zones

import toolchain

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def judge(pytestconfig: pytest.Config) -> None:
    """robfig/cron, from the cache or built now."""
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        toolchain.ensure([robfig.TOOL])


@pytest.fixture(scope="module", autouse=True)
def locked_zones() -> Iterator[None]:
    """No zones but those of the package, for Python here and for the judge."""
    with zones.locked():
        yield
