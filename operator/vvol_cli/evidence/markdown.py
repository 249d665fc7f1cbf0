"""The evidence as Markdown. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .chapters import chapters, title_of

if TYPE_CHECKING:
    from vvol_cli.reading import Object

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def render(evidence: Object) -> str:
    """One page."""
    parts = [f"# {_safe(title_of(evidence))}"]
    for one in chapters(evidence):
        titles = list(one.titles) or ["", ""]
        lines = [f"| {' | '.join(map(_safe, cells))} |" for cells in (titles, *one.rows)]
        lines.insert(1, "|" + "---|" * len(titles))
        parts += [f"## {_safe(one.heading)}"] if one.heading else []
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _safe(text: str) -> str:
    """A text of others, that is a text and nothing else there."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
