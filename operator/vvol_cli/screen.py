"""The one place of output formats: tables for people, JSON, YAML and names for programs."""

from __future__ import annotations

import json
import os
import sys

from .tables import Sheet, Table

TYPE_CHECKING = False  # as in headstart
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

FORMATS = ("table", "wide", "json", "yaml", "name")
API_VERSION = "cli.replication.vvol.dev/v1alpha1"
_RED, _GREEN, _YELLOW = 31, 32, 33
_GOOD = {"True", "Succeeded", "Done", "Current", "Protected", "Passed", "Fine", "Ready"}
_BAD = {"False", "Failed", "Behind", "NotRead", "Refused", "Wrong", "NoAccess", "Usage", "Missed", "NoPoint"}
_DOUBTFUL = {
    *("Unknown", "Waiting", "Suspended", "StillRunning", "Cancelled", "Expired", "Prepared", "NotChecked", "Warning"),
    "NotSeen",
}


def echo(text: str, *, err: bool = False, nl: bool = True) -> None:
    """As `click.echo`, which is loaded only where a stream needs more of it than to be written to."""
    stream = sys.stderr if err else sys.stdout
    if os.name == "posix" and (getattr(stream, "encoding", None) or "").lower() == "utf-8":
        stream.write(f"{text}\n" if nl else text)
        stream.flush()
        return
    import click  # noqa: PLC0415 - its loading takes as long as kubectl's answer

    click.echo(text, err=err, nl=nl)


def print_out(shown: Table | Sheet, form: str) -> None:
    """Print a table or a sheet to standard output in one of `FORMATS`; its notes to standard error."""
    rows = [shown.row] if isinstance(shown, Sheet) else shown.rows
    match form:
        case "json":
            echo(json.dumps(_document(shown), indent=2))
        case "yaml":
            echo(to_yaml(_document(shown)), nl=False)
        case "name":
            for row in rows:
                echo(row.name)
        case _ if isinstance(shown, Sheet):
            for line in sheet_lines(shown.lines, colour=colours(sys.stdout)):
                echo(line)
        case _ if not rows:
            echo(shown.empty, err=True)
        case _:
            for line in table_lines(shown, wide=form == "wide", colour=colours(sys.stdout)):
                echo(line)
    for note in shown.notes:
        echo(note, err=True)


def print_table(table: Table) -> None:
    """Print a table beside the output, on standard error: what a person reads first, and no program parses."""
    for line in table_lines(table, wide=True, colour=colours(sys.stderr)) if table.rows else [table.empty]:
        echo(line, err=True)


def to_yaml(value: Any) -> str:
    """Any value of JSON as YAML."""
    import yaml  # noqa: PLC0415 - only who asks for YAML waits for it

    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))


def colours(stream: Any) -> bool:
    """May a stream be coloured? Terminals only, and not where `NO_COLOR` is set."""
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def printable(text: str) -> str:
    """A text without what could steer a terminal: names of points in time are others' texts."""
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)


def table_lines(table: Table, *, wide: bool, colour: bool) -> list[str]:
    """Its lines: titles, then rows, in columns as kubectl has them."""
    count = len(table.titles) if wide else table.narrow
    lines = [list(table.titles[:count]), *([printable(one) or "-" for one in row.cells[:count]] for row in table.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(count)]
    return [_line(line, widths, colour=colour and bool(number)) for number, line in enumerate(lines)]


def _line(cells: Sequence[str], widths: Sequence[int], *, colour: bool) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
    return "   ".join(painted(one) if colour else one for one in padded).rstrip()


def sheet_lines(lines: Iterable[tuple[str, str]], *, colour: bool) -> list[str]:
    """Its lines: labels to the left, texts behind them."""
    known = [(label, printable(text)) for label, text in lines]
    width = max((len(label) for label, _ in known), default=0) + 1
    return [
        f"{(label + ':' if label else '').ljust(width)}  {painted(text) if colour else text}".rstrip()
        for label, text in known
    ]


def painted(text: str) -> str:
    """A text in the colour of its first word, where that has one."""
    word = text.replace(",", " ").partition(" ")[0]
    shade = _GREEN if word in _GOOD else _RED if word in _BAD else _YELLOW if word in _DOUBTFUL else None
    return f"\x1b[{shade}m{text}\x1b[0m" if shade else text


def _document(shown: Table | Sheet) -> dict[str, Any]:
    if isinstance(shown, Sheet):
        return {"apiVersion": API_VERSION, "kind": shown.kind, **shown.row.data}
    return {"apiVersion": API_VERSION, "kind": f"{shown.kind}List", "items": [row.data for row in shown.rows]}
