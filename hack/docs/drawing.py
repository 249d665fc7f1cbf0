"""Drawings of who says what to whom, as SVG, from a text that a person can write; light and dark as the reader's page.

A text has `title: ...`, then `lanes: A | B`, then a line for each message: `A -> B: words`, or `A: words` for what A
does by itself. Lanes are drawn in the order in which they are named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE, DRAWING = "docs/drawings/sync.txt", "docs/drawings/sync.svg"
LANE, STEP, TOP, MARGIN = 190, 42, 64, 95
STYLE = """\
  text { font: 13px sans-serif; fill: #1f2328; text-anchor: middle }
  .lane { font-weight: bold }
  rect { fill: #f6f8fa; stroke: #818b98 }
  line { stroke: #818b98 } .life { stroke-dasharray: 3 4 }
  .says { stroke: #0969da; stroke-width: 1.5 } .head { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } rect { fill: #151b23; stroke: #656c76 } line { stroke: #656c76 }
    .says { stroke: #4493f8 } .head { fill: #4493f8 }
  }
"""


class DrawingError(Exception):
    """A line of the text says nothing that can be drawn; the message names it."""


@dataclass(frozen=True)
class Message:
    """`words` that lane `sender` says to lane `receiver`; the same lane: what it does by itself."""

    sender: int
    receiver: int
    words: str


def parse(text: str) -> tuple[str, list[str], list[Message]]:
    """Return title, lanes and messages. Raises DrawingError."""
    title, lanes, messages = "", [], []
    for number, line in enumerate(text.splitlines(), 1):
        found = re.fullmatch(r"(?P<left>[^:]+): (?P<words>.+)", line)
        if not line.strip():
            continue
        if found is None:
            raise DrawingError(f"line {number} has no colon: {line!r}")
        left, words = found["left"].strip(), found["words"].strip()
        if left == "title":
            title = words
        elif left == "lanes":
            lanes = [one.strip() for one in words.split("|")]
        else:
            sender, _, receiver = (one.strip() for one in left.partition("->"))
            if unknown := {sender, receiver or sender} - set(lanes):
                raise DrawingError(f"line {number} names {', '.join(sorted(unknown))}, which is no lane")
            messages.append(Message(lanes.index(sender), lanes.index(receiver or sender), words))
    return title, lanes, messages


def draw(text: str) -> str:
    """The drawing of this text."""
    title, lanes, messages = parse(text)
    width, height = LANE * (len(lanes) - 1) + 2 * MARGIN, TOP + STEP * (len(messages) + 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{STYLE}</style>",
    ]
    for number, lane in enumerate(lanes):
        at = _x(number)
        parts.append(f'<line class="life" x1="{at}" y1="44" x2="{at}" y2="{height - 8}"/>')
        parts.append(f'<rect x="{at - 80}" y="12" width="160" height="32" rx="6"/>')
        parts.append(f'<text class="lane" x="{at}" y="33">{escape(lane)}</text>')
    for number, message in enumerate(messages):
        parts += _drawn(message, TOP + STEP * (number + 1) - 8)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _x(lane: int) -> int:
    return MARGIN + LANE * lane


def _drawn(message: Message, y: int) -> list[str]:
    start, end = _x(message.sender), _x(message.receiver)
    if start == end:
        width = 8 * len(message.words)
        box = f'<rect x="{start - width // 2}" y="{y - 20}" width="{width}" height="26" rx="4"/>'
        return [box, f'<text x="{start}" y="{y - 2}">{escape(message.words)}</text>']
    way = 1 if end > start else -1
    head = f"{end},{y} {end - 9 * way},{y - 5} {end - 9 * way},{y + 5}"
    return [
        f'<line class="says" x1="{start}" y1="{y}" x2="{end - 8 * way}" y2="{y}"/>',
        f'<polygon class="head" points="{head}"/>',
        f'<text x="{(start + end) // 2}" y="{y - 7}">{escape(message.words)}</text>',
    ]


def render() -> str:
    """The drawing of the README."""
    return draw((ROOT / SOURCE).read_text("utf-8"))
