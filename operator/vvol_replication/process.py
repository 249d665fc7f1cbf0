"""The operator as a process: reads the configuration, wires the rooms together, runs until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from vvol_replication.api.names import KINDS
from vvol_replication.cluster.api import ApiServer
from vvol_replication.cluster.scrapers import Scrapers
from vvol_replication.cluster.session import connect
from vvol_replication.cluster.settings import KubeconfigError, NoApiServerError
from vvol_replication.configuration import Configuration, Job, read_configuration, version
from vvol_replication.engine.about import about_now
from vvol_replication.engine.engine import Engine
from vvol_replication.handlers.kinds import registry_for
from vvol_replication.handlers.lifecycle import add_lifecycle, serve
from vvol_replication.handlers.settings import operator_settings
from vvol_replication.installation import check
from vvol_replication.metrics.ends import EndCounter
from vvol_replication.metrics.exposition import Exposition, Sources
from vvol_replication.metrics.lag import LoopLag
from vvol_replication.replica import LEADERSHIP_LOST, replica_of
from vvol_replication.telemetry.certificate import CertificateError, ServingCertificate
from vvol_replication.telemetry.logs import configure_logs
from vvol_replication.telemetry.probes import Probes
from vvol_replication.telemetry.secured import SecuredMetrics
from vvol_replication.tracing.errors import TracingError
from vvol_replication.tracing.start import start_tracing
from vvol_replication.uninstall import release_finalizers
from vvol_replication.wiring import Meters, StorageConnector, SystemClock, load_storage

_log = logging.getLogger("vvol_replication")
BEGIN_ANEW = LEADERSHIP_LOST
_SLOW_START = 1.0  # seconds; who is not ready by then waits for the Lease, or for the API server
_LONGEST_END = 10.0  # seconds after the signal; whatever hangs then is left to die with the process


class Stop:
    """SIGTERM or SIGINT. As process 1 nobody else hears them, so they are listened to from the beginning."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.code = 0
        self.listeners: list[Callable[[], None]] = []

    def listen(self) -> None:
        """Take the signals, from whoever has them."""
        for one in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(one, self._tell, one)

    async def unless_asked(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do this. False if the signal came first."""
        task, asked = asyncio.create_task(work), asyncio.create_task(self.asked.wait())
        try:
            await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (task, asked):
                one.cancel()
            await asyncio.wait({task, asked})
        if task.cancelled():
            return False
        task.result()
        return not self.asked.is_set()

    def begin_anew(self) -> None:
        """The API server was put back to an earlier state: watches from before show nothing (docs/backup.md)."""
        if not self.asked.is_set():
            _log.error("the API server was put back to an earlier state. This process ends, and begins again.")
            self.code = BEGIN_ANEW
            self._end()

    def _tell(self, number: signal.Signals) -> None:
        if self.asked.is_set():
            return
        _log.info("%s: ending", number.name)
        self._end()

    def _end(self) -> None:
        self.asked.set()
        for listener in self.listeners:
            listener()
        asyncio.get_running_loop().call_later(_LONGEST_END, os._exit, 1)


async def load_beside(ready: asyncio.Event) -> None:
    """Load what speaks to the storage while nothing else is to do, so that the first endpoint need not wait for it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_SLOW_START):
            await ready.wait()
    await asyncio.to_thread(load_storage)


async def run(configuration: Configuration) -> int:
    """Run until SIGTERM or SIGINT. Returns the exit code."""
    traces = start_tracing(version()) if configuration.tracing else None
    stop = Stop()
    stop.listen()
    connection = connect(configuration.kubeconfig, watches=len(KINDS) * max(1, len(configuration.namespaces)))
    replica = replica_of(configuration)
    stop.listeners.append(replica.stop)
    cluster = ApiServer(
        connection, operator_namespace=configuration.operator_namespace, namespaces=configuration.namespaces
    )
    ends, lag = EndCounter(), LoopLag()
    engine = Engine(
        cluster,
        StorageConnector(replica.leading),
        SystemClock(),
        leading=replica.leading,
        identity=replica.identity,
        meter=Meters(ends if configuration.metrics else None, traces),
        require_allowed_addresses=configuration.require_allowed_addresses,
        put_back=stop.begin_anew,
    )
    ready = asyncio.Event()
    sources = Sources(
        version=version(),
        measures=engine.measures,
        leading=replica.leading,
        renewals=lambda: replica.renewals,
        connections=(connection, *replica.connections),
    )
    metrics = Exposition(sources, ends, lag).answer if configuration.metrics else None
    probes = Probes(
        lambda: ready.is_set() or replica.standing_by,
        lambda: replica.alive,
        metrics if configuration.metrics_port is None else None,
    )
    secured: SecuredMetrics | None = None
    loading = asyncio.create_task(load_beside(ready), name="load-storage")
    registry = registry_for(engine)

    async def end() -> None:
        replica.stop()
        await engine.stop()

    add_lifecycle(registry, connection, at_end=end, listed=engine.listed)
    try:
        if configuration.http_port is not None:
            port = await probes.start(configuration.http_host, configuration.http_port)
            _log.info("probes on port %s", port)
        if configuration.metrics_port is not None and metrics is not None:
            path = configuration.metrics_cert_path
            certificate = ServingCertificate(None if path is None else Path(path), socket.gethostname())
            secured = SecuredMetrics(metrics, Scrapers(connection).judge, certificate)
            port = await secured.start(configuration.http_host, configuration.metrics_port)
            _log.info("metrics on port %s, over TLS", port)
        if metrics is not None and (secured is not None or configuration.http_port is not None):
            lag.start()
        _log.info("vvol-replication %s", version())
        if not (await stop.unless_asked(replica.lead()) and await stop.unless_asked(engine.start())):
            return stop.code
        _log.info("taken over: %s requests in flight", engine.in_flight)
        # kopf puts its own listeners to the signals; leadership has to end before it.
        await serve(
            registry,
            operator_settings(),
            configuration.namespaces,
            stop=stop.asked,
            ready=ready,
            on_spawned=stop.listen,
        )
        return stop.code
    finally:
        loading.cancel()
        replica.stop()
        await asyncio.gather(replica.close(), engine.stop())
        if traces is not None:
            await traces.close()
        await probes.stop()
        if secured is not None:
            await secured.stop()
        await lag.stop()
        await connection.http.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the job that was asked for. Returns the exit code: what cannot be mended by waiting is said in one line."""
    configuration = read_configuration(arguments)
    configure_logs(configuration.log_format, configuration.log_level, about_now)
    try:
        match configuration.job:
            case Job.CHECK:
                return 0 if asyncio.run(check(configuration)) else 1
            case Job.RELEASE_FINALIZERS:
                return 0 if asyncio.run(release_finalizers(configuration)) else 1
            case _:
                return asyncio.run(run(configuration))
    except (KubeconfigError, CertificateError, TracingError) as error:
        _log.error("Cannot run: %s", error)
        return 1
    except NoApiServerError as error:
        _log.error("No API server is known: %s. Give --kubeconfig, or run in a pod.", error)
        return 1
    except OSError as error:
        _log.error("Cannot run: %s", error)
        return 1
    except Exception:  # noqa: BLE001 - logged whole, in the form that was asked for
        _log.exception("The operator ended because of an unknown error")
        return 1
    return 0
