"""Reads a Containerfile: the few instructions that ours needs, strictly. Anything else is an error, not skipped."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field

KNOWN = frozenset({"ARG", "FROM", "WORKDIR", "ENV", "COPY", "RUN", "LABEL", "USER", "ENTRYPOINT"})
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class ContainerfileError(Exception):
    """The file has something that is not understood here; the message has the line."""


@dataclass(frozen=True)
class Copy:
    """COPY: `stage` is where from, empty for the build context."""

    sources: tuple[str, ...]
    target: str
    stage: str = ""


@dataclass(frozen=True)
class Run:
    """RUN, as the shell gets it."""

    command: str


@dataclass(frozen=True)
class Workdir:
    """WORKDIR."""

    path: str


@dataclass
class BuildStage:
    """What one FROM begins. Variables are in the order in which they were set; `steps` are what is done."""

    name: str
    base: str
    environment: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    steps: list[Copy | Run | Workdir] = field(default_factory=list)
    user: str = ""
    entrypoint: tuple[str, ...] = ()


def instructions(text: str) -> list[tuple[int, str, str]]:
    """(line, instruction, rest) of each; comments are left out, continued lines joined."""
    found: list[tuple[int, str, str]] = []
    held, begun = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or (not held and not line.strip()):
            continue
        begun = begun if held else number
        held += line
        if held.endswith("\\"):
            held = held[:-1]
            continue
        word, _, rest = held.strip().partition(" ")
        found.append((begun, word, rest.strip()))
        held = ""
    if held:
        raise ContainerfileError(f"line {begun}: the last instruction is continued and never ends")
    return found


def parse(text: str) -> list[BuildStage]:
    """The stages, with all variables filled in. Raises ContainerfileError."""
    stages: list[BuildStage] = []
    common: dict[str, str] = {}
    for line, word, rest in instructions(text):
        try:
            _take(word, rest, stages, common)
        except (ValueError, KeyError, IndexError) as error:
            raise ContainerfileError(f"line {line}: {word} {rest}: {error}") from error
    if not stages or not stages[-1].entrypoint:
        raise ContainerfileError("there is no last stage with an ENTRYPOINT")
    return stages


def _take(word: str, rest: str, stages: list[BuildStage], common: dict[str, str]) -> None:
    if word not in KNOWN:
        raise ValueError(f"this instruction is not known here: {', '.join(sorted(KNOWN))} are")
    if word == "ARG":
        name, _, default = rest.partition("=")
        (stages[-1].arguments if stages else common)[name] = default or common.get(name, "")
        return
    if word == "FROM":
        stages.append(_stage(rest, common))
        return
    stage = stages[-1]
    if word == "RUN":
        stage.steps.append(Run(rest))  # its variables are the shell's
        return
    _set(stage, word, _filled(rest, stage.arguments | stage.environment), {one.name for one in stages})


def _set(stage: BuildStage, word: str, rest: str, stages: set[str]) -> None:
    if word == "WORKDIR":
        stage.steps.append(Workdir(rest))
    elif word == "ENV":
        stage.environment |= _pairs(rest)
    elif word == "LABEL":
        stage.labels |= _pairs(rest)
    elif word == "USER":
        stage.user = rest
    elif word == "ENTRYPOINT":
        stage.entrypoint = tuple(json.loads(rest))
    else:
        stage.steps.append(_copy(shlex.split(rest), stages))


def _stage(rest: str, common: dict[str, str]) -> BuildStage:
    base, *named = rest.split()
    if named and (named[0] != "AS" or len(named) != 2):
        raise ValueError("FROM is followed by an image and AS <name>")
    return BuildStage(named[1] if named else "", _filled(base, common))


def _copy(words: list[str], stages: set[str]) -> Copy:
    origin = ""
    if words[0].startswith("--"):
        option, _, origin = words.pop(0).partition("=")
        if option != "--from" or origin not in stages:
            raise ValueError(f"of COPY's options only --from=<a stage> is known here, and {origin!r} is no stage")
    *sources, target = words
    if len(sources) > 1 and not target.endswith("/"):
        raise ValueError("several sources need a directory: end it with /")
    return Copy(tuple(sources), target, origin)


def _pairs(rest: str) -> dict[str, str]:
    pairs = [one.partition("=") for one in shlex.split(rest)]
    if not all(separator for _, separator, _ in pairs):
        raise ValueError("write each as NAME=value")
    return {name: value for name, _, value in pairs}


def _filled(text: str, known: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda found: known[found[1] or found[2]], text)
