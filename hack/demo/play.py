"""Plays the demo in a directory, and leaves nothing behind, however it ends: done, failed, or told to stop."""

from __future__ import annotations

import contextlib
import operator
import os
import shutil
import sys
import tempfile
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import toolchain
from demo import clusters, failover, interrupt, planned, scene, screen, story
from demo.clusters import Cluster, DemoError
from demo.interrupt import Interrupted
from testbed.processes import is_running
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.scene import Stage

TRANSFER_SECONDS = 2.0
BROKEN_PIPE_STATUS = 141
MARK = ".vvol-demo"
"""A file in a directory that is the demo's own, and may be emptied by it."""


def run(given: Path | None) -> int:
    """Play in a directory of its own, which stays only if something fails; return the exit status."""
    directory = Path(tempfile.mkdtemp(prefix="vvol-demo-"))

    def body(running: contextlib.ExitStack) -> None:
        play(directory, given, running, lambda _: None)
        story.what_next()

    return guarded(directory, body)


def play(directory: Path, given: Path | None, running: contextlib.ExitStack, made: Callable[[Cluster], None]) -> Stage:
    """Set up and show everything. `running` ends and removes it; `made` is told the cluster before it is changed."""
    tools = toolchain.ensure()
    screen.title("From kubectl apply to a point in time that is really there, and to a planned failover prepared.")
    screen.title("Kubernetes, kubectl and the operator are real; vCenters and FlashArrays are simulated.")
    screen.section(1, "Start")
    simulator = scene.start_simulator(directory, running, TRANSFER_SECONDS)
    if given is None:
        cluster, _ = running.enter_context(clusters.own(directory, tools))
        screen.fact("Kubernetes", f"kube-apiserver {toolchain.pinned_version('k8s.io/kubernetes')} on {cluster.server}")
    else:
        cluster = clusters.given(given, directory, tools["kubectl"])
        screen.fact("Kubernetes", f"{cluster.server}, context {cluster.context} of {given}")
        cluster.check()
        screen.fact("is made there", "namespaces vvol-demo, vvol-demo-system; VCenters austin, dallas; FlashArrays")
        screen.fact("", "flasharray-a, flasharray-b; the CRDs if it has none. At the end they are removed.")
        made(cluster)
        running.callback(_leave, cluster)
    stage = story.set_up(cluster, simulator, directory, running)
    if cluster.given:
        running.callback(_tidy, cluster)
    else:
        made(cluster)
    screen.section(2, "Once, by the platform admin: connect the sites, bind a namespace to a replication group")
    story.connect(stage)
    screen.section(3, "Ask for a point in time")
    story.ask(stage)
    screen.section(4, "The points in time as vCenter dallas lists them (asked by this program, with pyVmomi)")
    story.prove(stage)
    screen.section(5, "What happened: the calls that changed something, as the storage received them")
    story.explain(stage)
    screen.section(6, "By itself: a schedule, and a recovery point objective that is watched")
    planned.by_itself(stage)
    screen.section(7, "Prepare a planned failover")
    prepared = failover.prepare(stage)
    screen.section(8, "Afterwards: the group shows the id of the last point in time, and accepts no sync")
    failover.afterwards(stage, prepared)
    return stage


def guarded(directory: Path, body: Callable[[contextlib.ExitStack], None]) -> int:
    """Run `body`, end what it registered, say what went wrong, and return the exit status.

    `directory` is removed, unless something failed: then its logs stay.
    """
    running = contextlib.ExitStack()
    clean = True
    try:
        try:
            body(running)
        except BrokenPipeError:  # nobody reads us any more
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise
        finally:
            interrupt.deaf()
            clean = _closed(running)
            _nothing_left(directory)
    except Interrupted as asked:
        status, message = asked.exit_status, None
        print(f"\nEnded on {asked}; no process and no file is left.", file=sys.stderr)
    except BrokenPipeError:
        status, message = BROKEN_PIPE_STATUS, None
    except DemoError as error:
        status, message = 1, str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, a person gets a sentence, and the log has the rest
        (directory / "demo.log").write_text(traceback.format_exc(), "utf-8")
        status, message = 1, str(error) or type(error).__name__
    else:
        status, message = 0, None
    if message is None and clean:
        shutil.rmtree(directory, ignore_errors=True)
        return status
    _keep_logs(directory)
    if message is not None:
        print(f"\nThe demo had to stop. {message}", file=sys.stderr)
    logs = ", ".join(sorted(path.name for path in directory.glob("*.log")))
    print(f"Nothing is left running. Logs are in {directory}: {logs or 'none yet'}", file=sys.stderr)
    return status or 1


def _closed(running: contextlib.ExitStack) -> bool:
    """End everything; False, and a message, if something could not be removed."""
    try:
        running.close()
    except DemoError as left:
        print(f"\n{left}", file=sys.stderr, flush=True)
        return False
    return True


def _leave(cluster: Cluster) -> None:
    _complain(cluster, cluster.leave())
    print(f"\nRemoved from {cluster.server} what the demo had made there.", flush=True)


def _tidy(cluster: Cluster) -> None:
    _complain(cluster, cluster.tidy())


def _complain(cluster: Cluster, trouble: list[str]) -> None:
    if trouble:
        raise DemoError(f"Not everything was removed from {cluster.server}: {'; '.join(trouble)}")


def _nothing_left(directory: Path) -> None:
    """Wait for programs that an exception cut off from their exit stack: they end by themselves when we let go."""
    for file in directory.glob("*.pid"):
        with contextlib.suppress(OSError, ValueError):
            pid = int(file.read_text())
            eventually(partial(is_running, pid), until=operator.not_, what=f"{file.stem} to end", timeout=30)


def _keep_logs(directory: Path) -> None:
    """Remove all but logs: keys, passwords and data are of no use any more."""
    for path in directory.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix != ".log" and path.name != MARK:
            path.unlink(missing_ok=True)
