"""Zones are the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from unit.domain import zones

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True)
def locked_zones() -> Iterator[None]:
    """No zones but those of the package."""
    with zones.locked():
        yield
