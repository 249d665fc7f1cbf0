"""A request of the demo, from kubectl apply until kubectl says that it is Finished, told line by line."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demo import screen
from demo.clusters import NAMESPACE, DemoError
from testbed.processes import Process
from vvol_replication.api.reasons import CATALOGUE, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from demo.scene import Stage

PATIENCE = 180.0
# Not a tab: kubectl turns those into blanks.
SEPARATOR = "|"
WATCHED = SEPARATOR.join(
    [
        '{.status.conditions[?(@.type=="Ready")].reason}',
        "{.status.transfer.percent}",
        '{.status.conditions[?(@.type=="Finished")].status}',
        '{.status.conditions[?(@.type=="Ready")].message}',
    ]
)


@dataclass(frozen=True)
class Request:
    """What is asked for: an object in `objects/<file>`, the reason that it has to end with, and what a reason means.

    `plural`, `short`: the kind, as kubectl takes it. `on`: what happens on the stage when it is told that reason; it
    gets the message.
    """

    plural: str
    short: str
    name: str
    file: str
    end: Reason
    glosses: Mapping[Reason, str]
    on: Mapping[Reason, Callable[[str], None]] = field(default_factory=dict)


def follow(on: Stage, request: Request, shown: str, remark: str) -> None:
    """Apply it, and print a line per change until it has ended and kubectl wait has returned; DemoError if it fails."""
    kubectl = on.cluster.kubectl.in_namespace(NAMESPACE)
    screen.command(f"{f'kubectl apply -f {request.file}':<34}  # {remark}")
    screen.block(shown, 5)
    watch_it = ("get", request.plural, "--watch", f"--field-selector=metadata.name={request.name}")
    finished = f"--for=condition=Finished --timeout={PATIENCE:g}s"  # any end, so that a failure is not waited out
    wait_for = ("wait", *finished.split(), f"{request.plural}/{request.name}")
    with contextlib.ExitStack() as running:
        watching = kubectl.command(*watch_it, f"--output=jsonpath={WATCHED}{{'\\n'}}")
        watch = Process(f"watch-{request.short}", watching, on.directory)
        running.callback(watch.end)
        started = time.monotonic()
        kubectl("apply", "-f", str(on.objects(request.file)))
        screen.command(f"kubectl wait {finished} {request.short}/{request.name} -n {NAMESPACE}")
        screen.command(f"kubectl vvol wait {request.short}/{request.name} -n {NAMESPACE}    # the same, with progress")
        wait = Process(f"wait-{request.short}", kubectl.command(*wait_for), on.directory)
        running.callback(wait.end)
        _until_ended(on, request, watch, wait, started)


def _until_ended(on: Stage, request: Request, watch: Process, wait: Process, started: float) -> None:
    changes = _changes(watch)
    ended = False

    def look() -> bool:
        nonlocal ended
        for reason, percent, finished, message in changes():
            share = f"{percent:>3} %" if percent else ""
            meaning = _meaning(reason, request.glosses)
            screen.block(f"{time.monotonic() - started:4.1f} s  {reason:<21}  {share:<5}  {meaning}", 5)
            if finished and reason != request.end:
                raise DemoError(f"{request.name} did not end as expected: {message}")
            act = next((act for told, act in request.on.items() if told == reason), None)
            if act is not None:
                act(message)
            ended = ended or bool(finished)
        return ended and wait.exit_status is not None

    on.wait_until(look, f"the end of {request.name}", PATIENCE)
    if wait.exit_status:
        raise DemoError(f"kubectl wait ended with {wait.exit_status}: {wait.last_lines()}")


def _changes(watch: Process) -> Callable[[], Iterator[tuple[str, str, str, str]]]:
    """A function that returns what is new in the watch's output: (reason, percent, finished, message)."""
    seen = 0
    last: tuple[str, str, str] | None = None

    def new() -> Iterator[tuple[str, str, str, str]]:
        nonlocal seen, last
        text = watch.log.read_text("utf-8")
        lines = text[: text.rfind("\n") + 1].splitlines()
        for line in lines[seen:]:
            seen += 1
            reason, percent, finished, message = [*line.split(SEPARATOR, 3), "", "", ""][:4]
            if reason and (reason, percent, finished) != last:
                last = (reason, percent, finished)
                yield reason, percent, finished, message

    return new


def _meaning(reason: str, glosses: Mapping[Reason, str]) -> str:
    """A few words on where the request stands."""
    try:
        known = Reason(reason)
        return glosses.get(known) or CATALOGUE[known].meaning
    except (ValueError, KeyError):
        return ""
