"""This process among its replicas: whether it may act, when it may begin, and how it ends when it may not any more."""

from __future__ import annotations

import asyncio
import logging
import os
import threading

from vvol_replication.cluster.election import Candidate
from vvol_replication.cluster.leadership import Leadership
from vvol_replication.cluster.lease import Elector, LeaseStore
from vvol_replication.cluster.session import Connection, connect
from vvol_replication.configuration import Configuration, Election

_log = logging.getLogger("vvol_replication")

LEADERSHIP_LOST = 75
"""The exit code: BSD's EX_TEMPFAIL, "try again later". The kubelet starts the container again, which then stands by."""
_LAST_WORDS = 0.5  # seconds; a log that blocks does not keep the process alive


class Replica:
    """One of several: it acts only while it holds the Lease."""

    def __init__(self, election: Election, connection: Connection) -> None:
        self.identity = election.holder
        """What it signs intents with."""
        self._connection = connection
        self._leadership = Leadership(end_process)
        store = LeaseStore(connection, election.namespace, election.name)
        self._elector = Elector(store, Candidate(election.identity, election.timing), self._leadership)
        self._running: asyncio.Task[None] | None = None

    def leading(self) -> bool:
        """May something be changed now? Quick, and from any thread."""
        return self._leadership.leading()

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Those that are its own."""
        return (self._connection,)

    @property
    def renewals(self) -> tuple[int, int] | None:
        """How many writes of the Lease took effect, and how many reads and writes failed."""
        return self._elector.renewals, self._elector.failures

    @property
    def standing_by(self) -> bool:
        """Is it ready to take over? So that a rolling update goes on, a replica that waits is a ready one."""
        return self._elector.standing and not self._elector.leads.is_set()

    @property
    def alive(self) -> bool:
        """Is the elector's loop alive?"""
        return self._running is None or self._elector.alive

    async def lead(self) -> None:
        """Stand by until it is this one's time."""
        self._running = asyncio.create_task(self._elector.run(), name="elector")
        leads = asyncio.create_task(self._elector.leads.wait(), name="leads")
        try:
            await asyncio.wait({self._running, leads}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leads.cancel()
        if self._running.done():
            self._running.result()

    def stop(self) -> None:
        """Change nothing from this moment, and begin to let the Lease go."""
        self._elector.stop()

    async def close(self) -> None:
        """Wait until the Lease is let go, as far as that is quick."""
        self.stop()
        if self._running is not None:
            await asyncio.wait({self._running})
        await self._connection.http.close()


class OnlyReplica:
    """There is no other one: it always leads."""

    identity = ""
    standing_by = False
    alive = True
    connections: tuple[Connection, ...] = ()
    renewals: tuple[int, int] | None = None

    def leading(self) -> bool:
        """Always: nobody else may change anything either."""
        return True

    async def lead(self) -> None:
        """Return without waiting: it leads from the beginning."""

    def stop(self) -> None:
        """Do nothing: no Lease has to be let go."""

    async def close(self) -> None:
        """Do nothing: there is neither a Lease nor a connection for it."""


def replica_of(configuration: Configuration) -> Replica | OnlyReplica:
    """The kind of replica that was asked for. Its connection is its own: nothing is queued before a renewal."""
    if configuration.election is None:
        return OnlyReplica()
    return Replica(configuration.election, connect(configuration.kubeconfig))


def end_process(why: str) -> None:
    """Leadership is lost: threads inside calls cannot be cancelled, so the process ends, now."""
    try:
        words = threading.Thread(
            target=lambda: _log.error("leadership lost: %s. Nothing is changed any more. This process ends.", why),
            daemon=True,
        )
        words.start()
        words.join(_LAST_WORDS)
    finally:  # also where no thread can be started any more
        os._exit(LEADERSHIP_LOST)
