"""An operator that is to send traces, and lacks what it needs for that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

OPERATOR = Path(__file__).parents[3] / "operator"
PROGRAM = """
import sys
sys.modules["opentelemetry"] = None  # as if it were not installed
from vvol_replication.__main__ import main
sys.exit(main(["--operator-namespace=prod", "--tracing"]))
"""


def test_without_the_extra_it_ends_and_says_what_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(OPERATOR)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith(
        "Cannot run: --tracing is given, and OpenTelemetry is not installed. "
        "Install vvol-replication[tracing], or leave --tracing out."
    )
