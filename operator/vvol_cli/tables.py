"""What is printed, before a format is chosen: rows for people and, of the same, objects for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .reading import Object


class Row(NamedTuple):
    """One line of a table.

    `name` is the object's, as `-o name` prints it. `cells` are the texts under the titles; `data` says the same to
    programs, with times and numbers as they are in the API.
    """

    name: str
    cells: Sequence[str]
    data: Object


class Table(NamedTuple):
    """A table. The first `narrow` titles are shown, all with `-o wide`. `kind` names it for programs.

    `empty` is said where there is no row; `notes` are said beside it: on a screen, not in the output.
    """

    kind: str
    titles: Sequence[str]
    rows: Sequence[Row]
    narrow: int
    empty: str = "Nothing found."
    notes: Sequence[str] = ()


class Sheet(NamedTuple):
    """One thing, told line by line, each with a label; `row` says the same to programs."""

    lines: Sequence[tuple[str, str]]
    row: Row
    kind: str
    notes: Sequence[str] = ()
