"""Fixtures: a certificate authority for the run, simulated arrays for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from component.flasharray.rig import REST1, REST2, Authority, Rig, Words

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=[REST1, REST2], ids=lambda words: words.restVersion)
def words(request: pytest.FixtureRequest) -> Words:
    """The REST family that is spoken; a test of one of them only says so by `only`."""
    assert isinstance(request.param, Words)
    return request.param


@pytest.fixture
async def rig(authority: Authority, words: Words) -> AsyncIterator[Rig]:
    made = Rig(authority, words)
    await made.start()
    yield made
    await made.close()
