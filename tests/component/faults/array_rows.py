"""Rows of what a FlashArray refuses, over both REST families."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .rows import ARRAYS, DONE, REFUSED, REST1, Act, Ask, Fault, Port, Row
from .wires import WIRES

_REFUSALS: Final = "refusals of an array"
_TAKEN: Final = "snapshots that are there already"
_VERSIONS: Final = "REST versions"

_SAID: Final = (
    ("Protection group has no allowed targets.", "no target allows the protection group", "TargetNotAllowed"),
    ("Array flasharray-b is not connected.", "the target array is not connected", "ArraysNotConnected"),
    ("Snapshot limit reached.", "the array holds as many snapshots as it can", "SnapshotLimitReached"),
    ("Replication is not supported for a protection group in a pod.", "the array finds it in a pod", "NotSupported"),
    ("Something else.", "something that is in no table", "ArrayRefused"),
)
"""What arrays may say: text, trouble, reason. The simulator by itself lets such a push stay local, or queues it."""


def _said(endpoint: str, text: str) -> dict[str, Any]:
    """A refusal as the family words it."""
    if endpoint == REST1:
        body = f'[{{"pure_err_key": "err.friendly", "msg": "{text}", "ctx": "erp"}}]'
    else:
        body = f'{{"errors": [{{"message": "{text}", "context": "erp"}}]}}'
    return {"status": 400, "body": body, "contentType": "application/json"}


def rows() -> Iterator[Row]:
    """All of them, family by family."""
    for endpoint in ARRAYS:
        yield from _refusals(endpoint)
        yield from _taken(endpoint)
        yield from _versions(endpoint)


def _refusals(endpoint: str) -> Iterator[Row]:
    push, missing = WIRES[endpoint, "push"], (REFUSED, "ProtectionGroupNotFound")
    absent = "there is no such protection group"
    yield Row(_REFUSALS, endpoint, absent, "push", *missing, about="nothing")
    yield Row(_REFUSALS, endpoint, absent, "snapshots", *missing, about="nothing")
    yield Row(_REFUSALS, endpoint, absent, "protection_group", DONE, inside="there is none", about="nothing")
    yield Row(_REFUSALS, endpoint, absent, "transfers", DONE, about="nothing")
    yield Row(_REFUSALS, endpoint, absent, "policies", DONE, about="nothing")
    destroyed = (Act("destroy-group", {"protectionGroup": "erp"}),)
    text = "the protection group is destroyed"
    yield Row(_REFUSALS, endpoint, text, "push", REFUSED, "ProtectionGroupDestroyed", destroyed)
    yield Row(
        _REFUSALS, endpoint, "the protection group is in a pod", "push", REFUSED, "NotSupported", about="pod1::erp"
    )
    for name, trouble in (
        ("erp/../x", "a name that no protection group can have"),
        ("x" * 99, "a name that is too long"),
    ):
        yield Row(_REFUSALS, endpoint, trouble, "push", REFUSED, "ArrayRefused", about=name)
    for said, trouble, reason in _SAID:
        orders = (Fault(push, "httpStatus", _said(endpoint, said)),)
        yield Row(_REFUSALS, endpoint, f"{trouble}, and it says so", "push", REFUSED, reason, orders)
    silent = (Act("disallow", {"protectionGroup": "erp"}),)
    text = "no target allows the protection group, and the array takes the push"
    yield Row(_REFUSALS, endpoint, text, "push", DONE, orders=silent)
    cut = (Act("disconnect", {"array": "flasharray-a", "other": "flasharray-b"}),)
    text = "the target array is not connected, and the array takes the push"
    yield Row(_REFUSALS, endpoint, text, "push", DONE, orders=cut)


def _taken(endpoint: str) -> Iterator[Row]:
    first = Ask("push")
    live = "the snapshot is there already, live"
    yield Row(_TAKEN, endpoint, "a snapshot of this suffix is there", "push", DONE, orders=(first,), inside=live)
    gone = Act("destroy-snapshot", {"protectionGroup": "erp", "suffix": "vr-1"})
    for value, how in (("alreadyExists", "exists"), ("hasBeenDestroyed", "was destroyed")):
        orders = (Act("set-switch", {"name": "destroyedSuffixMessage", "value": value}), first, gone)
        text = f"a destroyed snapshot of this suffix is there, and the array says that it {how}"
        inside = "the snapshot is there already, destroyed"
        yield Row(_TAKEN, endpoint, text, "push", DONE, orders=orders, inside=inside)


def _versions(endpoint: str) -> Iterator[Row]:
    other = ["2.4", "2.44"] if endpoint == REST1 else ["1.0", "1.19"]
    for call in ("connections", "push"):
        only = (Act("set-array", {"array": "$endpoint", "restVersions": other}),)
        text = "it offers the other REST family only"
        yield Row(_VERSIONS, endpoint, text, call, REFUSED, "NotSupported", only)
        old = ["1.0", "1.1"] if endpoint == REST1 else ["2.0", "2.1"]
        too_old = (Act("set-array", {"array": "$endpoint", "restVersions": old}),)
        text = "all versions that it offers are too old"
        yield Row(_VERSIONS, endpoint, text, call, REFUSED, "NotSupported", too_old)
        withdrawn = (Ask("about"), Act("set-array", {"array": "$endpoint", "restVersions": other}))
        text = "it no longer offers the family that was spoken, restVersion is Auto"
        yield Row(_VERSIONS, endpoint, text, call, DONE, orders=withdrawn, port=Port(rest="Auto"))
