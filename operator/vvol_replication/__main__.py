"""`python -m vvol_replication`: reads the configuration, wires the rooms together, runs until told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

import kopf
from kubernetes.config import ConfigException

from vvol_replication.api.names import KINDS
from vvol_replication.cluster.api import ApiServer
from vvol_replication.cluster.session import connect
from vvol_replication.configuration import Configuration, read_configuration
from vvol_replication.engine.engine import Engine
from vvol_replication.handlers.kinds import registry_for
from vvol_replication.handlers.settings import operator_settings
from vvol_replication.telemetry.logs import configure_logs
from vvol_replication.telemetry.probes import Probes
from vvol_replication.wiring import StorageConnector, SystemClock

_log = logging.getLogger("vvol_replication")


async def run(configuration: Configuration) -> None:
    """Run until SIGTERM or SIGINT, which kopf turns into the end of its operator."""
    watches = len(KINDS) * max(1, len(configuration.namespaces))
    connection = connect(configuration.kubeconfig, watches=watches)
    cluster = ApiServer(
        connection, operator_namespace=configuration.operator_namespace, namespaces=configuration.namespaces
    )
    engine = Engine(cluster, StorageConnector(), SystemClock())
    ready = asyncio.Event()
    probes = Probes(ready.is_set)
    registry = registry_for(engine)

    @kopf.on.login(registry=registry)
    async def login(**_: object) -> kopf.AiohttpSession:
        return kopf.AiohttpSession(server=connection.server, aiohttp_session=connection.patient())

    @kopf.on.cleanup(registry=registry)
    async def cleanup(**_: object) -> None:
        # Tasks of ours that are still there when kopf ends are taken for hung ones and waited for, five seconds long.
        await engine.stop()

    try:
        if configuration.http_port is not None:
            port = await probes.start(configuration.http_host, configuration.http_port)
            _log.info("probes on port %s", port)
        if not await _unless_told_to_stop(engine.start()):
            return
        _log.info("taken up: %s requests in flight", engine.in_flight)
        await kopf.operator(
            registry=registry,
            settings=operator_settings(),
            clusterwide=not configuration.namespaces,
            namespaces=configuration.namespaces,
            ready_flag=ready,
        )
    finally:
        await engine.stop()
        await probes.stop()
        await connection.http.close()


async def _unless_told_to_stop(work: Coroutine[Any, Any, None]) -> bool:
    """Do this before kopf listens to signals. False if SIGTERM or SIGINT came first: as process 1 nobody else hears."""
    task, loop = asyncio.create_task(work), asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for one in signals:
        loop.add_signal_handler(one, task.cancel)
    try:
        await asyncio.wait({task})
    finally:
        task.cancel()
        for one in signals:
            loop.remove_signal_handler(one)
    if task.cancelled():
        return False
    task.result()
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script. Returns the exit code: what cannot be mended by waiting is said in one line."""
    configuration = read_configuration(arguments)
    configure_logs(configuration.log_format)
    try:
        asyncio.run(run(configuration))
    except ConfigException as error:
        _log.error("No API server is known: %s. Give --kubeconfig, or run in a pod.", error)
        return 1
    except OSError as error:
        _log.error("Cannot run: %s", error)
        return 1
    except Exception:  # noqa: BLE001 - logged whole, in the form that was asked for
        _log.exception("The operator ended because of an error that it does not know")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
