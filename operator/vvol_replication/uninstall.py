"""`--release-finalizers`: done once, when the operator has been removed, so that nothing of ours hangs (invariant 12).

It stands for the Lease as any replica does and acts while it holds that: an operator that still runs keeps its
finalizers, and this waits until it has ended. Requests themselves stay as they are; an operator that is installed
later goes on with them.
"""

from __future__ import annotations

import logging

from vvol_replication.api.names import ONE_SHOT_KINDS
from vvol_replication.cluster.api import ApiServer
from vvol_replication.cluster.finalizers import held, let_go
from vvol_replication.cluster.session import connect
from vvol_replication.configuration import Configuration
from vvol_replication.replica import replica_of

_log = logging.getLogger("vvol_replication")


async def release_finalizers(configuration: Configuration) -> bool:
    """Take our finalizer off every object. False if some still have it; the log says which, and why."""
    connection, replica = connect(configuration.kubeconfig), replica_of(configuration)
    cluster = ApiServer(
        connection, operator_namespace=configuration.operator_namespace, namespaces=configuration.namespaces
    )
    try:
        await replica.lead()
        return await _release(cluster)
    finally:
        replica.stop()
        await replica.close()
        await connection.http.close()


async def _release(cluster: ApiServer) -> bool:
    trouble = False
    for kind in ONE_SHOT_KINDS:
        try:
            refs = await held(cluster, kind)
        except ConnectionError as error:
            _log.error("the %s could not be listed: %s", kind.plural, error)
            trouble = True
            continue
        for ref in refs:
            prevented = await let_go(cluster, ref)
            if prevented is None:
                _log.info("finalizer removed: %s", ref)
            else:
                _log.error("%s still has the operator's finalizer: %s", ref, prevented)
                trouble = True
        _log.info("%s %s had the operator's finalizer", len(refs), kind.plural)
    return not trouble
