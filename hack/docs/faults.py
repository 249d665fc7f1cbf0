"""The pages of faults: what each trouble comes to, and what people read, from the rows that are tested."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from component.faults import golden
from component.faults.all_rows import NOT_SHOWN, ROWS
from component.faults.retries import NOTHING, retried
from component.faults.rows import DONE

from docs.unmade import UnmadeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from component.faults.rows import Row

_HEAD = """\
# Faults

What happens at each problem of a vCenter or a FlashArray, and what you read then. Every row is a test on a TLS socket.
The messages are what was read there, with other addresses and times.

- `Done`: it worked, or the endpoint reported something, which is shown beside it.
- `Refused`: the endpoint answered, and refused. Nothing was changed.
- `Unavailable`: nothing was changed, and asking later may help.
- `Indeterminate`: the answer of a call that changes something was lost. The operator looks for the effect of the call.

*Call* is the operator's own: `start_sync` arms a sync at the target, `start_prepare` prepares a failover, `push`
replicates a protection group; the others read. *Asked again?* is how a `ReplicationSync` goes on: until its `timeout`,
or for as many refusals in a row as its `retryLimit`. If it goes on until the deadline, it goes on as soon as the
problem is over. [Reasons](reasons.md) has the meaning of each word and what to do.
"""

_RECORD = f"{golden.RECORD}=1 make component ARGS='-k test_the_row_is_true' WORKERS=0"
_COLUMNS = ("endpoint", "trouble", "call", "outcome", "reason", "asked again?", "what you read")


def pages() -> dict[str, Callable[[], str]]:
    """The pages by their paths: an overview, and for each chapter a page of the endpoint that it is about."""
    found: dict[str, Callable[[], str]] = {"docs/faults.md": _overview}
    for chapter, side in _places():
        found[f"docs/{_path(chapter, side)}"] = partial(_page, chapter, side)
    return found


def _places() -> list[tuple[str, str]]:
    return list(dict.fromkeys((row.chapter, _side(row)) for row in ROWS))


def _side(row: Row) -> str:
    return "vCenter" if row.endpoint == "vCenter" else "FlashArray"


def _path(chapter: str, side: str) -> str:
    return f"faults/{'-'.join(re.findall('[a-z0-9]+', chapter.lower()))}-{side.lower()}.md"


def _overview() -> str:
    """What the words mean, and which page has what."""
    rows = [(f"[{_title(*place)}]({_path(*place)})", str(len(_rows(*place)))) for place in _places()]
    parts = [_HEAD, _table(("page", "troubles"), rows)]
    not_shown = [(f"`{name}`", where, why) for (name, where), why in NOT_SHOWN.items()]
    if not_shown:
        parts.append(f"## Not shown\n\n{_table(('what', 'where', 'why'), not_shown)}")
    return "\n".join(parts)


def _title(chapter: str, side: str) -> str:
    return f"{side}: {chapter}"


def _rows(chapter: str, side: str) -> list[Row]:
    return [row for row in ROWS if row.chapter == chapter and _side(row) == side]


def _page(chapter: str, side: str) -> str:
    """One chapter's rows of one endpoint.

    Raises:
        UnmadeError: what is read of a row is not known.
    """
    read = golden.messages()
    if unread := [row.key for row in ROWS if row.key not in read]:
        more = f" (and {len(unread) - 1} more)" if len(unread) > 1 else ""
        raise UnmadeError(f"the message of {unread[0]!r}{more} was not recorded yet: run {_RECORD}")
    lines = [_cells(row, read[row.key]) for row in _rows(chapter, side)]
    head = f"# {_title(chapter, side)}\n\nWhat the words mean: [Faults](../faults.md).\n"
    return f"{head}\n{_table(_COLUMNS, _merged(lines))}"


def _cells(row: Row, message: str) -> tuple[str, ...]:
    outcome = f"`{row.outcome}`" + (f": {row.inside}" if row.inside else "")
    reason = f"`{row.reason}`" if row.reason else NOTHING
    read = _escaped(message) if message else (NOTHING if row.outcome == DONE else "")
    return row.endpoint, _escaped(row.trouble), f"`{row.call}`", outcome, reason, retried(row), read


def _merged(lines: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Rows that differ in nothing but the endpoint become one."""
    seen: dict[tuple[str, ...], list[str]] = {}
    for line in lines:
        seen.setdefault(line[1:], []).append(line[0])
    for rest, endpoints in seen.items():
        yield " and ".join(dict.fromkeys(endpoints)).replace("REST 1 and FlashArray, REST 2", "REST 1 and 2"), *rest


def _escaped(text: str) -> str:
    for char in "\\<*|":
        text = text.replace(char, "&lt;" if char == "<" else f"\\{char}")
    return text


def _table(head: Sequence[str], rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(cells) + " |" for cells in rows)]) + "\n"
