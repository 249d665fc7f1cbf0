"""What an operator loads at its start, and what only with the first array that needs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

OPERATOR = Path(__file__).parents[2] / "operator"
PROGRAM = """
import json, sys
import vvol_replication.__main__
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(OPERATOR)},
        check=True,
        capture_output=True,
        text=True,
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "name", ["purestorage", "setuptools", "distutils", "vvol_simulator", "cryptography", "opentelemetry"]
)
def test_what_few_need_is_not_loaded_at_the_start(loaded: set[str], name: str) -> None:
    assert name not in loaded


@pytest.mark.parametrize("name", ["kopf", "kubernetes", "pyVmomi", "aiohttp"])
def test_the_list_is_of_what_was_loaded(loaded: set[str], name: str) -> None:
    assert name in loaded
