"""A simulator for each test that asks for one, and the vendor's REST 1 client towards its arrays."""

from collections.abc import Iterator

import pytest
from component.simulator.rest_client import Connect, connector

from testbed import simulated
from vvol_simulator.client import Simulator


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with simulated.serving() as running:
        yield running


@pytest.fixture
def connect(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Clients that no proxy of the environment stands in the way of."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return connector(sim)
