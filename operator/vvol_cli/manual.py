"""The page of the commands, from the commands themselves: docs/cli.md (`make docs`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .app import cli
from .headstart import SWITCHES, VALUES
from .options import Command
from .outcome import MEANINGS
from .screen import API_VERSION, FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands() -> Iterator[tuple[str, Command]]:
    """Every command, with the words that call it: `schedule run-now`."""
    yield from _below("", cli)


def _below(path: str, group: click.Group) -> Iterator[tuple[str, Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        words, found = f"{path} {name}".strip(), group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from _below(words, found)
        elif isinstance(found, Command):
            yield words, found


def exit_codes() -> Iterator[str]:
    """The table of exit codes."""
    yield from ("| code | meaning | what to do |", "|---|---|---|")
    for outcome, (meaning, advice) in MEANINGS.items():
        yield f"| {int(outcome)} | {meaning} | {advice} |"


def chapters() -> Iterator[str]:
    """A chapter for each command, in Markdown."""
    for words, command in commands():
        yield from (f"## {words}", "")
        for paragraph in (command.help or "").split("\n\n"):
            yield from (" ".join(paragraph.split()), "")
        yield from (
            "<!-- not run: needs a group of yours; tests/e2e runs each of these -->",
            "```",
        )
        yield from command.examples
        yield from ("```", "")
        rows = list(_options(command))
        if rows:
            yield from ("| option | meaning |", "|---|---|", *rows, "")


def _options(command: click.Command) -> Iterator[str]:
    for one in command.params:
        if not isinstance(one, click.Option) or one.hidden or (one.name or "").startswith("kubectl_"):
            continue
        names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
        kinds = [f"`{choice}`" for choice in one.type.choices] if isinstance(one.type, click.Choice) else []
        meaning = (one.help or "") + (f": {', '.join(kinds)}" if kinds else "")
        shown = one.show_default and one.default not in (None, "", False, True)
        yield f"| {names} | {meaning}{f'; default: {one.default}' if shown else ''} |"


def flags() -> str:
    """The flags of kubectl that every command takes, as a list."""
    return ", ".join(f"`--{name}`" for name in (*VALUES, *SWITCHES))


def formats() -> tuple[str, str]:
    """The output formats, and the version of JSON and YAML."""
    return ", ".join(f"`{one}`" for one in FORMATS), API_VERSION
