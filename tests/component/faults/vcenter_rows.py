"""Rows of what a vCenter and its storage providers say in part, in another form, or of a state that is in the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from vvol_simulator.model.errors import Fault as Cause

from .rows import DONE, REFUSED, UNAVAILABLE, VCENTER, Act, Ask, Fault, Row
from .wires import WIRES

_PARTS: Final = "answers in part or in another form"
_STATES: Final = "providers, groups and states"
_POINTS: Final = "QueryPointInTimeReplica"
_GROUPS: Final = "QueryReplicationGroup"
_SYNC: Final = WIRES[VCENTER, "start_sync"]
_IDS: Final = (
    '<faultDomainId xmlns="urn:vim25"><id>fd-b</id></faultDomainId>'
    '<deviceGroupId xmlns="urn:vim25"><id>erp-b</id></deviceGroupId>'
)
_SUMMARY: Final = (
    f'<returnval xsi:type="QueryPointInTimeReplicaSummaryResult"><groupId>{_IDS}</groupId><intervalResults>'
    "<fromDate>2011-01-01T00:00:00Z</fromDate><toDate>2099-01-01T00:00:00Z</toDate><number>1</number>"
    "</intervalResults></returnval>"
)
_FROZEN: Final = (
    f'<returnval xsi:type="QueryReplicationGroupSuccessResult"><groupId>{_IDS}</groupId>'
    f'<rgInfo xsi:type="TargetGroupInfo"><groupId>{_IDS}</groupId><state>FROZEN</state>'
    f"<sourceInfo><sourceGroupId>{_IDS}</sourceGroupId></sourceInfo></rgInfo></returnval>"
)
_HOLE: Final = "the inventory has a hole"


def _answer(method: str, inside: str = "") -> dict[str, Any]:
    """A SOAP answer as text, for what the simulator would not say by itself."""
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>'
        f'<{method}Response xmlns="urn:sms">{inside}</{method}Response></e:Body></e:Envelope>'
    )
    return {"body": body, "contentType": "text/xml", "when": "after"}


def _switch(name: str, value: Any) -> Act:
    return Act("set-switch", {"name": name, "value": value})


def rows() -> Iterator[Row]:
    """All of them."""
    yield from _inventories()
    yield from _lists()
    yield from _tasks()
    yield from _providers()
    yield from _states()


def _row(
    chapter: str, trouble: str, call: str, ending: tuple[str, str], *orders: Any, inside: str = "", **more: Any
) -> Row:
    return Row(chapter, VCENTER, trouble, call, *ending, orders, inside=inside, **more)


def _inventories() -> Iterator[Row]:
    bare = _answer(_GROUPS, f"<returnval><groupId>{_IDS}</groupId></returnval>")
    yield _row(
        _PARTS, "ids come without details", "inventory", (DONE, ""), Fault(_GROUPS, "garbage", bare), inside=_HOLE
    )
    yield _row(
        _PARTS,
        "only ids come at first, details when asked for",
        "inventory",
        (DONE, ""),
        _switch("unfilteredGroups", "idsOnly"),
    )
    too_many = Fault(_GROUPS, "soapFault", {"name": "TooMany", "skip": 1, "times": 2})
    yield _row(
        _PARTS, "TooMany for a batch of groups, and for one", "inventory", (DONE, ""),
        _switch("unfilteredGroups", "idsOnly"), too_many, inside=_HOLE,
    )  # fmt: skip
    busy = Fault("QueryProviderInfo", "soapFault", {"name": "ProviderBusy"})
    yield _row(_PARTS, "a provider does not describe itself", "inventory", (DONE, ""), busy, inside=_HOLE)
    yield _row(
        _PARTS, "a provider that vCenter names for no array does not describe itself", "inventory", (DONE, ""),
        _switch("faultDomainProviders", value=False), busy, inside=_HOLE,
    )  # fmt: skip
    yield _row(
        _PARTS, "the list of groups is garbage", "inventory", (DONE, ""), Fault(_GROUPS, "garbage"), inside=_HOLE
    )
    offline = Act("set-provider", {"vCenter": "$endpoint", "provider": "vasaProvider-1", "status": "offline"})
    yield _row(_PARTS, "a provider is offline", "inventory", (DONE, ""), offline, inside=_HOLE)
    none = _answer("QueryProvider")
    yield _row(
        _STATES, "no VASA provider is registered", "inventory", (UNAVAILABLE, "NoReplicationProvider"),
        Fault("QueryProvider", "garbage", none),
    )  # fmt: skip


def _lists() -> Iterator[Row]:
    yield _row(
        _PARTS,
        "a count of the points in time at first, then the list",
        "points_in_time",
        (DONE, ""),
        Fault(_POINTS, "garbage", _answer(_POINTS, _SUMMARY) | {"times": 1}),
    )
    yield _row(
        _PARTS,
        "a count of the points in time, whatever is asked",
        "points_in_time",
        (UNAVAILABLE, "EndpointFault"),
        _switch("pointsInTime", "summary"),
    )
    ever = Fault(_POINTS, "soapFault", {"name": "TooMany"})
    yield _row(_PARTS, "TooMany, however short the interval", "points_in_time", (UNAVAILABLE, "EndpointFault"), ever)
    for method, call in ((_POINTS, "points_in_time"), (WIRES[VCENTER, "group"], "group"), ("QuerySmsTaskInfo", "task")):
        yield _row(
            _PARTS, "an answer with nothing in it", call, (UNAVAILABLE, "AnswerUnreadable"),
            Fault(method, "garbage", _answer(method)),
        )  # fmt: skip
    info = WIRES[VCENTER, "group"]
    newer = Fault(info, "garbage", _answer(info, "<returnval><fromTheFuture/></returnval>"))
    yield _row(_PARTS, "an answer has what only a newer vCenter has", "group", (UNAVAILABLE, "AnswerUnreadable"), newer)
    yield _row(
        _PARTS, "an answer without a task", "start_sync", ("Indeterminate", "AnswerLost"),
        Fault(_SYNC, "garbage", _answer(_SYNC)),
    )  # fmt: skip


def _tasks() -> Iterator[Row]:
    armed = Ask("start_sync")
    yield _row(_PARTS, "the task is not known any more", "task", (DONE, ""), inside="the task is forgotten")
    yield _row(
        _PARTS,
        "the sync is armed, and waits for a replication",
        "task",
        (DONE, ""),
        armed,
        inside="the task is running",
    )
    word = "<returnval><key>t</key><state>paused</state><progress>1</progress></returnval>"
    yield _row(
        _PARTS, "a task in a state that nobody knows", "task", (UNAVAILABLE, "AnswerUnreadable"),
        armed, Fault("QuerySmsTaskInfo", "garbage", _answer("QuerySmsTaskInfo", word)),
    )  # fmt: skip


def _providers() -> Iterator[Row]:
    mapping = {"mapping": [{"activeProvider": "vasaProvider-1", "faultDomainId": ["fd-b"]}]}
    for times, ending in ((1, (DONE, "")), (None, (UNAVAILABLE, "InactiveProvider"))):
        args: dict[str, Any] = {"name": "InactiveProvider", "fields": mapping, "times": times}
        how = "names the active one" if times else "names one that says the same"
        for call, wire in (("points_in_time", _POINTS), ("start_sync", _SYNC)):
            yield _row(_STATES, f"InactiveProvider {how}", call, ending, Fault(wire, "soapFault", args))
    unnamed = Fault("QueryFaultDomain", "garbage", _answer("QueryFaultDomain"))
    stranger = Act("set-provider", {"vCenter": "$endpoint", "provider": "vasaProvider-1", "replicates": False})
    busy = Fault("QueryProviderInfo", "soapFault", {"name": "ProviderBusy"})
    for call in ("points_in_time", "start_sync"):
        yield _row(
            _STATES, "no provider serves the fault domain", call, (UNAVAILABLE, "NoReplicationProvider"),
            unnamed, stranger,
        )  # fmt: skip
        yield _row(
            _STATES, "no provider is known for the fault domain, and not all could be asked", call,
            (UNAVAILABLE, "ProviderUnavailable"), unnamed, busy,
        )  # fmt: skip
    limit = Fault(WIRES[VCENTER, "group"], "soapFault", {"name": "TooMany", "fields": {"maxBatchSize": 16}})
    yield _row(_PARTS, "TooMany for one group, with its limit", "group", (REFUSED, "EndpointFault"), limit)
    cause = Fault(
        WIRES[VCENTER, "group"],
        "soapFault",
        {"name": "QueryExecutionFault", "fields": {"faultCause": Cause("ProviderBusy", "text of ProviderBusy")}},
    )
    yield _row(_PARTS, "a query failed, with a cause that says more", "group", (UNAVAILABLE, "EndpointBusy"), cause)


def _states() -> Iterator[Row]:
    yield _row(_STATES, "a sync of this group is armed already", "start_sync", (DONE, "SyncOngoing"), Ask("start_sync"),
               inside="another sync is under way")  # fmt: skip
    for place, where in (("groupError", "in its result"), ("taskError", "as the task's error")):
        yield _row(
            _STATES, f"a sync of this group is armed already, said {where}", "task", (DONE, "SyncOngoing"),
            _switch("syncOngoing", place), Ask("start_sync", times=2), inside="the task ended in error",
        )  # fmt: skip
    for state in ("FAILEDOVER", "INTEST"):
        act = Act("set-state", {"protectionGroup": "erp", "side": "target", "state": state})
        yield _row(
            _STATES, f"the target group is in state {state}", "task", (DONE, "WrongState"), act, Ask("start_sync"),
            inside="the task ended in error",
        )  # fmt: skip
        yield _row(
            _STATES, f"the target group is in state {state}, said directly", "start_sync", (REFUSED, "WrongState"), act,
            _switch("groupFaults", "thrown"),
        )  # fmt: skip
    unknown = "the group is in a state that nobody knows"
    info = WIRES[VCENTER, "group"]
    frozen = Fault(info, "garbage", _answer(info, _FROZEN))
    yield _row(_STATES, unknown, "group", (DONE, ""), frozen, inside="the state is unknown")
    gone = Act("reassign-groups", {"protectionGroup": "erp"})
    for call in ("group", "points_in_time"):
        yield _row(_STATES, "no provider knows the group's id", call, (REFUSED, "GroupUnknown"), gone)
    hidden = Act("set-vm-access", {"vm": "erp-vm", "hidden": True})
    yield _row(
        _STATES, "the account may not see a VM", "members", (DONE, ""), hidden, inside="VMs are not accounted for"
    )
    power = Act("set-vm-access", {"vm": "erp-vm", "unreadable": ["runtime.powerState"]})
    yield _row(
        _STATES,
        "the account may not read a VM's power",
        "members",
        (DONE, ""),
        power,
        inside="VMs are not accounted for",
    )
    for trouble, shown in (
        ("a VM's host is not connected", {"connection": "disconnected"}),
        ("a VM's files cannot be read by its host", {"connection": "inaccessible"}),
        ("a VM is in a power that only a newer vCenter has", {"power": "hibernated"}),
    ):
        off = Act("power", {"vm": "erp-vm", "state": "poweredOff"})
        act = Act("set-vm-shown", {"vm": "erp-vm", **shown})
        yield _row(_STATES, trouble, "members", (DONE, ""), off, act, inside="VMs are not accounted for")
    nameless = _switch("memberIds", "none")
    yield _row(
        _STATES, "the provider names no members", "members", (DONE, ""), nameless, inside="VMs are not accounted for"
    )
