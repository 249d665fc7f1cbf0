"""What the demo prints: plain text for a terminal of 100 columns, aligned, no colour."""

from __future__ import annotations

import textwrap

WIDTH = 100
INDENT = "   "
LABEL = 16


def title(text: str) -> None:
    """The first line."""
    print(text, flush=True)


def section(number: int, text: str) -> None:
    """The heading of a chapter."""
    print(f"\n{number}  {text}", flush=True)


def fact(label: str, text: str) -> None:
    """A label and what there is to say, in two columns."""
    print(f"{INDENT}{label:<{LABEL}}  {text}", flush=True)


def command(text: str) -> None:
    """A command as a person types it."""
    print(f"{INDENT}$ {text}", flush=True)


def block(text: str, deeper: int = 2) -> None:
    """Output or a file, indented; trailing blanks of tables are left out, and long lines cut."""
    for line in text.rstrip().splitlines():
        shown = f"{INDENT}{' ' * deeper}{line}".rstrip()
        print(shown if len(shown) <= WIDTH else f"{shown[: WIDTH - 1]}…", flush=True)


def say(text: str) -> None:
    """A paragraph."""
    print(textwrap.fill(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT), flush=True)


def message(text: str, deeper: int) -> None:
    """What the operator says, whole, as a paragraph."""
    indent = f"{INDENT}{' ' * deeper}"
    # An id has hyphens, and is to be copied.
    shown = textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
    print(shown, flush=True)


def blank() -> None:
    """An empty line."""
    print(flush=True)
