"""The evidence as headings, facts and tables, before it is Markdown or HTML. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .collect import WHO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vvol_cli.reading import Object

_TABLES = (
    ("steps", "Steps", ("time", "step", "clock")),
    ("checks", "Checks", ("name", "result", "reason", "message")),
    ("machines", "VMs, as read right before the call", ("name", "power", "instanceUUID")),
    ("pointsInTime", "Points in time at the target, newest first", ("name", "time", "id")),
    (
        "history",
        "Requests that have ended",
        ("finishedAt", "kind", "name", "outcome", "reason", "pointInTime", "askedBy"),
    ),
    ("conditions", "Conditions", ("type", "status", "reason", "message", "lastTransitionTime")),
    ("events", "Events", ("time", "type", "reason", "note")),
)
"""Lists of the evidence that are shown as tables: key, heading, columns."""
_FACTS = (
    ("asked", "What was asked"),
    ("askedBy", "Who asked"),
    ("annotations", "Annotations"),
    ("resolved", "What it acted on"),
    ("source", "Source"),
    ("target", "Target"),
    ("pointInTime", "Point in time"),
    ("transfer", "Transfer"),
    ("newestPointBefore", "Newest point in time before"),
    ("newestPointAfter", "Newest point in time at the end"),
    ("arrayPolicy", "What the array does by itself"),
    ("prepared", "Prepared"),
)
"""Objects of the evidence that are shown as facts."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading with facts (pairs), or a table (`titles` and rows)."""

    heading: str
    titles: Sequence[str]
    rows: Sequence[Sequence[str]]


def title_of(evidence: Object) -> str:
    """The heading of it all."""
    return f"{evidence['kind']} {evidence['namespace']}/{evidence['subject'].partition('/')[2]}"


def chapters(evidence: Object) -> Iterator[Chapter]:
    """All of it, in the order in which somebody reads it."""
    plain = [(_spoken(key), _text(value)) for key, value in evidence.items() if not isinstance(value, dict | list)]
    yield Chapter("", (), [*plain, ("About who asked", WHO)])
    for key, heading in _FACTS:
        if key in evidence:
            yield Chapter(heading, (), [(_spoken(path), value) for path, value in _flat(evidence[key])])
    for key, heading, columns in _TABLES:
        if key in evidence:
            rows = [[_text(one.get(column)) for column in columns] for one in evidence[key]]
            yield Chapter(heading, [_spoken(one) for one in columns], rows)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _flat(below, f"{path}.{key}".lstrip("."))
    else:
        yield path, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(below)}" for key, below in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _spoken(key: str) -> str:
    """A field's name as it is in the API: it can be looked up there."""
    return key
