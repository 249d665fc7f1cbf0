"""A simulator that is told to end before it serves ends at once, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import vvol_simulator

READING = """
import os, signal
from vvol_simulator import __main__, topology
topology.default_topology = lambda: os.kill(os.getpid(), signal.SIGTERM)
__main__.main([])
"""
MAKING_A_CERTIFICATE = """
import os, shutil, signal
from vvol_simulator import __main__
real = shutil.rmtree
def rmtree(*given, **named):
    shutil.rmtree = real
    os.kill(os.getpid(), signal.SIGTERM)
    real(*given, **named)
shutil.rmtree = rmtree
__main__.main([])
"""
STARTING = """
import asyncio, os, signal
from vvol_simulator import __main__
async def start(self):
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.Event().wait()
__main__.Simulator.start = start
__main__.main([])
"""


WHILE = {"reading": READING, "making a certificate": MAKING_A_CERTIFICATE, "starting": STARTING}


@pytest.mark.parametrize("told_while", WHILE.values(), ids=WHILE)
def test_a_simulator_that_is_ended_while_it_starts_takes_its_folder_away(told_while: str, tmp_path: Path) -> None:
    operator = Path(vvol_simulator.__file__).parents[1]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(operator)}
    ended = subprocess.run([sys.executable, "-c", told_while], env=environment, check=False, timeout=60)
    assert ended.returncode == 0
    assert list(tmp_path.iterdir()) == []
