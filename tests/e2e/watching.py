"""Every status that an object ever had, as `kubectl get --watch` shows them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any, Self

from testbed.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from e2e.rig import Rig

Object = dict[str, Any]


class Watch:
    """A `kubectl get --watch` of one object, which need not exist yet; as a context manager it ends with the block."""

    def __init__(self, rig: Rig, kind: str, name: str, directory: Path) -> None:
        self._plane, self._what, kubectl = rig.plane, f"metadata.name%3D{name}", rig.kubectl
        self._path = directory / f"watch-{name}.json"
        command = kubectl.command(
            "get", kind, f"--field-selector=metadata.name={name}", "--watch", "--output-watch-events", "--output=json"
        )
        with self._path.open("wb") as out:
            self._process = subprocess.Popen(command, stdout=out, env=kubectl.environment())

    def __enter__(self) -> Self:
        """Wait until it watches: what was written before is not shown."""
        eventually(
            lambda: [one for one in self._plane.audit() if one["verb"] == "watch" and self._what in one["requestURI"]],
            what="the watch to begin",
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(30)

    def seen(self) -> list[Object]:
        """The object after each write so far, oldest first; its end, if it was deleted, is not among them."""
        text, found, at = self._path.read_text(), [], 0
        decoder = json.JSONDecoder()
        while at < len(text):
            try:
                event, at = decoder.raw_decode(text, at)
            except ValueError:  # the rest of it is not written yet
                break
            while at < len(text) and text[at].isspace():
                at += 1
            if event["type"] in {"ADDED", "MODIFIED"}:
                found.append(event["object"])
        return found

    def wait_version(self, version: str) -> list[Object]:
        """Wait until the watch has shown the object at that resourceVersion, and return all it has shown."""
        return eventually(
            self.seen,
            what=f"the watch to show version {version}",
            until=lambda seen: any(one["metadata"]["resourceVersion"] == version for one in seen),
        )
