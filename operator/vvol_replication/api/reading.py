"""Reading an object's spec field by field, with the exact JSON path in every complaint.

Unknown fields are left alone: the API server prunes them. Null counts as absent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from .durations import parse_duration
from .errors import SpecError
from .times import parse_time

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def at(path: str) -> dict[str, str]:
    """Metadata of a spec's dataclass field: where in `spec` it is written, e.g. `groupRef.name`."""
    return {"at": path}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a text may look like. `pattern` is the CRD's own, read the same by Python and RE2."""

    pattern: str
    max_length: int
    meaning: str


_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
DNS_SUBDOMAIN = Shape(
    rf"^{_LABEL}(\.{_LABEL})*$", 253, "the name of an object: lower-case letters, digits, '-' and '.', like dallas-1"
)
DNS_LABEL = Shape(rf"^{_LABEL}$", 63, "the name of a namespace: lower-case letters, digits and '-'")
OPAQUE_ID = Shape(r"^[^\x00-\x20\x7f-\x9f]+$", 256, "an id without blanks or control characters")


class Reader:
    """One JSON object being read. `path` is its place, e.g. `spec.groupRef`."""

    def __init__(self, raw: object, path: str) -> None:
        if not isinstance(raw, Mapping):
            raise SpecError(path, "must be an object with fields")
        self._raw = raw
        self._path = path

    def where(self, key: str) -> str:
        """Path of one of its fields."""
        return f"{self._path}.{key}"

    def has(self, key: str) -> bool:
        """Whether the field is there, and not null."""
        return self._raw.get(key) is not None

    def require(self, key: str, value: T | None) -> T:
        """Turn an absent field into a complaint."""
        if value is None:
            raise SpecError(self.where(key), "is required")
        return value

    def child(self, key: str) -> "Reader | None":
        """A nested object."""
        return Reader(self._raw[key], self.where(key)) if self.has(key) else None

    def reference(self, key: str) -> str | None:
        """The name in a reference `{name: …}` to an object."""
        ref = self.child(key)
        return None if ref is None else ref.require("name", ref.text("name", DNS_SUBDOMAIN))

    def text(self, key: str, shape: Shape) -> str | None:
        """A text of the given shape."""
        text = self.plain(key, shape.max_length)
        if text is None:
            return None
        if re.fullmatch(shape.pattern, text) is None:
            raise SpecError(self.where(key), f"must be {shape.meaning}")
        return text

    def plain(self, key: str, max_length: int) -> str | None:
        """A text whose shape the caller judges."""
        text = self._string(key)
        if text is not None and len(text) > max_length:
            raise SpecError(self.where(key), f"must be at most {max_length} characters long")
        return text

    def word(self, key: str, words: type[E]) -> E | None:
        """One of a closed set of words."""
        text = self._string(key)
        if text is None:
            return None
        try:
            return words(text)
        except ValueError:
            raise SpecError(self.where(key), f"must be one of {', '.join(words)}") from None

    def number(self, key: str, low: int, high: int) -> int | None:
        """A whole number within bounds, both included."""
        value = self._raw.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise SpecError(self.where(key), "must be a whole number")
        if not low <= value <= high:
            raise SpecError(self.where(key), f"must be between {low} and {high}")
        return value

    def flag(self, key: str) -> bool:
        """True or false; absent is false."""
        value = self._raw.get(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise SpecError(self.where(key), "must be true or false")
        return value

    def duration(self, key: str) -> timedelta | None:
        """A duration of at least a second."""
        text = self._string(key)
        return None if text is None else parse_duration(text, self.where(key))

    def time(self, key: str) -> datetime | None:
        """An RFC 3339 time."""
        text = self._string(key)
        return None if text is None else parse_time(text, self.where(key))

    def _string(self, key: str) -> str | None:
        value = self._raw.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise SpecError(self.where(key), "must be a text")
        return value
