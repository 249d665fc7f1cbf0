"""robfig/cron itself, which kube-controller-manager uses, asked about many schedules in one call."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import toolchain

if TYPE_CHECKING:
    from collections.abc import Sequence

TOOL = "cron-judge"
ZONES = Path(str(files("tzdata"))) / "zoneinfo"
"""What both sides read about time zones: Go by ZONEINFO, Python by an empty search path (`conftest.py`)."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Question:
    """Which `runs` follow `after` by that schedule in that zone; with none, only whether it is accepted."""

    schedule: str
    zone: str
    after: datetime
    runs: int


@dataclass(frozen=True)
class Answer:
    """The runs; or why there can be none."""

    runs: list[datetime]
    refused: str | None


def ask(questions: Sequence[Question]) -> list[Answer]:
    """What robfig/cron says to each."""
    lines = "".join(
        json.dumps({"schedule": one.schedule, "zone": one.zone, "after": micros(one.after), "runs": one.runs}) + "\n"
        for one in questions
    )
    program = toolchain.ensure([TOOL])[TOOL]
    done = subprocess.run(
        [program],
        input=lines,
        env=os.environ | {"ZONEINFO": str(ZONES)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions)
    return [
        Answer([_EPOCH + timedelta(seconds=run) for run in one["runs"] or ()], one.get("refused")) for one in answers
    ]


def micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
