"""What goes wrong at a point, where that makes sense, and what may be expected afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from e2e.sweep.ground import PREPARATION, SCHEDULE, SYNC
from e2e.sweep.instrument import HANG, KILL, LOSE, PAUSE, WRITES

if TYPE_CHECKING:
    from e2e.sweep.play import Run

REQUESTS = SYNC, PREPARATION
LAG = 10.0
"""Seconds by which watches are behind."""


def anywhere(_: str) -> bool:
    return True


def answered(point: str) -> bool:
    return point.endswith(".after")


def is_write(point: str) -> bool:
    """Is it about a write to the API server?"""
    return any(f":{one} " in point for one in WRITES)


def unwritten(point: str) -> bool:
    return is_write(point) and point.endswith(".before")


@dataclass(frozen=True, slots=True)
class Fault:
    """`action`: in the operator; `act`: on the stage, when the operator is there. `lenient`: an honest end will do."""

    name: str
    action: str
    where: Callable[[str], bool]
    act: Callable[[Run], None] | None = None
    lag: float = 0.0
    lenient: bool = False
    request_id: bool = False
    kinds: tuple[str, ...] = (*REQUESTS, SCHEDULE)


def restart(run: Run) -> None:
    """The killed process is started again, as the product is."""
    run.first.kill()
    run.spot.start()


def restart_behind(run: Run) -> None:
    """The same, and the new one's watches are behind as well."""
    run.first.kill()
    run.spot.start(lag=LAG)


def wiped_and_restarted(run: Run) -> None:
    """Its status is gone when it comes back; only the arrays remember."""
    run.first.kill()
    run.spot.wipe()
    run.spot.start()


def wiped(run: Run) -> None:
    """Its status is taken away while it is at work."""
    run.spot.wipe()
    run.first.go_on()


def replaced(run: Run) -> None:
    """Annotations and our finalizer are taken away while it is at work."""
    run.spot.replace(run.spec)
    run.first.go_on()


def created_again(run: Run) -> None:
    """The object is deleted, and one of the same name and another uid takes its place."""
    run.spot.delete()
    if not run.spot.gone(2):  # it may be its finalizer's removal that is held up here
        run.first.go_on()
        if not run.spot.gone(10):
            run.broken.append("the deleted object was still there after 10 s")
            return
    run.create()
    run.first.go_on()


def second(run: Run) -> None:
    """Another operator, not knowing of this one, does it all while this one stands still; then this one goes on."""
    run.spot.start()
    run.until_finished(_PATIENCE)
    run.first.go_on()
    run.spot.quiet(run.first)


def run_deleted(run: Run) -> None:
    """Somebody deletes the runs that a schedule has under way, while it is at work."""
    run.history.remove_runs()
    run.first.go_on()


def run_deleted_and_restarted(run: Run) -> None:
    """The same while nobody looks."""
    run.first.kill()
    run.history.remove_runs()
    run.spot.start()


_PATIENCE = 25.0

FAULTS = {
    one.name: one
    for one in (
        Fault("killed", KILL, anywhere, restart),
        Fault("killed-lagging", KILL, anywhere, restart_behind, lag=LAG),
        Fault("answer-lost", LOSE, answered),
        Fault("api-409", "409", unwritten),
        Fault("api-500", "500", is_write),
        Fault("api-hangs", HANG, is_write),
        Fault("replaced", PAUSE, anywhere, replaced),
        Fault("wiped", PAUSE, anywhere, wiped),
        Fault("killed-wiped", KILL, anywhere, wiped_and_restarted, lenient=True),
        Fault(
            "created-again", PAUSE, anywhere, created_again, lenient=True, request_id=True, kinds=(SYNC, PREPARATION)
        ),
        Fault("another-uid", PAUSE, anywhere, created_again, lenient=True),
        Fault("two-operators", PAUSE, anywhere, second, lenient=True),
        Fault("run-deleted", PAUSE, anywhere, run_deleted, lenient=True, kinds=(SCHEDULE,)),
        Fault("killed-run-deleted", KILL, anywhere, run_deleted_and_restarted, lenient=True, kinds=(SCHEDULE,)),
    )
}
