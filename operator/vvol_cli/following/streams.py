"""Objects as they change: kubectl's watch, begun again as often as it ends."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from vvol_cli import headstart
from vvol_cli.cluster import trouble_of
from vvol_cli.outcome import Outcome, Stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vvol_cli.cluster import Cluster
    from vvol_cli.reading import Object

_BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Changed:
    """An object as it is now; `deleted`: as it was when it was deleted."""

    obj: Object
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The API server cannot be watched at the moment; it is tried again."""

    message: str


News = Changed | Interrupted | Stop


class Streams:
    """Watches of some kinds and namespaces, all read in one place. Ended when its block is left."""

    def __init__(
        self,
        cluster: Cluster,
        wanted: Iterable[tuple[str, str | None, frozenset[str]]],
        *,
        everywhere: bool = False,
    ) -> None:
        """`wanted`: plural, namespace (None: that of the flags), and the names to be watched there (none: all).

        With `everywhere`, in all namespaces.
        """
        self.news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._cluster = cluster
        self._where = ["--all-namespaces"] if everywhere else []
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[str]] = set()
        self._threads = [threading.Thread(target=self._run, args=one, daemon=True) for one in wanted]

    def __enter__(self) -> Self:
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        with self._lock:
            for process in self._processes:
                process.kill()
        for one in self._threads:
            one.join()

    def next(self, timeout: float) -> News | None:
        """The next news; None: there was none in that many seconds."""
        try:
            return self.news.get(timeout=max(timeout, 0))
        except queue.Empty:
            return None

    def _run(self, plural: str, namespace: str | None, names: frozenset[str]) -> None:
        failures = 0
        while not self._closing.is_set():
            said = self._once(plural, namespace, names)
            if said is None:
                failures = 0
                continue
            if self._closing.is_set():
                return
            trouble = trouble_of(said)
            if "Forbidden" in said or "Unauthorized" in said or trouble.outcome is Outcome.USAGE:
                self.news.put(trouble)
                return
            self.news.put(Interrupted(trouble.message))
            self._closing.wait(_BACKOFF[min(failures, len(_BACKOFF) - 1)])
            failures += 1

    def _once(self, plural: str, namespace: str | None, names: frozenset[str]) -> str | None:
        """One watch from begin to end; None: it ended in order, or what it complained of."""
        one_name = [f"--field-selector=metadata.name={next(iter(names))}"] if len(names) == 1 else []
        words = ("get", headstart.resource(plural), "--watch", "--output-watch-events", "--output=json")
        process = subprocess.Popen(  # noqa: S603 - no shell, and kubectl is the caller's own
            self._cluster.command(*words, *self._where, *one_name, namespace=namespace),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ),
        )  # fmt: skip
        with self._lock:
            self._processes.add(process)
            if self._closing.is_set():
                process.kill()
        assert process.stdout is not None  # noqa: S101 - asked for above
        assert process.stderr is not None  # noqa: S101 - as above
        complaints: list[str] = []
        stderr = process.stderr
        reader = threading.Thread(target=lambda: complaints.append(stderr.read()), daemon=True)
        reader.start()
        for event in events(process.stdout):
            obj = event["object"]
            name = obj.get("metadata", {}).get("name", "")
            if event["type"] in {"ADDED", "MODIFIED", "DELETED"} and (name in names or not names):
                self.news.put(Changed(obj, deleted=event["type"] == "DELETED"))
        code = process.wait()
        reader.join()
        process.stdout.close()
        stderr.close()
        with self._lock:
            self._processes.discard(process)
        return "".join(complaints) if code else None


def events(lines: Iterable[str]) -> Iterator[Object]:
    """The events of a watch, from kubectl's lines: one event a line or, indented, up to a brace in the first column."""
    held: list[str] = []
    for line in lines:
        held.append(line)
        if line.startswith("}") or (len(held) == 1 and line.rstrip().endswith("}")):
            with contextlib.suppress(ValueError):
                event = json.loads("".join(held))
                if isinstance(event.get("object"), dict) and "type" in event:
                    yield event
            held.clear()
