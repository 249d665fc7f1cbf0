"""Nobody leads unwatched: however the watch or the elector ends, the process does."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from vvol_replication.cluster.election import Candidate, Record, Stored, Timing
from vvol_replication.cluster.leadership import Leadership
from vvol_replication.cluster.lease import Elector
from vvol_replication.replica import LEADERSHIP_LOST

OPERATOR = Path(__file__).parents[3] / "operator"


class Ended:
    """What is called in place of the process's end."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.happened = threading.Event()

    def __call__(self, why: str) -> None:
        self.told.append(why)
        self.happened.set()


@pytest.fixture
def ended() -> Ended:
    return Ended()


def broken_in(thread: str) -> Callable[[], float]:
    """A clock that works in all threads but one."""

    def clock() -> float:
        if threading.current_thread().name == thread:
            raise OSError("no clock")
        return 100.0

    return clock


def join(leadership: Leadership) -> None:
    """Wait until its thread has ended."""
    watcher = leadership._watcher  # noqa: SLF001 - nobody else has it
    assert watcher is not None
    watcher.join(10)
    assert not watcher.is_alive()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_watch_that_fails_is_leadership_lost(ended: Ended) -> None:
    leadership = Leadership(ended, clock=broken_in("leadership"))
    leadership.extend(110.0)
    assert ended.happened.wait(10)
    join(leadership)
    assert not leadership.leading()
    leadership.extend(120.0)
    assert not leadership.leading()
    assert ended.told == ["watching the Lease failed: OSError"]


def test_where_no_thread_can_be_started_nobody_leads(ended: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    leadership = Leadership(ended, clock=lambda: 100.0)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    leadership.extend(110.0)
    assert not leadership.leading()
    assert ended.told == ["nothing in this process watches the Lease any more"]


def test_a_watch_that_is_gone_is_noticed_at_the_next_renewal(ended: Ended) -> None:
    leadership = Leadership(ended, clock=lambda: 100.0)
    leadership._watcher = threading.Thread()  # noqa: SLF001 - one that does not run
    leadership.extend(110.0)
    assert not leadership.leading()
    assert len(ended.told) == 1


def test_a_leadership_that_was_closed_in_order_ends_nothing(ended: Ended) -> None:
    leadership = Leadership(ended, clock=lambda: 100.0)
    leadership.extend(110.0)
    assert leadership.close()
    join(leadership)
    leadership.extend(120.0)
    assert ended.told == []


async def test_an_elector_that_fails_while_it_leads_is_leadership_lost(ended: Ended) -> None:
    class Store:
        """Takes one write, and breaks in a way that nobody knows."""

        namespace, name, writes = "vvol", "one", 0

        async def read(self) -> Stored | None:
            return None

        async def write(self, record: Record, _: str | None) -> Stored:
            self.writes += 1
            if self.writes > 1:
                raise ArithmeticError
            return Stored(record, "1")

    timing = Timing(duration=5, renew_deadline=4, retry=0.01)
    elector = Elector(Store(), Candidate("me", timing), Leadership(ended))  # type: ignore[arg-type]
    with pytest.raises(ArithmeticError):
        await elector.run()
    assert elector.leads.is_set()
    assert ended.told == ["the elector failed: ArithmeticError"]


PROGRAM = """
import threading, time
from vvol_replication.cluster.leadership import Leadership, monotonic
from vvol_replication.replica import end_process

def clock():
    if threading.current_thread().name == "leadership":
        raise OSError("no clock")
    return monotonic()

if {starved}:
    threading.Thread.start = lambda self: (_ for _ in ()).throw(RuntimeError("can't start new thread"))
Leadership(end_process, clock=clock).extend(monotonic() + 3600)
time.sleep(60)
"""


@pytest.mark.parametrize("starved", [False, True])
def test_the_process_ends_with_the_code_of_leadership_lost(*, starved: bool) -> None:
    program = PROGRAM.format(starved=starved)
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(OPERATOR)},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert ran.returncode == LEADERSHIP_LOST, ran.stderr
