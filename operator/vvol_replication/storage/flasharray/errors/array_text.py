"""The array's own error text, out of an error body of either REST family."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ArrayText:
    """What an error body says: some of it, or nothing that is readable.

    REST 1: `[{"pure_err_key", "msg", "ctx"}]`. REST 2: `{"errors": [{"context", "message"}]}`. `parts` are pairs of
    object name (may be empty) and message.
    """

    parts: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, body: str) -> ArrayText:
        """Read a body; one that is no JSON (a proxy's page) has no parts."""
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            return cls(())
        if isinstance(content, dict) and isinstance(content.get("errors"), list):
            content = content["errors"]
        rows = content if isinstance(content, list) else [content]
        return cls(tuple(part for row in rows if (part := _part(row))))

    @property
    def whole(self) -> str:
        """All messages, each after the name of the object that it is about; as they came, so not fit for a message."""
        return "; ".join(f"{name}: {message}" if name else message for name, message in self.parts)

    @property
    def names(self) -> tuple[str, ...]:
        """The objects that the messages are about."""
        return tuple(name for name, _ in self.parts if name)

    def has(self, *texts: str) -> bool:
        """True if any of these is in what the array said, without regard to case."""
        everything = "\n".join(f"{name}\n{message}" for name, message in self.parts).lower()
        return any(text.lower() in everything for text in texts)


def _part(row: Any) -> tuple[str, str] | None:
    if not isinstance(row, dict):
        return None
    name, message = row.get("ctx", row.get("context")), row.get("msg", row.get("message"))
    if not isinstance(message, str) or not message:
        return None
    return (name if isinstance(name, str) else "", message)
