"""Fixtures: a certificate authority for the run, simulated arrays for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from component.flasharray.rig import Authority, Rig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def rig(authority: Authority) -> AsyncIterator[Rig]:
    made = Rig(authority)
    await made.start()
    yield made
    await made.close()
