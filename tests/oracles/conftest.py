"""Programs that nobody here wrote, as judges of the simulator's arrays. They are installed by `make oracles`."""

import pytest

import oracles


@pytest.fixture(scope="session")
def judges() -> oracles.Oracles:
    """The installed judges; without them every test here fails and says what to do."""
    try:
        return oracles.find()
    except oracles.OraclesError as problem:
        pytest.fail(str(problem))
