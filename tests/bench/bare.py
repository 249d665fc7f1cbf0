"""The bare script: what a person would write to sync one group, with pyVmomi and purestorage as they come.

It makes the calls that one sync needs up to its push, one after the other, and no more: no error handling, no record
of what it does, nothing checked in an answer but that it is there. Logins and ids are had beforehand. It stands alone:

    python tests/bench/bare.py <simulator.json> <source array> <target array> <protection group> <name>
"""

from __future__ import annotations

import json
import ssl
import sys
import time
import uuid
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from pyVim.connect import SmartConnect
from pyVmomi import SoapAdapter
from pyVmomi import sms as annotated_sms
from pyVmomi import vim as annotated_vim

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its docstrings and distutils
    from purestorage import FlashArray, purestorage

sms: Any = annotated_sms  # pyVmomi's annotations are wrong where they matter here
vim: Any = annotated_vim
connect: Any = SmartConnect
stub_adapter: Any = SoapAdapter.SoapStubAdapter


class Bare:
    """Logged in at two vCenters and two arrays; `source` is on `austin`'s side."""

    def __init__(self, ready: Mapping[str, Any], source: str, target: str, *, keep: bool = False) -> None:
        """Log in. `keep`: let purestorage keep its TLS connections, which by itself it never does."""
        self._name_at_target = source
        context = ssl.create_default_context(cafile=ready["caFile"])
        self._austin = _storage_manager(ready["vcenters"]["austin"], context)
        self._dallas = _storage_manager(ready["vcenters"]["dallas"], context)
        self._provider = self._dallas.QueryProvider()[0]
        self._source, self._target = (_array(ready["arrays"][name], ready["caFile"]) for name in (source, target))
        self._session = requests.Session() if keep else requests
        self._source_domain = f"com.purestorage:{ready['arrays'][source]['id']}"
        self._ids: dict[str, tuple[Any, Any]] = {}

    def find(self, group: str) -> None:
        """Look up the ids of a group, source and target, beforehand."""
        provider = self._austin.QueryProvider()[0]
        rows = {str(row.rgInfo.name).partition(":")[2]: row.rgInfo for row in provider.QueryReplicationGroup(None)}
        info = rows[group]
        replica = info.replica[0].targetGroupId
        self._ids[group] = _group_id(info.groupId), _group_id(replica)

    def push(self, group: str, name: str) -> dict[str, float]:
        """Arm the sync at the target and push on the source. The seconds that each call took, in their order."""
        purestorage.requests = _Requests(self._session)
        source_id, target_id = self._ids[group]
        param = sms.storage.replication.QueryPointInTimeReplicaParam(preferDetails=True)
        suffix, spent = f"bare-{uuid.uuid4().hex}", _Clock()
        self._dallas.QueryReplicationGroupInfo(sms.ReplicationGroupFilter(groupId=[target_id]))
        spent.lap("QueryReplicationGroupInfo (target)")
        self._austin.QueryReplicationGroupInfo(sms.ReplicationGroupFilter(groupId=[source_id]))
        spent.lap("QueryReplicationGroupInfo (source)")
        self._provider.QueryPointInTimeReplica([target_id], param)
        spent.lap("QueryPointInTimeReplica")
        self._source.get_pgroup(group, pending=True)
        spent.lap("GET pgroup (source)")
        self._source.get_pgroup(group, snap=True, transfer=True, pending=True)
        spent.lap("GET pgroup snap (source)")
        self._target.list_pgroups(names=[f"{self._name_at_target}:{group}"], snap=True, transfer=True)
        spent.lap("GET pgroup snap (target)")
        self._source.list_array_connections()
        spent.lap("GET array/connection")
        task = self._provider.SyncReplicationGroup([target_id], name)
        spent.lap("SyncReplicationGroup_Task")
        task.QueryInfo()
        spent.lap("QuerySmsTaskInfo")
        self._dallas.QueryReplicationGroupInfo(sms.ReplicationGroupFilter(groupId=[target_id]))
        spent.lap("QueryReplicationGroupInfo again")
        self._source.get_pgroup(group, snap=True, transfer=True, pending=True)
        spent.lap("GET pgroup snap again")
        self._source.create_pgroup_snapshots([group], suffix=suffix, replicate_now=True, apply_retention=True)
        spent.lap("POST pgroup")
        return spent.laps


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name], self._last = now - self._last, now


class _Requests:
    """What purestorage uses of `requests`, with or without a session behind it."""

    exceptions = requests.exceptions

    def __init__(self, behind: Any) -> None:
        self.request = behind.request


def _storage_manager(site: Mapping[str, Any], context: ssl.SSLContext) -> Any:
    host, _, port = site["address"].partition(":")
    service = connect(host=host, port=int(port), user=site["username"], pwd=site["password"], sslContext=context)
    stub = stub_adapter(
        host=host, port=int(port), path="/sms/sdk", version="sms.version.v7_0_0_1", sslContext=context, poolSize=2
    )
    stub.requestContext = {"vcSessionCookie": service._stub.GetSessionId()}  # noqa: SLF001 - SMS has no login of its own
    return sms.ServiceInstance("ServiceInstance", stub).QueryStorageManager()


def _array(array: Mapping[str, Any], ca_file: str) -> Any:
    return FlashArray(array["address"], api_token=array["apiToken"], verify_https=True, ssl_cert=ca_file)


def _group_id(wire: Any) -> Any:
    replication = vim.vm.replication
    return replication.ReplicationGroupId(
        faultDomainId=replication.FaultDomainId(id=wire.faultDomainId.id),
        deviceGroupId=replication.DeviceGroupId(id=wire.deviceGroupId.id),
    )


def main() -> None:
    """One push, and what its calls took."""
    described, source, target, group, name = sys.argv[1:]
    script = Bare(json.loads(Path(described).read_text("utf-8")), source, target)
    script.find(group)
    for call, took in script.push(group, name).items():
        sys.stdout.write(f"{call:40} {took * 1000:6.1f} ms\n")


if __name__ == "__main__":
    main()
