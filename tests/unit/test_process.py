"""When an operator loads what speaks to the storage: as soon as nobody waits for it, and before the first endpoint."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from vvol_replication import process

OPERATOR = Path(__file__).parents[2] / "operator"
PROGRAM = """
import json, sys
from vvol_replication.wiring import StorageConnector, load_storage
load_storage()
loaded = set(sys.modules)
from vvol_replication.api.flasharray import FlashArraySpec
from vvol_replication.api.vcenter import VCenterSpec
connector = StorageConnector(lambda: True)
vcenter = VCenterSpec.parse({"address": "vc.example.com", "credentialsSecretRef": {"name": "s"}})
array = FlashArraySpec.parse({"address": "a.example.com", "apiTokenSecretRef": {"name": "s"}})
ports = [connector.vcenter(vcenter, username="u", password="p"), connector.array(array, api_token="t")]
assert [connector.measures(port).waiting for port in ports] == [0, 0]
print(json.dumps(sorted(set(sys.modules) - loaded)))
"""


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when it is loaded."""
    found = threading.Event()
    monkeypatch.setattr(process, "load_storage", found.set)
    return found


async def test_what_speaks_to_the_storage_is_loaded_when_the_operator_is_ready(loaded: threading.Event) -> None:
    ready = asyncio.Event()
    loading = asyncio.create_task(process.load_beside(ready))
    await asyncio.sleep(0)
    assert not loaded.is_set()
    ready.set()
    await loading
    assert loaded.is_set()


async def test_who_stands_by_or_waits_for_the_api_server_loads_it_meanwhile(
    loaded: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_SLOW_START", 0.0)
    await process.load_beside(asyncio.Event())
    assert loaded.is_set()


def test_then_the_first_endpoints_load_nothing_more() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(OPERATOR)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout) == []
