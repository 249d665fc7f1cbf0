"""What an operator loads at its start, and what only with the first array or login that needs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

OPERATOR = Path(__file__).parents[2] / "operator"
PROGRAM = """
import gc, json, sys
from vvol_replication.__main__ import main
main(["--check", "--operator-namespace=vvol", *sys.argv[1:]])
print(json.dumps([gc.isenabled(), gc.get_freeze_count(), *sorted(name for name in sys.modules if "." not in name)]))
"""


def started(*arguments: str) -> tuple[bool, int, set[str]]:
    """Does an operator that has read its login look for garbage, among how many objects not, and what has it loaded?"""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**os.environ, "PYTHONPATH": str(OPERATOR)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert "Cannot run" not in done.stderr
    enabled, frozen, *loaded = json.loads(done.stdout.splitlines()[-1])
    return enabled, frozen, set(loaded)


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> tuple[bool, int, set[str]]:
    kubeconfig = tmp_path_factory.mktemp("login") / "kubeconfig"
    content = {
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1", "insecure-skip-tls-verify": True}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    kubeconfig.write_text(yaml.safe_dump(content))
    return started("--kubeconfig", str(kubeconfig))


@pytest.fixture
def loaded(operator: tuple[bool, int, set[str]]) -> set[str]:
    return operator[2]


def test_garbage_is_looked_for_again_but_not_in_what_was_loaded(operator: tuple[bool, int, set[str]]) -> None:
    enabled, frozen, _ = operator
    assert enabled
    assert frozen > 10_000


@pytest.mark.parametrize(
    "name",
    [
        "pyVmomi",
        "requests",
        "purestorage",
        "setuptools",
        "distutils",
        "vvol_simulator",
        "cryptography",
        "opentelemetry",
    ],
)
def test_what_few_need_is_not_loaded_at_the_start(loaded: set[str], name: str) -> None:
    assert name not in loaded


@pytest.mark.parametrize("name", ["kubernetes", "pydantic", "oauthlib", "websocket", "dateutil"])
def test_the_library_of_login_programs_is_loaded_neither_by_us_nor_by_kopf(loaded: set[str], name: str) -> None:
    assert name not in loaded


@pytest.mark.parametrize("name", ["kopf", "aiohttp", "prometheus_client", "yaml"])
def test_the_list_is_of_what_was_loaded(loaded: set[str], name: str) -> None:
    assert name in loaded
