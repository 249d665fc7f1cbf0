"""The first question of `status GROUP` is asked while the rest of the program is still loading.

kubectl needs about as long for an answer as Python needs for the libraries of a command line. One after the other,
`kubectl vvol status` would take three times as long as `kubectl get`. So the program starts kubectl first, and loads
then. Only reading is begun, and an answer is used only by a question of exactly the same words.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GROUP = "replication.vvol.dev"
VALUES = (
    *("kubeconfig", "context", "cluster", "user", "namespace", "as", "as-group", "as-uid", "server", "token"),
    *("request-timeout", "cache-dir", "certificate-authority", "client-certificate", "client-key", "tls-server-name"),
)
"""Flags of kubectl with a value that every command takes and hands on."""
SWITCHES = ("insecure-skip-tls-verify",)
"""Those without a value."""
SHORT = {"-n": "namespace", "-s": "server"}
QUICK = {"GOGC": "off", "GOMEMLIMIT": "256MiB"}
"""For a kubectl that answers once: it collects no garbage before it has 256 MiB. That saves a fifth of its time."""

Started = subprocess.Popen[str]
_started: dict[tuple[str, ...], Started] = {}


def kubectl(flags: Mapping[str, Sequence[str]], *words: str) -> tuple[str, ...]:
    """The command line of a question. `flags` are kubectl's, each with its values; a switch has an empty one."""
    given = [
        f"--{name}={value}" if value else f"--{name}" for name in (*VALUES, *SWITCHES) for value in flags.get(name, ())
    ]
    return ("kubectl", *words, *given)


def resource(plural: str) -> str:
    """A kind as kubectl finds it, also where others have one of the same name."""
    return f"{plural}.v1alpha1.{GROUP}"


def overview(flags: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The question of `status GROUP`: the groups and requests of one namespace."""
    kinds = ("replicationgroups", "replicationsyncs", "failoverpreparations")
    return kubectl(flags, "get", ",".join(map(resource, kinds)), "--output=json")


def begin(words: Sequence[str]) -> None:
    """Start kubectl, if these words of a command line are `status GROUP`, with flags of kubectl only."""
    flags = _flags_of_status(words)
    if flags is not None:
        command = overview(flags)
        try:
            _started[command] = start(command)
        except OSError:
            return  # asked again, and told then


def take(command: Sequence[str]) -> Started | None:
    """The process that was started for exactly this question, once."""
    return _started.pop(tuple(command), None)


def end() -> None:
    """End what nobody took."""
    while _started:
        _, process = _started.popitem()
        process.kill()
        process.communicate()


def start(command: Sequence[str]) -> Started:
    """Start a kubectl that answers once, and is given no input. Raises OSError if there is none."""
    return subprocess.Popen(  # noqa: S603 - no shell, and kubectl is the caller's own
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **QUICK},
    )


def _flags_of_status(words: Sequence[str]) -> dict[str, list[str]] | None:
    if not words or words[0] != "status":
        return None
    flags: dict[str, list[str]] = {}
    names, rest = 0, list(words[1:])
    while rest:
        word = rest.pop(0)
        name, _, value = word.partition("=")
        name = SHORT.get(name, name.removeprefix("--") if name.startswith("--") else name)
        if name in VALUES and (value or rest):
            flags.setdefault(name, []).append(value or rest.pop(0))
        elif name in SWITCHES and not value:
            flags[name] = [""]
        elif word.startswith("-"):
            return None
        else:
            names += 1
    return flags if names == 1 else None
