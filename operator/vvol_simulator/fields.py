"""Strict reading of decoded JSON or YAML: every mistake is told with its place, nothing unknown is ignored."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from .model import WorldError

T = TypeVar("T")


class Fields:
    """One mapping that is read field by field; `finish` refuses what nobody asked for.

    `place` is where it stands (`arrays.flasharray-a`), for messages.
    """

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise WorldError(f"{place}: a mapping of names to values is expected, not {_shown(value)}.")
        self._values: dict[str, Any] = dict(value)
        self._known: list[str] = []
        self.place = place

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        self._known.append(name)
        return self._values.get(name) is not None

    def any(self, name: str) -> Any:
        """The value as it is; a missing one is refused."""
        if not self.has(name) and name not in self._values:
            raise WorldError(f"{self.place}: {name} is missing.")
        return self._values[name]

    def text(self, name: str, default: str | None = None) -> str:
        """A string; required unless there is a default."""
        return self._typed(name, default, str, "a string")

    def optional_text(self, name: str) -> str | None:
        """A string or None."""
        return self.text(name) if self.has(name) else None

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """True or false; required unless there is a default."""
        return self._typed(name, default, bool, "true or false")

    def number(self, name: str, default: float | None = None, least: float | None = 0) -> float:
        """A number, not below `least`; required unless there is a default."""
        value = self._values.get(name)
        self._known.append(name)
        if value is None:
            if default is None:
                raise WorldError(f"{self.place}: {name} is missing.")
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or (least is not None and value < least):
            bound = "" if least is None else f" from {least:g}"
            raise WorldError(f"{self.place}: {name} is a number{bound}, not {_shown(value)}.")
        return float(value)

    def optional_number(self, name: str) -> float | None:
        """A number from 0, or None."""
        return self.number(name) if self.has(name) else None

    def one_of(self, name: str, allowed: Sequence[str], default: str | None = None) -> str:
        """One of some words; required unless there is a default."""
        value = self.text(name, default)
        if value not in allowed:
            raise WorldError(f"{self.place}: {name} is one of {', '.join(allowed)}, not {value!r}.")
        return value

    def items(self, name: str) -> list[Any]:
        """A list; a missing one is empty."""
        return self._typed(name, [], list, "a list")

    def texts(self, name: str) -> list[str]:
        """A list of strings; a missing one is empty."""
        values = self.items(name)
        if not all(isinstance(value, str) for value in values):
            raise WorldError(f"{self.place}: {name} is a list of strings, not {_shown(values)}.")
        return values

    def inner(self, name: str) -> "Fields":
        """A mapping inside; a missing one is empty."""
        return Fields(self._values.get(name) or {}, self._inner_place(name))

    def named(self, name: str) -> Iterator[tuple[str, "Fields"]]:
        """The entries of a mapping from names to mappings; an entry may be empty."""
        for key, value in self.inner(name).rest().items():
            yield key, Fields(value or {}, f"{self._inner_place(name)}.{key}")

    def listed(self, name: str) -> Iterator["Fields"]:
        """The entries of a list of mappings."""
        for index, value in enumerate(self.items(name)):
            yield Fields(value, f"{self._inner_place(name)}[{index}]")

    def rest(self) -> dict[str, Any]:
        """Everything not asked for so far, which is thereby known."""
        rest = {name: value for name, value in self._values.items() if name not in self._known}
        self._known += rest
        return rest

    def finish(self) -> None:
        """Refuse fields that nobody asked for."""
        unknown = sorted(set(self._values) - set(self._known))
        if unknown:
            known = ", ".join(dict.fromkeys(self._known)) or "none"
            raise WorldError(f"{self.place}: unknown {', '.join(unknown)}; known here: {known}.")

    def _inner_place(self, name: str) -> str:
        self._known.append(name)
        return f"{self.place}.{name}"

    def _typed(self, name: str, default: T | None, wanted: type[T], word: str) -> T:
        self._known.append(name)
        value = self._values.get(name)
        if value is None:
            if default is None:
                raise WorldError(f"{self.place}: {name} is missing.")
            return default
        if not isinstance(value, wanted):
            raise WorldError(f"{self.place}: {name} is {word}, not {_shown(value)}.")
        return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - one line of a terminal, roughly
