"""What is printed, before a format is chosen: rows for people and, of the same, objects for programs."""

from __future__ import annotations

TYPE_CHECKING = False  # as in headstart
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .reading import Object


class Row:
    """One line of a table.

    `name` is the object's, as `-o name` prints it. `cells` are the texts under the titles; `data` says the same to
    programs, with times and numbers as they are in the API.
    """

    __slots__ = ("cells", "data", "name")

    def __init__(self, name: str, cells: Sequence[str], data: Object) -> None:
        self.name, self.cells, self.data = name, cells, data


class Table:
    """A table. The first `narrow` titles are shown, all with `-o wide`. `kind` names it for programs.

    `empty` is said where there is no row; `notes` are said beside it: on a screen, not in the output.
    """

    __slots__ = ("empty", "kind", "narrow", "notes", "rows", "titles")

    def __init__(
        self,
        kind: str,
        titles: Sequence[str],
        rows: Sequence[Row],
        narrow: int,
        *,
        empty: str = "Nothing found.",
        notes: Sequence[str] = (),
    ) -> None:
        self.kind, self.titles, self.rows, self.narrow = kind, titles, rows, narrow
        self.empty, self.notes = empty, notes


class Sheet:
    """One thing, told line by line, each with a label; `row` says the same to programs."""

    __slots__ = ("kind", "lines", "notes", "row")

    def __init__(self, lines: Sequence[tuple[str, str]], row: Row, kind: str, notes: Sequence[str] = ()) -> None:
        self.lines, self.row, self.kind, self.notes = lines, row, kind, notes
