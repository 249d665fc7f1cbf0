"""`python -m vvol_simulator`: vCenters and FlashArrays on ports of 127.0.0.1, until told to end."""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import stat
import sys
import tempfile
from asyncio import CancelledError
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from . import topology
from .control.api import ControlApi
from .model import WorldError
from .server import Endpoint, Simulator

_ENDING = (signal.SIGTERM, signal.SIGINT)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM, SIGINT, or (if asked) the end of stdin."""
    options = _options(arguments)
    # An exception out of a signal handler would break off whatever cleans up just then. So signals wait until the
    # loop takes them, and again while the folder is taken away.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        with tempfile.TemporaryDirectory(prefix="vvol-simulator-") as scratch, contextlib.suppress(CancelledError):
            asyncio.run(_run(options, options.directory or Path(scratch)))
    except WorldError as problem:
        print(f"vvol_simulator: {problem}", file=sys.stderr)  # noqa: T201 - a program for a terminal
        return 2
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m vvol_simulator", description=__doc__)
    parser.add_argument("--topology", type=Path, help="YAML file; without it two vCenters and two arrays")
    parser.add_argument("--directory", type=Path, help="where simulator.json and ca.pem are written")
    parser.add_argument(
        "--control-port", type=int, default=0, help="port of the control interface; default: a free one"
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="end at the end of stdin")
    return parser.parse_args(arguments)


async def _run(options: argparse.Namespace, directory: Path) -> None:
    """Serve until it is cancelled, by a signal or the end of stdin; from the beginning on."""
    with _ended_by_signals() as end:
        described = topology.default_topology() if options.topology is None else topology.load(options.topology)
        simulator = Simulator(topology.build(described))
        control = Endpoint("control", ControlApi(simulator).handle, None, options.control_port)
        if options.until_stdin_closes:
            await _watch_stdin(end)
        try:
            await simulator.start()
            await control.start()
            ready = _announce(simulator, control, directory)
            print(json.dumps({"ready": ready}), flush=True)  # noqa: T201 - the parent waits for this line
            await asyncio.get_running_loop().create_future()
        finally:
            await control.stop()
            await simulator.stop()


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[Callable[[], object]]:
    """Cancel this task at SIGTERM and SIGINT, which were blocked until now; what cancels it."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    if task is None:
        raise RuntimeError("there is no task to be ended")
    for number in _ENDING:
        loop.add_signal_handler(number, task.cancel)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    try:
        yield task.cancel
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)


def _announce(simulator: Simulator, control: Endpoint, directory: Path) -> dict[str, Any]:
    """Write `simulator.json` (which holds passwords: only for its owner) and `ca.pem`."""
    directory.mkdir(parents=True, exist_ok=True)
    authority, described = directory / "ca.pem", directory / "simulator.json"
    authority.write_text(simulator.authority.pem(), "utf-8")
    ready = {
        "controlUrl": f"http://{control.address}",
        "caFile": str(authority.resolve()),
        **simulator.directory(),
    }
    described.touch(mode=0o600)
    described.write_text(json.dumps(ready, indent=2) + "\n", "utf-8")
    return ready


class _EndOfInput(asyncio.Protocol):
    def __init__(self, end: Callable[[], object]) -> None:
        self._end = end

    def connection_lost(self, exc: Exception | None) -> None:
        """The other end is gone, orderly or not."""
        del exc
        self._end()


async def _watch_stdin(end: Callable[[], object]) -> None:
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or sys.stdin.isatty()):
        raise WorldError("--until-stdin-closes needs a pipe, socket or terminal as stdin.")
    await asyncio.get_running_loop().connect_read_pipe(lambda: _EndOfInput(end), sys.stdin.buffer)


if __name__ == "__main__":
    sys.exit(main())
