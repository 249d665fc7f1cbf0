"""The one answer of SMS that `members` needs, for a vCenter that has no SMS: all other calls are its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyVmomi import sms as annotated_sms

from vvol_replication.domain.groups import GroupId
from vvol_replication.storage.vsphere import VCenter, convert

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

GROUP = GroupId("domain-a", "erp-source")
OTHER = GroupId("domain-a", "crm-source")
sms: Any = annotated_sms


def stands_in_for_sms(monkeypatch: pytest.MonkeyPatch, moids: Iterable[str], vcenter: str | None = None) -> None:
    """Let every adapter believe that the provider names these VMs, by id, as members of the group."""
    replication = sms.storage.replication
    ids = [replication.VirtualMachineMoId(vcUuid=vcenter, vmMoid=moid) for moid in moids]
    info = replication.SourceGroupInfo(
        groupId=convert.wire_group_id(GROUP),
        memberInfo=[replication.SourceGroupMemberInfo(deviceId=identity) for identity in ids],
    )
    monkeypatch.setattr(VCenter, "_info", lambda _self, _group: info)
