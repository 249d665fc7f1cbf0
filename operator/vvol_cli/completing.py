"""The answers of `kubectl_complete-vvol`: what may follow the words of a command line."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from click.shell_completion import ShellComplete

from vvol_cli.app import cli
from vvol_cli.cluster import Cluster
from vvol_cli.outcome import Stop
from vvol_cli.reading import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NO_FILES = ":4"
"""kubectl's mark for "complete nothing else"."""
_OF_GROUPS = {"sync", "prepare", "call-off", "status", "points", "history"}
_OF_OBJECTS = {
    "wait": ("sync", "prep"),
    "cancel": ("sync", "prep"),
    "suspend": ("group", "sync", "prep", "schedule"),
    "resume": ("group", "sync", "prep", "schedule"),
    "explain": ("group", "sync", "prep", "schedule", "vcenter", "array"),
    "report": ("group", "sync", "prep"),
}
_PLURALS = {
    "sync": "replicationsyncs", "prep": "failoverpreparations", "group": "replicationgroups",
    "schedule": "replicationschedules", "vcenter": "vcenters", "array": "flasharrays",
}  # fmt: skip


def answers(words: Sequence[str]) -> Iterator[str]:
    """The lines that kubectl wants for the words so far, of which the last may be unfinished or empty."""
    *before, last = words or [""]
    found = ShellComplete(cli, {}, "kubectl-vvol", "").get_completions(list(before), last)
    for one in found:
        if one.type == "plain":
            yield f"{one.value}\t{one.help}" if one.help else str(one.value)
    if not last.startswith("-"):
        with contextlib.suppress(Stop):
            yield from _names(list(before), last)
    yield _NO_FILES


def _names(before: list[str], last: str) -> Iterator[str]:
    """Names of objects that may stand here."""
    command = next((one for one in before if not one.startswith("-")), "")
    if command in _OF_GROUPS:
        yield from _of(before, "replicationgroups", "", last)
    elif before[:2] == ["schedule", "run-now"]:
        yield from _of(before, "replicationschedules", "", last)
    elif kinds := _OF_OBJECTS.get(command):
        kind, slash, _ = last.partition("/")
        if slash and kind in kinds:
            yield from _of(before, _PLURALS[kind], f"{kind}/", last)
        elif not slash:
            yield from (f"{one}/" for one in kinds if one.startswith(last))


def _of(before: list[str], plural: str, prefix: str, last: str) -> Iterator[str]:
    flags: dict[str, list[str]] = {}
    for one, value in zip(before, [*before[1:], ""], strict=True):
        if one in {"-n", "--namespace", "--context", "--kubeconfig"} and value:
            flags[{"-n": "namespace"}.get(one, one.removeprefix("--"))] = [value]
    for found in Cluster(flags).all_of(plural)[0]:
        if (name := f"{prefix}{name_of(found)}").startswith(last):
            yield name
