"""What requests that have ended cost the operator: its start, its memory, its processor time."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.applying import ended
from bench.figures import table
from bench.rest import syncs
from bench.stand import SLOW, Stand
from bench.usage import usage

from testbed import stage

_WRITERS = 8
_LOOK = 1.0
_CALM = 0.05
"""A processor's share below which the operator counts as calm, over one look."""
_LOOKS = 3
"""So many looks in a row."""
_AGO = timedelta(hours=1)
"""How long ago they ended: of an end of the last minutes a start tells people."""


@dataclass(frozen=True)
class Start:
    """One start among so many that have ended. Seconds, of the clock and of a processor, and bytes."""

    finished: int
    ready: float
    calm: float
    cpu: float
    rss: int

    def row(self, empty: Start) -> list[str]:
        """A line of a table; memory as that which is more than without any."""
        return [
            f"{self.finished:,}",
            f"{self.ready:.2f} s",
            f"{self.calm:.1f} s",
            f"{self.cpu:.2f} s",
            f"{self.rss / 2**20:.0f} MiB",
            f"{(self.rss - empty.rss) / 2**20:+.1f} MiB",
        ]


@dataclass(frozen=True)
class Finished:
    """`starts`: the first with none, then with more and more."""

    starts: tuple[Start, ...]

    def report(self) -> list[str]:
        """Lines for people."""
        head = ["finished requests", "to ready", "to calm", "CPU until calm", "RSS", "more than with none"]
        return [
            "A start among requests that have ended",
            table([head, *(one.row(self.starts[0]) for one in self.starts)]),
        ]

    def as_dict(self) -> dict[str, Any]:
        """For the report as JSON."""
        return {
            str(one.finished): {"ready": one.ready, "calm": one.calm, "cpu": one.cpu, "rss": one.rss}
            for one in self.starts
        }


def measure(stand: Stand, most: int) -> Finished:
    """Starts with none, with a tenth of `most`, and with `most`, all written as the operator writes them."""
    stand.connect_groups("single", [SLOW])
    template = _template(stand)
    starts, made = [start_among(stand, 0)], 0
    for count in (most // 10, most):
        stand.end_operator()
        write(stand, template, made, count)
        made = count
        starts.append(start_among(stand, count))
    return Finished(tuple(starts))


def start_among(stand: Stand, finished: int) -> Start:
    """Start an operator, and wait until it is calm."""
    stand.start_operator()
    begun, spent, calm = time.monotonic(), usage(stand.operator.pid).cpu, 0
    over, at = 0.0, usage(stand.operator.pid)
    while calm < _LOOKS:
        time.sleep(_LOOK)
        now = usage(stand.operator.pid)
        quiet = (now.cpu - spent) / _LOOK < _CALM
        calm, spent = (calm + 1 if quiet else 0), now.cpu
        if not quiet or calm == 1:
            over, at = time.monotonic() - begun, now
    return Start(finished, stand.operator.start_up, stand.operator.start_up + over - _LOOK, at.cpu, at.rss)


def write(stand: Stand, template: stage.Object, first: int, end: int) -> None:
    """Make objects like this one, number `first` to `end`, with its status."""

    def some(begin: int) -> None:
        with stand.api() as api:
            for number in range(begin, end, _WRITERS):
                name = f"old-{number:06}"
                api.create({**stage.sync(name, "load", SLOW), "spec": template["spec"]})
                path = f"{syncs('load')}/{name}/status"
                api.call("PATCH", path, {"status": template["status"]}, "application/merge-patch+json")

    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(some, range(first, first + _WRITERS)))


def _template(stand: Stand) -> stage.Object:
    """A sync that has ended, moved into the past."""
    with stand.api() as api:
        api.create(stage.sync("template", "single", SLOW))
        ended(stand, "single")
        found = api.sync("single", "template")
    return {"spec": found["spec"], "status": _mapped(copy.deepcopy(found["status"]), _earlier)}


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _mapped(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [_mapped(one, change) for one in value]
    return change(value) if isinstance(value, str) else value


def _earlier(text: str) -> str:
    try:
        return (datetime.fromisoformat(text) - _AGO).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return text
