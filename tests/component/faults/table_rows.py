"""Rows of vCenter's faults: every entry of the adapter's table in each place where it may lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vvol_replication.storage.vsphere.faults import TABLE, Entry, catalogue

from .rows import DONE, INDETERMINATE, VCENTER, Ask, Fault, Row

INFO: Final = "QueryReplicationGroupInfo"
SYNC: Final = "SyncReplicationGroup_Task"
PREPARE: Final = "PrepareFailoverReplicationGroup_Task"

NOT_IN_SMS: Final = ("pbm.fault.PBMFault",)
"""Faults that SMS cannot write: they come from vCenter's policy service."""


def rows() -> Iterator[Row]:
    """All of them, place by place."""
    entries = list(zip(TABLE, catalogue(), strict=True))
    sms = [(name, entry) for name, entry in entries if name not in NOT_IN_SMS]
    yield from (_read(name, entry, "thrown", "soapFault") for name, entry in sms)
    yield from (_read(name, entry, "in error[]", "groupError") for name, entry in sms)
    yield from (_policies(name, entry) for name, entry in entries if name in NOT_IN_SMS)
    for call, wire in (("start_sync", SYNC), ("start_prepare", PREPARE)):
        yield from (_change(name, entry, call, wire) for name, entry in sms)
    yield from (_task(name, entry, "as the task's error", "taskError") for name, entry in sms)
    yield from (_task(name, entry, "in a success task", "groupError") for name, entry in sms)


def _fault(call: str, kind: str, entry: Entry) -> Fault:
    return Fault(call, kind, {"name": entry.fault, "message": f"text of {entry.fault}"})


def _wire(name: str, entry: Entry) -> str:
    """The fault's name for people; two services have some of the same name."""
    twice = sum(other.rpartition(".")[2] == name.rpartition(".")[2] for other in TABLE) > 1
    return f"{name.partition('.')[0]}:{entry.fault}" if twice else entry.fault


def _read(name: str, entry: Entry, where: str, kind: str) -> Row:
    return Row(
        f"faults of a reading call, {where}",
        VCENTER,
        f"{_wire(name, entry)} {where}",
        "group",
        entry.read,
        entry.reason,
        (_fault(INFO, kind, entry),),
        fault=name,
    )


def _policies(name: str, entry: Entry) -> Row:
    return Row(
        "faults of a reading call, thrown",
        VCENTER,
        f"{_wire(name, entry)} thrown by the policy service",
        "members",
        entry.read,
        entry.reason,
        (_fault("PbmQueryReplicationGroups", "soapFault", entry),),
        fault=name,
    )


def _change(name: str, entry: Entry, call: str, wire: str) -> Row:
    ongoing = call == "start_sync" and entry.reason == "SyncOngoing"
    doubt = entry.change == INDETERMINATE
    return Row(
        f"faults of `{call}`, thrown",
        VCENTER,
        f"{_wire(name, entry)} thrown",
        call,
        DONE if ongoing else entry.change,
        "AnswerLost" if doubt else entry.reason,
        (_fault(wire, "soapFault", entry),),
        inside="another sync is under way" if ongoing else "",
        fault=name,
    )


def _task(name: str, entry: Entry, where: str, kind: str) -> Row:
    return Row(
        f"faults of an accepted sync, {where}",
        VCENTER,
        f"{_wire(name, entry)} {where}",
        "task",
        DONE,
        entry.reason,
        (_fault(SYNC, kind, entry), Ask("start_sync")),
        inside="the task ended in error",
        fault=name,
    )
