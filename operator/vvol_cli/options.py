"""What many commands take: kubectl's flags, the format of the output, the time to wait; and the form of a command."""

from __future__ import annotations

import functools
import re
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from . import headstart
from .cluster import Cluster
from .outcome import Outcome, Stop
from .screen import FORMATS
from .views.words import PLURALS, SHORT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .following.follow import Display

_SHOWN = {
    "namespace": "the namespace; default: that of the context",
    "context": "the context of the kubeconfig",
    "kubeconfig": "the kubeconfig file",
    "as": "the user to act as",
}
"""The flags of kubectl that the help names. The others are taken too: they are listed in docs/cli.md."""
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


class Command(click.Command):
    """A command whose help ends with examples, which the tests run."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **more: Any) -> None:
        super().__init__(*args, **more)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """The examples."""
        with formatter.section("Examples"):
            for one in self.examples:
                formatter.write_text(one)


class Duration(click.ParamType[timedelta]):
    """A duration like 90s, 15m or 1h30m."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it; a wrong one is wrong usage."""
        found = _DURATION.fullmatch(str(value))
        if not value or found is None:
            self.fail(f"{value!r} is not a duration: write it like 90s, 15m or 1h30m", param, ctx)
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def connected(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command kubectl's flags, and `cluster`, which asks with them."""

    @functools.wraps(function)
    def wrapped(**arguments: Any) -> Any:
        flags: dict[str, list[str]] = {}
        for name in headstart.VALUES:
            if given := arguments.pop(_variable(name)):
                flags[name] = list(given)
        for name in headstart.SWITCHES:
            if arguments.pop(_variable(name)):
                flags[name] = [""]
        return function(cluster=Cluster(flags), **arguments)

    short = {name: one for one, name in headstart.SHORT.items()}
    for name in reversed(headstart.SWITCHES):
        wrapped = click.option(f"--{name}", _variable(name), is_flag=True, hidden=True)(wrapped)
    for name in reversed(headstart.VALUES):
        words = [f"--{name}", *([short[name]] if name in short else []), _variable(name)]
        wrapped = click.option(
            *words, multiple=True, metavar="TEXT", hidden=name not in _SHOWN, help=_SHOWN.get(name, "as for kubectl")
        )(wrapped)
    return wrapped


def _variable(name: str) -> str:
    return "kubectl_" + name.replace("-", "_")


def everywhere(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `-A`."""
    return click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="in all namespaces")(function)


def formatted(*formats: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command `-o`, with these formats or all; the first is the default."""
    allowed = formats or FORMATS
    return click.option(
        "-o", "--output", "form", type=click.Choice(allowed), default=allowed[0], show_default=True,
        help="the format of the output",
    )  # fmt: skip


def waiting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--timeout`."""
    return click.option(
        "--timeout", type=Duration(), default="2h", show_default=True,
        help="how long to wait here; then the exit code is 4, and the request goes on",
    )(function)  # fmt: skip


def display(form: str) -> Display:
    """What shows progress: bars on a terminal, else lines; always on standard error."""
    if sys.stderr.isatty() and form in {"table", "wide"}:
        from .following.bars import Bars  # noqa: PLC0415 - 100 ms, for terminals only

        return Bars()
    from .following.plain import Lines  # noqa: PLC0415 - only who follows waits for it

    return Lines(quiet=form == "name")


def one_object(word: str, *kinds: str, default: str | None = None) -> tuple[str, str]:
    """Kind and name of `sync/NAME`; without a kind, `default`. Raises `Stop`, if that is none of `kinds`."""
    given, slash, name = word.rpartition("/")
    names = {
        key.lower(): kind for kind in kinds for key in (kind, PLURALS[kind], SHORT[kind], *_SHORT_NAMES.get(kind, ()))
    }
    found = names.get(given.partition(".")[0].lower()) if slash else default
    if found is None or not name:
        allowed = ", ".join(f"{SHORT[kind]}/NAME" for kind in kinds)
        raise Stop(Outcome.USAGE, f"{word!r} is not the name of an object here: write one of {allowed}.")
    return found, name


_SHORT_NAMES = {
    "ReplicationSync": ("repsync",),
    "FailoverPreparation": ("failprep", "preparation"),
    "ReplicationGroup": ("repgroup",),
    "ReplicationSchedule": ("repsched",),
    "VCenter": ("vc",),
    "FlashArray": ("fa",),
}
"""What the API server takes too, and what people write."""
