"""`python -m vvol_replication`: reads the configuration, wires the rooms together, runs until told to stop."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence

import kopf

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
    connection = connect(configuration.kubeconfig)
    cluster = ApiServer(
        connection, operator_namespace=configuration.operator_namespace, namespaces=configuration.namespaces
    )
    engine = Engine(cluster, StorageConnector(), SystemClock())
    ready = asyncio.Event()
    probes = Probes(ready.is_set)
    registry = registry_for(engine)

    @kopf.on.login(registry=registry)
    async def login(**_: object) -> kopf.AiohttpSession:
        return kopf.AiohttpSession(server=connection.server, aiohttp_session=connection.http)

    try:
        if configuration.http_port is not None:
            port = await probes.start(configuration.http_host, configuration.http_port)
            _log.info("probes on port %s", port)
        await engine.start()
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


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script."""
    configuration = read_configuration(arguments)
    configure_logs(configuration.log_format)
    try:
        asyncio.run(run(configuration))
    except ConnectionError as error:
        _log.error("The API server could not be read: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
