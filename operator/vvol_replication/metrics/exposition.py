"""What `/metrics` answers: measured on the event loop, which costs little, and written as text in a thread."""

from __future__ import annotations

import asyncio
import gzip
import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from prometheus_client import Metric as Family
from prometheus_client import ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from vvol_replication.cluster.session import Connection
from vvol_replication.domain.measures import Durations
from vvol_replication.engine.measures import Measures

from . import catalogue
from .ends import EndCounter
from .families import Families
from .lag import LoopLag
from .objects import put_objects

_QUICK = 3
"""gzip's level: a tenth of the size, in a fifth of the time that the best level takes."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where values are had from, at the moment of a scrape.

    Parameters:
        version: of this program.
        measures: what the engine knows.
        leading: may this process act?
        renewals: how many writes of the Lease took effect, and how many reads and writes failed; None: there is none.
        connections: those to the API server.
    """

    version: str
    measures: Callable[[], Measures]
    leading: Callable[[], bool]
    renewals: Callable[[], tuple[int, int] | None]
    connections: Sequence[Connection]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is told in one answer."""

    objects: Measures
    ends: EndCounter
    lag: Durations
    leading: bool
    renewals: tuple[int, int] | None
    writes: Counter[tuple[str, str, str]]


class Exposition:
    """One answer is made at a time, however many ask."""

    def __init__(self, sources: Sources, ends: EndCounter, lag: LoopLag) -> None:
        self._sources, self._ends, self._lag = sources, ends, lag
        self._one = asyncio.Lock()
        # Without a registry of its own nothing is registered anywhere: an answer is made of what is read for it.
        self._process = ProcessCollector(namespace="vvol", registry=None)

    async def answer(self, accept: str, encodings: str) -> tuple[bytes, Mapping[str, str]]:
        """Body and headers for who sent these `Accept` and `Accept-Encoding`."""
        async with self._one:
            snapshot = self.look()
            return await asyncio.to_thread(self.write, snapshot, accept, encodings)

    def look(self) -> Snapshot:
        """All that is to be told, as it is now; on the event loop."""
        sources = self._sources
        writes: Counter[tuple[str, str, str]] = Counter()
        for connection in sources.connections:
            writes.update(connection.writes.ended)
        return Snapshot(
            sources.measures(),
            self._ends.copy(),
            self._lag.seen.copy(),
            sources.leading(),
            sources.renewals(),
            writes,
        )

    def write(self, snapshot: Snapshot, accept: str, encodings: str) -> tuple[bytes, Mapping[str, str]]:
        """It as text; in any thread."""
        write, content_type = choose_encoder(accept)
        body = write(_All(chain(self._families(snapshot).collect(), self._process.collect())))
        headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        if "gzip" in encodings:
            return gzip.compress(body, _QUICK), headers | {"Content-Encoding": "gzip"}
        return body, headers

    def _families(self, snapshot: Snapshot) -> Families:
        families = Families()
        put_objects(families, snapshot.objects)
        snapshot.ends.put(families)
        families.put(catalogue.LEADER, (), snapshot.leading)
        if snapshot.renewals is not None:
            families.put(catalogue.LEASE_RENEWALS, (), snapshot.renewals[0])
            families.put(catalogue.LEASE_FAILURES, (), snapshot.renewals[1])
        for labels, number in snapshot.writes.items():
            families.put(catalogue.API_WRITES, labels, number)
        families.put_durations(catalogue.LOOP_LAG, (), snapshot.lag)
        families.put(catalogue.BUILD, (self._sources.version, platform.python_version()), 1)
        return families


class _All(Collector):
    """Families as the library takes them, once."""

    def __init__(self, families: Iterator[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Family]:
        return self._families
