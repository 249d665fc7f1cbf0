"""`--check`: is everything there that the operator needs? For `helm test`, and for whoever looks for what is missing.

Asked under the operator's own account: are its kinds served, may it do all that it has to, and does a replica hold the
Lease and renew it?
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator

from vvol_replication.api.names import API_VERSION, KINDS
from vvol_replication.api.objects import Failed
from vvol_replication.cluster.api import ApiServer
from vvol_replication.cluster.lease import LeaseError, LeaseStore
from vvol_replication.cluster.reviews import needed
from vvol_replication.cluster.session import Connection, connect
from vvol_replication.configuration import Configuration, Election

_log = logging.getLogger("vvol_replication")
_PATIENCE = 4  # lease durations; right after an installation the operator is still starting


async def check(configuration: Configuration) -> bool:
    """Look at everything and log what is missing, with what to do. True: nothing is."""
    connection = connect(configuration.kubeconfig)
    cluster = ApiServer(
        connection, operator_namespace=configuration.operator_namespace, namespaces=configuration.namespaces
    )
    try:
        missing = [one async for one in _missing(cluster, connection, configuration)]
    finally:
        await connection.http.close()
    for one in missing:
        _log.error("%s", one)
    if not missing:
        lease = "no Lease was checked" if configuration.election is None else "a replica is at work"
        _log.info("checked: the CRDs are installed, the permissions are complete, %s", lease)
    return not missing


async def _missing(cluster: ApiServer, connection: Connection, configuration: Configuration) -> AsyncIterator[str]:
    served = await cluster.served()
    if isinstance(served, Failed):
        yield served.message
        return
    for kind in KINDS:
        if kind.plural not in served:
            yield f"{API_VERSION} has no {kind.plural}. Install the CRD {kind.crd_name}."
    election = configuration.election
    lease = None if election is None else (election.namespace, election.name)
    asked = needed(
        configuration.operator_namespace,
        configuration.namespaces,
        lease,
        judges_scrapers=configuration.metrics_port is not None,
    )
    for permission in asked:
        allowed = await cluster.allows(permission)
        if isinstance(allowed, Failed):
            yield allowed.message
        elif not allowed:
            yield f"this account may not {permission}. Apply the roles of the installation."
    if election is not None and (trouble := await _unled(connection, election)):
        yield trouble


async def _unled(connection: Connection, election: Election) -> str | None:
    """What is wrong with the Lease, if no replica is seen to renew it in time."""
    store = LeaseStore(connection, election.namespace, election.name)
    where, first = f"Lease {election.namespace}/{election.name}", ""
    deadline = time.monotonic() + _PATIENCE * election.timing.duration
    while True:
        said = "is not there"
        try:
            stored = await store.read()
        except LeaseError as error:
            said = f"could not be read: {error}"
        else:
            if stored is not None:
                said = f"is held by {stored.record.holder or 'nobody'} and is not renewed"
                if stored.record.holder and first and stored.record.renewed != first:
                    return None
                first = first or stored.record.renewed
        if time.monotonic() >= deadline:
            return f"no replica is at work: {where} {said}. Look at the operator's log."
        await asyncio.sleep(election.timing.retry)
