"""What a process uses, from /proc: memory, threads, sockets, processor time."""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_STATE = 2  # fields of /proc/<pid>/stat are counted from the one after the name


@dataclass(frozen=True, slots=True)
class Usage:
    """At one moment. `cpu` is in seconds since the start, `rss` in bytes."""

    threads: int
    sockets: int
    rss: int
    cpu: float

    def as_dict(self) -> dict[str, float]:
        """For the report."""
        return asdict(self)


def usage(pid: int) -> Usage:
    """Of one process. OSError where there is none of that id."""
    place = Path("/proc", str(pid))
    fields = place.joinpath("stat").read_text().rpartition(")")[2].split()
    return Usage(
        threads=len(list(place.joinpath("task").iterdir())),
        sockets=_sockets(place / "fd"),
        rss=int(place.joinpath("statm").read_text().split()[1]) * _PAGE,
        cpu=(int(fields[13 - _STATE]) + int(fields[14 - _STATE])) / _TICKS,
    )


def _sockets(place: Path) -> int:
    found = 0
    for one in place.iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            found += str(one.readlink()).startswith("socket:")
    return found


class Watch:
    """Looks at a process again and again while it is entered; keeps the peaks."""

    def __init__(self, pid: int, every: float = 1.0) -> None:
        self._pid, self._every = pid, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.peak = usage(pid)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # the process is gone
            while not self._over.wait(self._every):
                now, peak = usage(self._pid), self.peak
                self.peak = Usage(
                    threads=max(now.threads, peak.threads),
                    sockets=max(now.sockets, peak.sockets),
                    rss=max(now.rss, peak.rss),
                    cpu=now.cpu,
                )
