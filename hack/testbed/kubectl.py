"""The real kubectl, called from Python against one named cluster and no other.

A control plane of ours lets it ask directly: then an object is read, and one of a test's setting is made, without
starting a program.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from testbed.direct import Direct

Object = dict[str, Any]


class KubectlError(Exception):
    """Kubectl ended with an error; the message holds what was asked and what it said."""


@dataclasses.dataclass(frozen=True)
class Kubectl:
    """Calls ``program`` with ``kubeconfig``, in ``namespace`` if given.

    ``cache`` takes the place of the user's discovery cache, which goes by host and port and would be stale as soon as
    another control plane comes up on a port that was in use before. ``direct`` asks in its place, if given.
    """

    program: Path
    kubeconfig: Path
    cache: Path
    namespace: str | None = None
    direct: Direct | None = None

    def in_namespace(self, namespace: str) -> Kubectl:
        """Return the same, for another namespace."""
        return dataclasses.replace(self, namespace=namespace)

    def command(self, *arguments: str) -> list[str]:
        """Return the whole command line, for a caller that starts it by itself (a watch)."""
        where = [] if self.namespace is None else ["--namespace", self.namespace]
        return [str(self.program), f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.cache}", *where, *arguments]

    def environment(self) -> dict[str, str]:
        """Return the environment to call it in: ours, without the user's cluster and preferences."""
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "KUBERC": "off"}

    def __call__(
        self, *arguments: str, stdin: str | None = None, check: bool = True, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run ``kubectl <arguments>``; with ``check``, a status other than 0 raises KubectlError."""
        done = subprocess.run(
            self.command(*arguments),
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            env=self.environment(),
        )
        if check and done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise KubectlError(f"kubectl {shlex.join(arguments)} ended with {done.returncode}: {said}")
        return done

    def apply(self, *documents: Mapping[str, Any] | str, options: tuple[str, ...] = (), check: bool = True) -> str:
        """Apply objects (mappings) and YAML or JSON texts in one call; return what kubectl said, errors included."""
        # every JSON document is a YAML document
        texts = [one if isinstance(one, str) else json.dumps(one) for one in documents]
        done = self("apply", *options, "-f", "-", stdin="\n---\n".join(texts), check=check)
        return done.stdout + done.stderr

    def get(self, *arguments: str) -> Object:
        """Return ``kubectl get <arguments>`` as decoded JSON: an object, or a List if no name was given."""
        if len(arguments) <= 2 and (seen := self._read(*arguments)) is not None:  # noqa: PLR2004 - kind and name
            return seen
        found: Object = json.loads(self("get", *arguments, "--output=json").stdout)
        return found

    def find(self, kind: str, name: str) -> Object | None:
        """Return the object, or None if there is none."""
        if self.direct is not None and self.direct.path(kind, self.namespace, name) is not None:
            return self._read(kind, name)
        said = self("get", kind, name, "--ignore-not-found", "--output=json").stdout
        found: Object | None = json.loads(said) if said.strip() else None
        return found

    def _read(self, kind: str, *name: str) -> Object | None:
        """What is there; None: nothing, or it is not known here where."""
        path = None if self.direct is None else self.direct.path(kind, self.namespace, *name)
        return None if self.direct is None or path is None else self.direct.read(path)

    def make_namespace(self, name: str) -> None:
        """Create a namespace that a test or a stage needs."""
        if self.direct is not None:
            self.direct.make_namespace(name)
        else:
            self("create", "namespace", name)

    def have(self, *objects: Object) -> None:
        """Apply objects that a test or a stage needs, where nobody looks at how, nor at what is said."""
        if self.direct is None:
            self.apply(*objects)
            return
        for one in objects:
            self.direct.apply(one, self.namespace)

    def have_not(self, *objects: tuple[str, str]) -> None:
        """Delete objects, each a kind and a name, that a test or a stage had, and wait until they are gone."""
        for kind, name in objects:
            path = None if self.direct is None else self.direct.path(kind, self.namespace, name)
            if self.direct is None or path is None:
                self("delete", kind, name, "--ignore-not-found")
            else:
                self.direct.delete(path)
                look = functools.partial(self.direct.read, path)
                eventually(look, what=f"{kind}/{name} to be gone", until=lambda seen: seen is None)

    def wait_until(
        self, kind: str, name: str, condition: Callable[[Object], object], *, what: str, timeout: float = 60
    ) -> Object:
        """Look at the object until ``condition`` of it is true and return it; else TimeoutError (waiting.eventually).

        If it is asked directly, each change is looked at, and what else ``condition`` asks every few seconds.
        """
        path = None if self.direct is None else self.direct.path(kind, self.namespace, name)
        watched = None if self.direct is None or path is None else self.direct.states(path)
        with contextlib.closing(watched) if watched else contextlib.nullcontext():
            seen = eventually(
                lambda: next(watched) if watched else self.find(kind, name),
                what=f"{kind}/{name}: {what}",
                until=lambda found: found is not None and condition(found),
                timeout=timeout,
                every=0 if watched else 0.2,
            )
        return seen or {}

    def wait_for_condition(self, kind: str, name: str, condition: str, *, timeout: float = 60) -> Object:
        """Let kubectl itself wait for ``condition`` (``Complete``, or ``Ready=False``) and return the object then."""
        self("wait", f"--for=condition={condition}", f"{kind}/{name}", f"--timeout={timeout:g}s", timeout=timeout + 30)
        return self.get(kind, name)
