"""Parameters of a REST call: from the query string, from a JSON body (also on GET and DELETE, also `null`), or both."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from vvol_simulator.model import ArrayError

_WORDS: Mapping[str, bool] = {"true": True, "false": False}


class Parameters:
    """The merged parameters; every one has to be asked for, so that a mistyped one is refused."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)
        self._known: set[str] = set()

    @classmethod
    async def read(cls, request: web.Request) -> "Parameters":
        """Read query string and body; `ArrayError` for a body that is no JSON object."""
        return cls(cls.of_query(request).values | cls.of_body(await request.read()).values)

    @classmethod
    def of_query(cls, request: web.Request) -> "Parameters":
        """The query string alone."""
        return cls({name: _WORDS.get(text.lower(), text) for name, text in request.query.items()})

    @classmethod
    def of_body(cls, body: bytes) -> "Parameters":
        """The body alone; `ArrayError` if it is no JSON object."""
        if not body:
            return cls({})
        try:
            decoded = json.loads(body)
        except ValueError:
            raise ArrayError("Invalid JSON in the request body.") from None
        if decoded is not None and not isinstance(decoded, dict):
            raise ArrayError("The request body must be a JSON object.")
        return cls(decoded or {})

    def flag(self, name: str) -> bool:
        """A boolean; absent is False."""
        self._known.add(name)
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise ArrayError(f"Invalid value for {name}: true or false expected.")
        return value

    def text(self, name: str) -> str | None:
        """A string, or None."""
        self._known.add(name)
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise ArrayError(f"Invalid value for {name}: a string expected.")
        return value

    def number(self, name: str) -> int | None:
        """A whole number, or None."""
        self._known.add(name)
        value = self.values.get(name)
        if value is None:
            return None
        try:
            return int(value)
        except (TypeError, ValueError):
            raise ArrayError(f"Invalid value for {name}: a number expected.") from None

    def names(self, name: str) -> list[str] | None:
        """A list of strings, given as a list or with commas; None if absent."""
        self._known.add(name)
        value = self.values.get(name)
        if value is None:
            return None
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise ArrayError(f"Invalid value for {name}: a list of names expected.")
        return parts

    def has(self, name: str) -> bool:
        """Whether it was given at all."""
        self._known.add(name)
        return name in self.values

    def finish(self) -> None:
        """`ArrayError` if anything was given that nobody asked for."""
        unknown = sorted(set(self.values) - self._known)
        if unknown:
            raise ArrayError(f"Invalid parameter: {', '.join(unknown)}.")
