"""Which files of the repository a build is given: .containerignore, as docker and podman read it.

The last pattern that fits a path or a directory above it decides; `!` lets in again; `*` ends at a slash, `**` not.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def patterns(text: str) -> list[tuple[bool, re.Pattern[str]]]:
    """(leaves out, what) of each line."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(not line.startswith("!"), _expression(line.lstrip("!").strip("/"))) for line in lines]


def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meant = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meant.get(part, re.escape(part)) for part in parts))


def is_left_out(path: str, ignored: Iterable[tuple[bool, re.Pattern[str]]]) -> bool:
    """Is a path, relative to the root, left out?"""
    above = [str(one) for one in (PurePosixPath(path), *PurePosixPath(path).parents) if str(one) != "."]
    verdict = False
    for leaves_out, pattern in ignored:
        if any(pattern.fullmatch(one) for one in above):
            verdict = leaves_out
    return verdict
