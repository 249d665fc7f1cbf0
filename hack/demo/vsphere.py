"""The points in time of a group as vSphere lists them: plain pyVmomi against two vCenters, none of the operator's code.

The way a person goes with PowerCLI: Get-SpbmReplicationGroup by name at the protected site, its target group at the
recovery site, Get-SpbmPointInTimeReplica of that.
"""

from __future__ import annotations

import contextlib
import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyVim.connect
import pyVmomi

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# pyVmomi carries no types.
CONNECT: Any = pyVim.connect
VMOMI: Any = pyVmomi

SMS_VERSION = "sms.version.v7_0_0_1"  # the first that can ask for details of points in time


class NotListedError(Exception):
    """The group, or its points in time, are not what vCenter was expected to list."""


@dataclass(frozen=True)
class ListedPoint:
    """One line of vSphere's list; `name` is None where the point in time has none."""

    id: str
    name: str | None
    time: datetime


def points_in_time(
    protected: Mapping[str, str], recovery: Mapping[str, str], authority: Path, source_group: str
) -> list[ListedPoint]:
    """What the recovery site lists for the group named `source_group` at the protected site, oldest first.

    `protected`, `recovery`: `{address, username, password}` of their vCenters. Raises NotListedError and pyVmomi's own.
    """
    with _providers(protected, authority) as providers:
        named = [info for _, info in _groups(providers) if getattr(info, "name", None) == source_group]
        if len(named) != 1:
            raise NotListedError(f"the protected vCenter lists {len(named)} groups named {source_group}, not one")
        source = _key(named[0].groupId)
    with _providers(recovery, authority) as providers:
        for provider, info in _groups(providers):
            origin = getattr(info, "sourceInfo", None)
            if origin is not None and _key(origin.sourceGroupId) == source:
                return _listed(provider, info.groupId)
    raise NotListedError(f"the recovery vCenter lists no target group of {source_group}")


@contextlib.contextmanager
def _providers(site: Mapping[str, str], authority: Path) -> Iterator[list[Any]]:
    """The storage providers of a vCenter, logged in: SMS takes the session of the vSphere API in a SOAP header."""
    host, _, port = site["address"].partition(":")
    trust = ssl.create_default_context(cafile=str(authority))
    vcenter = CONNECT.SmartConnect(
        host=host, port=int(port), user=site["username"], pwd=site["password"], sslContext=trust
    )
    try:
        session = vcenter._stub.GetSessionId()  # noqa: SLF001 - pyVmomi has no public name for it
        stub = VMOMI.SoapStubAdapter(
            host=host,
            port=int(port),
            path="/sms/sdk",
            version=SMS_VERSION,
            sslContext=trust,
            requestContext={"vcSessionCookie": session},
        )
        manager = VMOMI.sms.ServiceInstance("ServiceInstance", stub).QueryStorageManager()
        yield list(manager.QueryProvider() or ())
        stub.DropConnections()
    finally:
        CONNECT.Disconnect(vcenter)


def _groups(providers: list[Any]) -> Iterator[tuple[Any, Any]]:
    for provider in providers:
        for result in provider.QueryReplicationGroup() or ():
            if getattr(result, "rgInfo", None) is not None:
                yield provider, result.rgInfo


def _listed(provider: Any, group: Any) -> list[ListedPoint]:
    details = VMOMI.sms.storage.replication.QueryPointInTimeReplicaParam(
        preferDetails=True
    )  # else it may only count them
    (result,) = provider.QueryPointInTimeReplica([group], details)
    if not isinstance(result, VMOMI.sms.storage.replication.QueryPointInTimeReplicaSuccessResult):
        raise NotListedError(f"the recovery vCenter does not list points in time: {type(result).__name__}")
    found = [ListedPoint(wire.id.id, wire.pitName or None, wire.timeStamp) for wire in result.replicaInfo or ()]
    return sorted(found, key=lambda point: point.time)


def _key(group: Any) -> tuple[str, str]:
    return group.faultDomainId.id, group.deviceGroupId.id
