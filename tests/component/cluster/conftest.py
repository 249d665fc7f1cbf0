"""The API server of these suites, and the adapter to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from component.cluster.server import Server

from vvol_replication.cluster import session
from vvol_replication.cluster.api import ApiServer
from vvol_replication.cluster.session import connect


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """An API server on a TLS socket; a test says what it answers."""
    made = Server(tmp_path)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def api(server: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ApiServer]:
    """The adapter, which waits half a second for an answer."""
    monkeypatch.setattr(session, "_TIMEOUT", aiohttp.ClientTimeout(total=0.5))
    connection = connect(server.kubeconfig())
    yield ApiServer(connection, operator_namespace="vvol", namespaces=())
    await connection.http.close()
