"""What was called: a journal of the calls that change something, and counts of all calls."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One mutating call. `took_effect` is whether it was executed, `outcome` what the caller was (to be) told."""

    number: int
    time: float
    endpoint: str
    call: str
    arguments: Mapping[str, Any]
    took_effect: bool
    outcome: str
    fault: str | None
    """The kind of fault it met."""


class Journal:
    """Entries numbered from 1, in the order in which their effects took place."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._grown = asyncio.Event()

    @property
    def last(self) -> int:
        """Number of the newest entry; 0 if there is none."""
        return len(self._entries)

    def add(
        self,
        time: float,
        endpoint: str,
        call: str,
        arguments: Mapping[str, Any],
        *,
        took_effect: bool,
        outcome: str,
        fault: str | None = None,
    ) -> Entry:
        """Write an entry."""
        entry = Entry(self.last + 1, time, endpoint, call, arguments, took_effect, outcome, fault)
        self._entries.append(entry)
        self._grown.set()
        self._grown = asyncio.Event()
        return entry

    def since(self, number: int) -> list[Entry]:
        """Entries with a higher number."""
        return self._entries[max(0, number) :]

    async def wait(self, number: int, seconds: float) -> list[Entry]:
        """Entries with a higher number, as soon as there are some; an empty list after `seconds`."""
        grown = self._grown
        if not self.since(number):
            try:
                async with asyncio.timeout(seconds):
                    await grown.wait()
            except TimeoutError:
                return []
        return self.since(number)


class Counters:
    """Calls by endpoint and name: all of them, and those that met a fault."""

    def __init__(self) -> None:
        self._calls: dict[str, Counter[str]] = {}

    def count(self, endpoint: str, call: str) -> None:
        """One more call."""
        self._calls.setdefault(endpoint, Counter())[call] += 1

    def reset(self) -> None:
        """Start again from nothing."""
        self._calls.clear()

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Endpoint -> call -> number."""
        return {endpoint: dict(calls) for endpoint, calls in self._calls.items()}
