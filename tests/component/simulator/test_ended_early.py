"""A simulator that is told to end before it serves leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import vvol_simulator

TOLD_WHILE_IT_READS = """
import os, signal
from vvol_simulator import __main__, topology
topology.default_topology = lambda: os.kill(os.getpid(), signal.SIGTERM)
__main__.main([])
"""


def test_a_simulator_that_is_ended_while_it_starts_takes_its_folder_away(tmp_path: Path) -> None:
    operator = Path(vvol_simulator.__file__).parents[1]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(operator)}
    ended = subprocess.run([sys.executable, "-c", TOLD_WHILE_IT_READS], env=environment, check=False, timeout=60)
    assert ended.returncode == 0
    assert list(tmp_path.iterdir()) == []
