"""What each vSphere fault means to us: a table, read row by row (docs/facts/vsphere.md#faults).

A fault is looked up by its own type, then by the types that it is derived from, so that a vendor's or a newer
vCenter's fault still lands on the row of its family; one that only says that a query failed is looked up by its cause.
It makes no difference whether the call threw it, or whether it lay in `GroupErrorResult.error[]` or `TaskInfo.error`.
`catalogue` is the table as people read it, for documents and tests.

The text of a fault as a whole is never shown: `InvalidSession` carries the session's cookie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vvol_replication.domain.outcomes import Indeterminate, Refused, Unavailable
from vvol_replication.storage import reasons

from .vmomi import name_on_wire, type_of_name

if TYPE_CHECKING:
    from .asked import Asked

_DEEPEST_CAUSE = 5
# How services refuse a request in a version that they do not have: a bare RuntimeFault with such a text.
_VERSION_REFUSED = ("Unsupported version URI", "Request version ")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a fault means.

    `retriable`: time or a person can lift it without the request being changed. `proven`: it proves that a mutating
    call changed nothing; a link that broke somewhere behind the vCenter proves nothing. `shown`: the endpoint's own
    text is worth showing and cannot hold a secret. `seen` is said after who was asked for what, without a full stop;
    `advice` is one sentence on what to do, or what happens next.
    """

    reason: str
    retriable: bool
    seen: str
    advice: str
    proven: bool = True
    shown: bool = True


def _waits(reason: str, seen: str, advice: str, *, proven: bool = True, shown: bool = True) -> Verdict:
    """Time or a person can lift it."""
    return Verdict(reason, True, seen, advice, proven=proven, shown=shown)  # noqa: FBT003 - retriable


def _ends(reason: str, seen: str, advice: str, *, shown: bool = True) -> Verdict:
    """The answer is no, and stays no."""
    return Verdict(reason, False, seen, advice, shown=shown)  # noqa: FBT003 - not retriable


_AGAIN = "It is asked again."
_STARTING = ("its storage monitoring service (sps) is not ready", _AGAIN)
_WORKING = ("its VASA provider is busy", _AGAIN)
_STRANGE_SESSION = (
    "it does not accept the session that it has just opened",
    "Check its storage monitoring service (sps).",
)
_NO_SUCH_OPERATION = ("its VASA provider cannot do that", "Check the provider's version.")
_REPORT = "Report this as an error of the operator."
_BAD_REQUEST = ("it does not understand the request", _REPORT)
_BAD_VALUE = (
    "it does not accept a value of the request",
    f"If you asked for a pointInTimeName, try a shorter and simpler one. Otherwise: {_REPORT}",
)
_UNREACHED = ("its connection to the VASA provider failed", "Check the provider's state in vCenter.")
_FAULT = "Look at vCenter's events."
_IN_USE = ("volumes of the group are in use", "Power off its VMs.")

_QUERY_FAILED = "sms.fault.QueryExecutionFault"

TABLE: dict[str, Verdict] = {
    # Nothing better is known of it.
    "vmodl.MethodFault": _waits(reasons.ENDPOINT_FAULT, "it reports a fault", _FAULT),
    "vmodl.RuntimeFault": _waits(reasons.ENDPOINT_FAULT, "it failed inside", _FAULT, proven=False),
    # Requests that are wrong, or that nobody there can serve.
    "vmodl.fault.InvalidArgument": _ends(reasons.ENDPOINT_FAULT, *_BAD_VALUE),
    "vmodl.fault.InvalidRequest": _ends(reasons.ENDPOINT_FAULT, *_BAD_REQUEST),
    "sms.fault.DuplicateEntry": _ends(reasons.ENDPOINT_FAULT, *_BAD_REQUEST),
    "sms.fault.TooMany": _ends(
        reasons.ENDPOINT_FAULT, "it does not accept even one group in a request", "Check its VASA provider."
    ),
    "vmodl.fault.NotImplemented": _ends(reasons.NOT_SUPPORTED, *_NO_SUCH_OPERATION),
    "vmodl.fault.NotSupported": _ends(reasons.NOT_SUPPORTED, *_NO_SUCH_OPERATION),
    "vmodl.fault.MethodNotFound": _ends(
        reasons.NOT_SUPPORTED, "it does not know this call", "vCenter 7.0 or later is needed."
    ),
    "sms.fault.NotSupportedByProvider": _ends(reasons.NOT_SUPPORTED, *_NO_SUCH_OPERATION),
    "sms.fault.QueryNotSupported": _ends(reasons.NOT_SUPPORTED, *_NO_SUCH_OPERATION),
    # The provider, and the way to it.
    "sms.fault.ProviderUnavailable": _waits(
        reasons.PROVIDER_UNAVAILABLE, "its VASA provider is offline", "Bring the provider online in vCenter."
    ),
    "sms.fault.ProviderConnectionFailed": _waits(reasons.PROVIDER_UNAVAILABLE, *_UNREACHED, proven=False),
    "sms.fault.InactiveProvider": _waits(
        reasons.INACTIVE_PROVIDER, "another VASA provider is active for this group", "It is looked up again."
    ),
    "sms.fault.ProviderNotFound": _waits(
        reasons.NO_REPLICATION_PROVIDER, "no VASA provider serves this", "Register the array's VASA provider."
    ),
    _QUERY_FAILED: _waits(reasons.ENDPOINT_FAULT, "the query failed", "Check the VASA provider."),
    "sms.fault.ProviderBusy": _waits(reasons.ENDPOINT_BUSY, *_WORKING),
    "sms.fault.ProviderOutOfResource": _waits(reasons.ENDPOINT_BUSY, *_WORKING),
    "sms.fault.ProviderOutOfProvisioningResource": _waits(
        reasons.ENDPOINT_FAULT, "its VASA provider is out of space or objects", "Free some on the array."
    ),
    "sms.fault.ServiceNotInitialized": _waits(reasons.ENDPOINT_BUSY, *_STARTING),
    "vmodl.fault.ManagedObjectNotFound": _waits(
        reasons.ENDPOINT_FAULT, "it no longer knows the object that was asked", "The object is looked up again."
    ),
    # Sessions and rights. NotAuthenticated and InvalidSession are NoPermissions, hence rows of their own.
    "vim.fault.NotAuthenticated": _waits(reasons.ENDPOINT_FAULT, *_STRANGE_SESSION, shown=False),
    "sms.fault.InvalidSession": _waits(reasons.ENDPOINT_FAULT, *_STRANGE_SESSION, shown=False),
    "sms.fault.AuthConnectionFailed": _waits(
        reasons.ENDPOINT_BUSY, "its storage monitoring service (sps) cannot check the session now", _AGAIN, shown=False
    ),
    "vim.fault.NoPermission": _ends(
        reasons.PERMISSION_DENIED, "the account lacks a privilege", "Grant it.", shown=False
    ),
    "vim.fault.InvalidLogin": _waits(
        reasons.LOGIN_FAILED, "it refused the user name or password", "Correct the Secret.", shown=False
    ),
    "sms.fault.InvalidLogin": _waits(
        reasons.PROVIDER_UNAVAILABLE, "its VASA provider refused vCenter's login", "Check the provider.", shown=False
    ),
    "vim.fault.LimitExceeded": _waits(reasons.ENDPOINT_BUSY, "it has reached a limit of its own", _AGAIN),
    # VMs and their policies.
    "pbm.fault.PBMFault": _waits(reasons.ENDPOINT_FAULT, "its policy service reports a fault", _FAULT),
    # The group, and its replication.
    "vim.fault.NotFound": _ends(
        reasons.GROUP_UNKNOWN, "no VASA provider registered there knows this group", "Check the site and the ids."
    ),
    "sms.fault.replication.ReplicationFault": _waits(
        reasons.ENDPOINT_FAULT, "its VASA provider reports a replication fault", "Look at the array."
    ),
    "sms.fault.replication.InvalidFunctionTarget": _ends(
        reasons.WRONG_SIDE, "this is the wrong side of the replication", "Check recoverySite and the roles."
    ),
    "sms.fault.replication.InvalidReplicationState": _ends(
        reasons.WRONG_STATE, "the group's state does not allow this", "End its test, or reprotect (reverse) it."
    ),
    "sms.fault.replication.SyncOngoing": _waits(
        reasons.SYNC_ONGOING, "a sync of this group is under way", "The operator waits for it."
    ),
    "sms.fault.replication.NoReplicationTarget": _waits(
        reasons.NO_REPLICATION_TARGET, "the replication has no target yet", "Check the protection group's targets."
    ),
    "sms.fault.replication.NoValidReplica": _waits(
        reasons.NO_VALID_REPLICA, "a volume of the group was not replicated yet", "Wait for its first replication."
    ),
    "sms.fault.replication.PeerNotReachable": _waits(
        reasons.PEER_NOT_REACHABLE,
        "the other side of the replication is not reachable",
        "Check the connection between the arrays.",
    ),
    "sms.fault.replication.AlreadyDone": _waits(
        reasons.ENDPOINT_FAULT, "it says that this is done already", "Look at the group's state."
    ),
    "vim.fault.ResourceInUse": _waits(reasons.WRONG_STATE, *_IN_USE),
    "sms.fault.ResourceInUse": _waits(reasons.WRONG_STATE, *_IN_USE),
}

_VERSION_TOO_NEW = _ends(
    reasons.NOT_SUPPORTED, "it does not know the API version that was used", "Check vCenter's version."
)

# pyVmomi builds a type when it is first touched; a failure there must come at start-up and not in a worker thread.
TYPES = {name: type_of_name(name) for name in TABLE}


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the table for people. `fault` is the wire's name of the type, `namespace` the service that has it.

    `read` and `change` are how a call ends that was answered with it, a reading and a mutating one; `message` is what
    is read, after who was asked for what.
    """

    fault: str
    namespace: str
    read: str
    change: str
    reason: str
    retried: bool
    message: str


def catalogue() -> tuple[Entry, ...]:
    """The table as people read it, in its own order."""
    entries = []
    for name, row in TABLE.items():
        read = (Unavailable if row.retriable else Refused).__name__
        namespace, wire = name_on_wire(TYPES[name])
        change = read if row.proven else Indeterminate.__name__
        entries.append(Entry(wire, namespace, read, change, row.reason, row.retriable, f"{row.seen}. {row.advice}"))
    return tuple(entries)


def verdict(fault: Any) -> Verdict:
    """The row of a fault, or of the nearest type that it is derived from."""
    own_words = str(getattr(fault, "msg", None) or "")
    if type(fault) is TYPES["vmodl.RuntimeFault"] and own_words.startswith(_VERSION_REFUSED):
        return _VERSION_TOO_NEW
    for kind in type(_decisive(fault)).__mro__:
        if kind.__name__ in TABLE:
            return TABLE[kind.__name__]
    return TABLE["vmodl.MethodFault"]


def _decisive(fault: Any) -> Any:
    """The fault itself, or what it names as its cause where all it says is that a query failed."""
    for _ in range(_DEEPEST_CAUSE):
        cause = getattr(fault, "faultCause", None)
        if type(fault) is not TYPES[_QUERY_FAILED] or cause is None:
            break
        fault = cause
    return fault


def message(fault: Any, asked: Asked) -> str:
    """One line: who was asked for what, what it means, what to do; the endpoint's own text where it is fit to show."""
    row = verdict(fault)
    cause = _decisive(fault)
    detail, advice = _detail(cause, asked)
    text = asked.quote(getattr(cause, "msg", None)).rstrip(".")
    shown = f" [{type(cause).__name__.rpartition('.')[2]}: {text}]" if row.shown and text else ""
    return asked.line(f"{row.seen}{detail}{shown}. {advice or row.advice}")


def outcome(fault: Any, asked: Asked) -> Refused | Unavailable:
    """How a call ends that was answered with this fault, where the fault proves that nothing was changed."""
    row = verdict(fault)
    return (Unavailable if row.retriable else Refused)(row.reason, message(fault, asked))


def _detail(fault: Any, asked: Asked) -> tuple[str, str]:
    """What a fault says in fields: a state or a limit, in brackets, or what to do about a missing privilege."""
    if isinstance(fault, TYPES["sms.fault.replication.InvalidReplicationState"]):
        wanted = ", ".join(fault.desiredState or ()) or "another one"
        return f" (it is {asked.quote(fault.currentState)}, it must be {asked.quote(wanted)})", ""
    if isinstance(fault, TYPES["sms.fault.TooMany"]) and fault.maxBatchSize:
        return f" (it takes {int(fault.maxBatchSize)} at a time)", ""
    if isinstance(fault, TYPES["vim.fault.NoPermission"]) and verdict(fault).reason == reasons.PERMISSION_DENIED:
        missing = [fault.privilegeId] if fault.privilegeId else []
        for entity in fault.missingPrivileges or ():
            missing.extend(entity.privilegeIds or ())
        named = ", ".join(dict.fromkeys(missing))
        return "", f"Grant {asked.quote(named)}." if named else "It does not say which. See the list of privileges."
    return "", ""
