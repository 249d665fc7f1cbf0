"""What became of a scenario, and the defects that are logged while it happens."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from dataclasses import dataclass, field

from walk.moves import Move


@dataclass
class Outcome:
    """What became of a scenario."""

    seed: int
    moves: tuple[Move, ...]
    broken: list[str]
    story: list[str]
    reasons: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    effects: int = 0
    kills: int = 0
    hand_overs: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    races: list[tuple[str, float]] = field(default_factory=list)
    windows: list[float] = field(default_factory=list)


class Defects(logging.Handler):
    """Steps that failed in a way that is a defect."""

    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        why = "".join(traceback.format_exception(*record.exc_info)[-2:]) if record.exc_info else ""
        self._found.append(f"a defect: {record.getMessage()} {why}")
