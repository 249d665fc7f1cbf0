"""Plays a page: its blocks in their order, on the stages that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml
from pages.compare import difference
from pages.markdown import CONSOLE, Block, StageMark, read
from pages.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from testbed.controlplane import ControlPlane

_FAILURE = re.compile(r"^(?:error\b|Error\b|The \w+ \".*\" is invalid)", re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """One command of a block, and the output that stands below it."""

    text: str
    shown: str = ""


class PageWrongError(AssertionError):
    """A page shows what is not so; the message has the place, the command and what was printed."""


def is_played(block: Block) -> bool:
    """Is something to be done for it?"""
    return not block.not_run and bool(block.file or block.is_yaml or block.is_commands)


def commands(block: Block) -> Iterator[Command]:
    """A console's commands one by one, each with its output; any other block as one."""
    if block.language != CONSOLE:
        yield Command(block.text)
        return
    text, shown = "", ""
    for line in block.text.splitlines():
        if line.startswith("$ "):
            if text:
                yield Command(text, shown)
            text, shown = line[2:], ""
        elif text.endswith("\\") or line.startswith("> "):
            text += "\n" + line.removeprefix("> ")
        else:
            shown += f"{line}\n"
    if not text:
        raise PageWrongError(f"{block.place}: a console without a command: begin it with `$ `")
    yield Command(text, shown)


def play(page: str, directory: Path, tools: Mapping[str, Path], shared: ControlPlane) -> int:
    """Play a page; how many blocks were. Raises PageWrongError where it shows what is not so.

    A page that names no stage has objects only; they are judged by `shared`, an API server with the CRDs.
    """
    steps, played = read(page), 0
    if not any(isinstance(one, StageMark) for one in steps):
        for block in (one for one in steps if isinstance(one, Block) and is_played(one)):
            if not block.is_yaml:
                raise PageWrongError(f"{block.place}: name the stage that this is played on: <!-- stage: ... -->")
            judge_yaml(block, shared)
            played += 1
        return played
    with Stage(directory, tools) as stage:
        for one in steps:
            if isinstance(one, StageMark):
                stage.reach(one.name)
            elif is_played(one):
                _do(one, stage)
                played += 1
    return played


def _do(block: Block, stage: Stage) -> None:
    if block.file:
        place = stage.work / block.file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(stage.with_addresses(block.text), "utf-8")
    if block.is_yaml:
        judge_yaml(block, stage.plane)
        return
    if not block.is_commands:
        return
    for command in commands(block):
        if re.search(r"\bhelm ", command.text):
            stage.have_program("helm")
        status, printed = stage.run(command.text)
        if status != 0 and not _FAILURE.search(command.shown):
            raise PageWrongError(f"{block.place}: this ended with {status}\n{command.text}\n{printed}")
        if wrong := difference(command.shown, printed):
            raise PageWrongError(f"{block.place}: {wrong}\n{command.text}\nprinted was\n{printed}")


def judge_yaml(block: Block, plane: ControlPlane) -> None:
    """Objects of Kubernetes are applied without effect by the real API server; a file may also be other YAML."""
    documents = [one for one in yaml.safe_load_all(block.text) if one is not None]
    objects = [one for one in documents if isinstance(one, dict) and "apiVersion" in one and "kind" in one]
    if len(objects) != len(documents) or not documents:
        if block.file:
            return
        raise PageWrongError(f"{block.place}: no whole object: write apiVersion and kind, or mark it")
    for one in sorted({one.get("metadata", {}).get("namespace", "default") for one in objects}):
        if plane.client.find("namespace", one) is None:
            plane.kubectl("create", "namespace", one)
    done = plane.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", stdin=block.text, check=False)
    if done.returncode != 0:
        raise PageWrongError(f"{block.place}: {done.stderr}")
