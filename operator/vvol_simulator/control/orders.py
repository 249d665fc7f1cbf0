"""Whether an ordered fault can ever be met: at that endpoint there is such a call, and it can go wrong in that way."""

import difflib
import fnmatch

from vvol_simulator import flasharray, soap
from vvol_simulator.model import World, WorldError

_ONLY: dict[str, tuple[frozenset[str], str]] = {
    "soapFault": (soap.CALLS, "calls of a vCenter"),
    "taskError": (soap.CHANGES, "calls of a vCenter that change something"),
    "groupError": (soap.CHANGES, "calls of a vCenter that change something"),
    "stalledTransfer": (flasharray.PUSHES | soap.CHANGES, "calls that push"),
}
"""Kinds of faults that only some calls know, and how those are called."""


def check_order(world: World, endpoint: str, call: str, kind: str, on: str) -> None:
    """See that it can be met; `WorldError` says what there is instead. `endpoint`: a name that exists, or `*`."""
    calls: frozenset[str] = frozenset()
    if endpoint == "*" or endpoint in world.sites:
        calls |= soap.CALLS
    if endpoint == "*" or (endpoint not in world.sites and on == "*"):
        calls |= flasharray.CALLS
    if not calls:
        raise WorldError(f"{endpoint} is an array: its calls are on no object, so leave `on` out.")
    if not _match(calls, call):
        raise WorldError(f"{endpoint} has no call {call!r}. {_instead(calls, call)}")
    only, told = _ONLY.get(kind, (calls, "any call"))
    if not _match(calls & only, call):
        raise WorldError(f"{call!r} at {endpoint} never meets a {kind}: that is for {told}: {_listed(only)}.")


def _match(calls: frozenset[str], pattern: str) -> bool:
    if soap.FETCH in calls and pattern.startswith(f"{soap.FETCH}."):
        return True  # a property is fetched by its name, and clients may fetch any
    return any(fnmatch.fnmatchcase(name, pattern) for name in calls)


def _instead(calls: frozenset[str], call: str) -> str:
    close = difflib.get_close_matches(call, sorted(calls), n=3)
    meant = f"Is it {' or '.join(map(repr, close))}? " if close else ""
    return f"{meant}There are: {_listed(calls)}. Patterns with * match several."


def _listed(calls: frozenset[str]) -> str:
    return ", ".join(sorted(calls))
