"""The fenced blocks of a page, and what the page says of them in comments.

Comments that people who read the page do not see, each alone on its line:

    <!-- stage: NAME -->       from here on the page plays on that stage (pages.stages); without one: `cluster`
    <!-- not run: REASON -->   directly before a fence: the block is not executed, for this reason
    <!-- file: NAME -->        directly before a fence: the block is a file of that name, which later commands use
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>```+|~~~+) *(?P<language>[\w+-]*)[^`]*$")
_MARK = re.compile(r"^ *<!-- (?P<word>stage|not run|file): (?P<said>.+?) -->$")
_COMMENT = re.compile(r"^ *<!--")

SHELLS = frozenset({"sh", "bash", "shell"})
CONSOLE = "console"
YAML = frozenset({"yaml", "yml"})
OTHERS = frozenset({"text", "json", "lua", "python", "dockerfile", "diff", "jsonc", "promql", "ini", "toml", "mermaid"})
PROGRAMS = (
    *("kubectl", "helm", "make", "flux", "argocd", "kustomize", "git", "curl", "docker", "podman", "buildah", "skopeo"),
    *("vvol-replication", "python", "python3", ".venv/bin/", "uv", "pip", "export", "purepgroup", "pureadmin"),
)
"""A line that begins with one of these is a command, whatever the fence says."""


class PageError(Exception):
    """A page cannot be read as said above; the message has page and line."""


@dataclass(frozen=True)
class Block:
    """One fenced block. `line` is its fence's; `text` is without the fences and their indentation."""

    page: str
    line: int
    language: str
    text: str
    not_run: str = ""
    file: str = ""

    @property
    def place(self) -> str:
        """Where it is, as editors understand it."""
        return f"{self.page}:{self.line}"

    @property
    def is_yaml(self) -> bool:
        """Is it YAML?"""
        return self.language in YAML

    @property
    def is_commands(self) -> bool:
        """Are there commands in it that a reader would type? Also where its fence does not say so."""
        if self.language in SHELLS or self.language == CONSOLE:
            return True
        return self.language in {"", "text"} and any(_is_command(line) for line in self.text.splitlines())


@dataclass(frozen=True)
class StageMark:
    """The page asks for a stage."""

    page: str
    line: int
    name: str


def _is_command(line: str) -> bool:
    told = line.strip().removeprefix("$ ")
    return any(told == program or told.startswith((f"{program} ", f"{program}\t")) for program in PROGRAMS) or (
        told.startswith(".venv/bin/")
    )


def pages() -> list[str]:
    """All pages for people, by their paths from the root."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    for directory, pattern in (("docs", "**/*.md"), ("charts", "**/README.md"), ("manifests", "**/*.md")):
        found += sorted((ROOT / directory).glob(pattern))
    return [path.relative_to(ROOT).as_posix() for path in found]


def read(page: str) -> list[Block | StageMark]:
    """What is to be done for a page, in its order."""
    return list(parse(page, (ROOT / page).read_text("utf-8")))


def parse(page: str, text: str) -> Iterator[Block | StageMark]:
    """The same, for the text of a page. Raises PageError for a mark that stands nowhere or a fence that never ends."""
    lines = text.splitlines()
    marks: dict[str, str] = {}
    number = 0
    while number < len(lines):
        line = lines[number]
        if mark := _MARK.match(line):
            if mark["word"] == "stage":
                yield StageMark(page, number + 1, mark["said"])
            else:
                marks[mark["word"]] = mark["said"]
        elif fence := _FENCE.match(line):
            end = next((i for i in range(number + 1, len(lines)) if lines[i].strip() == fence["fence"]), None)
            if end is None:
                raise PageError(f"{page}:{number + 1}: this fence never ends")
            indent = len(fence["indent"])
            body = "".join(f"{one[min(indent, len(one) - len(one.lstrip())) :]}\n" for one in lines[number + 1 : end])
            said = {"not_run": marks.get("not run", ""), "file": marks.get("file", "")}
            yield Block(page, number + 1, fence["language"], body, **said)
            marks, number = {}, end
        elif marks:
            raise PageError(f"{page}:{number + 1}: a mark stands directly before a fence, and here is none")
        elif _COMMENT.match(line) and re.match(r" *<!-- *(stage|not.?run|file)\b", line, re.IGNORECASE):
            raise PageError(f"{page}:{number + 1}: this is meant as a mark, and none is written so")
        number += 1
    if marks:
        raise PageError(f"{page}: a mark stands at the end, before no fence")


def anchors(text: str) -> set[str]:
    """The anchors that a page's headings get."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
