"""REST 2's answers that list things: filter, order, pages."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vvol_simulator.model import ArrayError

from . import rest2_filter
from .parameters import Parameters

Row = dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """One page. `token` leads to the next one; it is in the body and in the header `x-next-token`."""

    items: Sequence[Row]
    token: str | None = None
    total: int | None = None

    def body(self) -> Mapping[str, Any]:
        """As it goes over the wire."""
        return {
            "continuation_token": self.token,
            "items": list(self.items),
            "more_items_remaining": self.token is not None,
            "total_item_count": self.total,
        }


def listing(rows: Sequence[Row], query: Parameters, most: int) -> Listing:
    """What the query parameters leave of `rows`; `most` is the array's own limit of a page (0: none)."""
    text, order = query.text("filter"), query.names("sort")
    limit, offset, token = query.number("limit"), query.number("offset"), query.text("continuation_token")
    counted, only_total = query.flag("total_item_count"), query.flag("total_only")
    found = list(rows) if text is None else [row for row in rows if rest2_filter.parse(text)(row)]
    for column in reversed(order or []):
        found = _sorted(found, column)
    total = len(found) if counted or limit == 0 else None
    if limit == 0 or only_total:
        return Listing([], None, total)
    start = (offset or 0) if token is None else _after(found, token)
    size = min(item for item in (limit, most or None, len(found)) if item is not None)
    page = found[start : start + size]
    more = bool(page) and start + len(page) < len(found)
    return Listing(page, _token(start + len(page), page[-1]) if more else None, total)


def _sorted(rows: list[Row], column: str) -> list[Row]:
    """By one column; a minus behind it turns the order round (vendor's specs 2.0-2.44). Empty values come first."""
    name = column.rstrip("+-")
    if rows and name.partition(".")[0] not in rows[0]:
        raise ArrayError("Invalid sort field.", name)
    values = [(value is not None, value if value is not None else 0, at)
              for at, value in enumerate(rest2_filter.field(row, name) for row in rows)]  # fmt: skip
    descending = column.endswith("-")
    values.sort(key=lambda item: item[:2], reverse=descending)
    return [rows[at] for *_, at in values]


def _identity(row: Row) -> list[Any]:
    return [rest2_filter.field(row, path) for path in ("name", "group.name", "member.name")]


def _token(position: int, last: Row) -> str:
    return base64.urlsafe_b64encode(json.dumps([position, _identity(last)]).encode()).decode()


def _after(rows: Sequence[Row], token: str) -> int:
    """Where the next page begins: behind the last row of the one before, also if others have come or gone."""
    try:
        position, identity = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        raise ArrayError("Invalid continuation token.") from None
    return next((at + 1 for at, row in enumerate(rows) if _identity(row) == identity), int(position))
