"""The demo in the background: one keeper process holds all others, and a lock on its directory for as long as it lives.

The kernel frees the lock when the keeper ends, however that happens; `down` signals only a process that is the keeper
by its pid, start time and command, while the lock is held.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import toolchain
from demo import clusters, play, screen, story
from demo.clusters import Cluster
from demo.interrupt import Interrupted
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = Path(__file__).resolve().parent
STATE = "state.json"
LOG = "demo.log"
MARK = play.MARK
END_TIMEOUT = 180.0

State = dict[str, Any]


def up(root: Path) -> int:
    """Start a keeper, show what it prints until all is ready, and leave it alone; return the exit status."""
    toolchain.ensure()
    held = _lock(root)
    if held is None:
        return _already(root)
    try:
        _recover(root)
    finally:
        os.close(held)
    command = [sys.executable, str(PROGRAM), "keep", "--directory", str(root)]
    keeper = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        _relay(keeper)
    except Interrupted as asked:
        keeper.send_signal(signal.SIGTERM)
        _relay(keeper)
        keeper.wait()
        return asked.exit_status
    state = _state(root)
    if state is None or not state.get("ready"):
        return keeper.wait() or 1
    keeper.returncode = 0  # it goes on without us
    return 0


def down(root: Path) -> int:
    """End the keeper and all it started, or what a keeper that was killed left in a given cluster."""
    if not root.exists():
        print("No demo is running.")
        return 0
    held = _lock(root)
    if held is not None:
        try:
            found = _recover(root)
            shutil.rmtree(root, ignore_errors=True)
        finally:
            os.close(held)
        print("The rest of a demo that was killed is removed." if found else "No demo is running.")
        return 0
    state = _state(root)
    if state is None:
        print(f"A demo is just starting or ending (it holds {root}): try again in a moment.", file=sys.stderr)
        return 1
    if identity(state["pid"]) != state["identity"]:
        print(f"Process {state['pid']} is not the demo that wrote {root / STATE}: nothing is ended.", file=sys.stderr)
        return 1
    os.kill(state["pid"], signal.SIGTERM)
    eventually(lambda: identity(state["pid"]) != state["identity"], what="the demo to end", timeout=END_TIMEOUT)
    if (root / LOG).exists():
        print(f"The demo has ended. Its log ({root / LOG}) says:\n{(root / LOG).read_text('utf-8').strip()}")
        return 1
    print("The demo has ended. No process and no file is left.")
    return 0


def keep(root: Path, given: Path | None) -> int:
    """Play, tell how to go on, and hold everything until a signal comes."""
    held = _lock(root)
    if held is None:
        return _already(root)
    state: State = {"pid": os.getpid(), "identity": identity(os.getpid()), "ready": False}
    _write(root, state)

    def remember(cluster: Cluster) -> None:
        kubeconfig = str(cluster.kubectl.kubeconfig)
        state.update(kubeconfig=kubeconfig, run=cluster.run, server=cluster.server, context=cluster.context)
        _write(root, state)

    def body(running: contextlib.ExitStack) -> None:
        stage = play.play(root, given, running, remember)
        state.update(ready=True, control=stage.simulator.control_url, tools=str(stage.cluster.kubectl.program.parent))
        story.how_to_play(state)
        _write(root, state)
        _let_go(root)
        with contextlib.suppress(Interrupted):
            while True:
                signal.pause()

    return play.guarded(root, body)


def identity(pid: int) -> str | None:
    """What tells a process from a later one under its pid: start time and command; None if there is none."""
    asked = ["ps", "-o", "stat=", "-o", "lstart=", "-o", "command=", "-p", str(pid)]
    said = subprocess.run(asked, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}).stdout
    state, _, rest = said.strip().partition(" ")
    if not rest or state.startswith("Z"):
        return None
    with contextlib.suppress(OSError, IndexError):  # Linux: the start in clock ticks, which no clock change moves
        ticks = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[19]
        return f"{ticks} {' '.join(rest.split()[5:])}"
    return rest


def _relay(keeper: subprocess.Popen[bytes]) -> None:
    """Print what the keeper prints, until it lets go of us or ends."""
    if keeper.stdout is not None:
        for line in keeper.stdout:
            sys.stdout.write(line.decode(errors="replace"))
            sys.stdout.flush()


def _let_go(root: Path) -> None:
    """Print into a log from now on; whoever started us reads the end of our output."""
    sys.stdout.flush()
    with (root / LOG).open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)


def _already(root: Path) -> int:
    state = _state(root)
    if state is None or not state.get("ready"):
        print(f"A demo is just starting or ending (it holds {root}): try again in a moment.", file=sys.stderr)
        return 1
    screen.title(f"The demo is running already (process {state['pid']}).")
    story.how_to_play(state)
    return 0


def _lock(root: Path) -> int | None:
    """Make and lock the directory; None if another process holds it. The lock ends with the descriptor."""
    while True:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(root.iterdir()):
            (root / MARK).touch()
        if not (root / MARK).exists():
            raise SystemExit(f"{root} was not made by the demo. The demo empties its directory, so name another one.")
        descriptor = os.open(root, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        with contextlib.suppress(OSError):  # removed between making and locking it
            if os.path.samestat(os.fstat(descriptor), root.stat()):
                return descriptor
        os.close(descriptor)


def _recover(root: Path) -> bool:
    """Remove what a keeper that was killed left: its objects in a given cluster, and its files. Was there one?"""
    state = _state(root)
    if state is not None and state.get("context") is not None:
        program = toolchain.ensure()["kubectl"]
        where: Mapping[str, str] = {key: state[key] for key in ("run", "server", "context")}
        cluster = clusters.attach(Path(state["kubeconfig"]), root, program, **where)
        for trouble in [*cluster.tidy(), *cluster.leave()]:
            print(f"Could not remove everything from {cluster.server}: {trouble}", file=sys.stderr)
    for path in root.iterdir():
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return state is not None


def _state(root: Path) -> State | None:
    try:
        found: State = json.loads((root / STATE).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _write(root: Path, state: State) -> None:
    fresh = root / f"{STATE}.new"
    fresh.write_text(json.dumps(state, indent=2), "utf-8")
    fresh.replace(root / STATE)
