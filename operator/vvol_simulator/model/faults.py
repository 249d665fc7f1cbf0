"""Faults on demand: which call at which endpoint goes wrong, how, and how often. Knows nothing of any wire."""

import asyncio
import fnmatch
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import Fault, WorldError

KINDS: dict[str, dict[str, tuple[type, ...]]] = {
    "resetBefore": {},
    "resetAfter": {},
    "hang": {"when": (str,), "timeout": (int, float)},
    "slow": {"seconds": (int, float)},
    "httpStatus": {"status": (int,), "body": (str,), "contentType": (str,), "headers": (dict,), "when": (str,)},
    "garbage": {"body": (str,), "contentType": (str,), "when": (str,)},
    "truncated": {"bytes": (int,)},
    "expiredSession": {},
    "soapFault": {"name": (str,), "message": (str,), "fields": (dict,), "when": (str,)},
    "taskError": {"name": (str,), "message": (str,), "fields": (dict,)},
    "groupError": {"name": (str,), "message": (str,), "fields": (dict,)},
    "stalledTransfer": {},
}
"""Each kind of fault with the arguments it takes and their types."""

EFFECTS: dict[str, str] = {
    "resetBefore": "The connection is reset; the call has no effect.",
    "resetAfter": "The call takes effect, then the connection is reset instead of an answer.",
    "hang": "Nothing comes until the fault is removed or `timeout` is over. `before`: the call takes effect only then, "
    "and not at all if the caller has gone; `after`: it has already taken effect.",
    "slow": "The call takes effect, and is answered, `seconds` later.",
    "httpStatus": "`status` with `body` and `headers` instead of the answer, before or after the effect. For overload: "
    '429 or 503 with `{"Retry-After": "5"}`.',
    "garbage": "Status 200 with something that is not the protocol's, by default an HTML page.",
    "truncated": "The call takes effect; the answer promises its whole length and ends after `bytes`.",
    "expiredSession": "The caller's session is gone; the call is answered as one without a session.",
    "soapFault": "vCenters: the named SOAP fault, before or after the effect.",
    "taskError": "vCenters: a sync or prepare gives a task that ends with the named fault; nothing is armed or pushed.",
    "groupError": "vCenters: a sync or prepare succeeds with the named fault inside; nothing is armed or pushed.",
    "stalledTransfer": "Arrays: what the call pushes never moves by itself; `resume` or `land` help.",
}
"""What each kind does, for docs/simulator.md."""

ARGUMENTS: dict[str, str] = {
    "when": "`before` (default) or `after` the effect",
    "timeout": "seconds after which a hang ends by itself; default: never",
    "seconds": "how long it takes",
    "status": "the HTTP status",
    "body": "the text of the answer",
    "contentType": "its type; default: `text/html`",
    "headers": "further headers of the answer, names to strings",
    "bytes": "how much of the body comes; default: 10",
    "name": "the fault's WSDL name",
    "message": "its text",
    "fields": "its own fields, in WSDL spelling",
}
"""What each argument of a fault says."""

REQUIRED = {"slow": "seconds", "httpStatus": "status", "soapFault": "name", "taskError": "name", "groupError": "name"}


@dataclass(eq=False)
class FaultRule:
    """One ordered fault. `times` None = until removed; the first `skip` matching calls pass unharmed.

    `on`: only calls on the object with this id (vCenters: a managed object id).
    """

    id: int
    endpoint: str
    call: str
    kind: str
    times: int | None
    skip: int
    args: Mapping[str, Any]
    on: str = "*"
    seen: int = 0
    hits: int = 0
    removed: asyncio.Event = field(default_factory=asyncio.Event)

    def matches(self, endpoint: str, call: str, on: str) -> bool:
        """Whether it is about this call; `*` matches within names too."""
        asked = ((endpoint, self.endpoint), (call, self.call), (on, self.on))
        return all(fnmatch.fnmatchcase(name, pattern) for name, pattern in asked)

    @property
    def exhausted(self) -> bool:
        """Whether it has hit as often as it should."""
        return self.times is not None and self.hits >= self.times

    @property
    def after_effect(self) -> bool:
        """Whether the call is executed before it goes wrong."""
        if self.kind in ("resetAfter", "truncated", "slow", "stalledTransfer"):
            return True
        return str(self.args.get("when", "before")) == "after"

    def fault(self) -> Fault:
        """The SMS fault that `soapFault`, `taskError` and `groupError` name."""
        name = str(self.args["name"])
        return Fault(
            name, str(self.args.get("message", f"{name} ordered by a fault rule")), self.args.get("fields", {})
        )

    def as_dict(self) -> dict[str, Any]:
        """For the control interface."""
        return {"id": self.id, "endpoint": self.endpoint, "call": self.call, "on": self.on, "kind": self.kind,
                "times": self.times, "skip": self.skip, **self.args, "seen": self.seen, "hits": self.hits}  # fmt: skip


class FaultBook:
    """All fault rules. The first one that matches a call and is neither skipping nor exhausted decides."""

    def __init__(self) -> None:
        self._rules: list[FaultRule] = []
        self._numbers = itertools.count(1)

    def add(
        self,
        endpoint: str,
        call: str,
        kind: str,
        *,
        on: str = "*",
        times: int | None = None,
        skip: int = 0,
        **args: Any,
    ) -> FaultRule:
        """Order a fault; `WorldError` tells what is wrong with the order."""
        _check(kind, times, skip, args)
        rule = FaultRule(next(self._numbers), endpoint, call, kind, times, skip, args, on)
        self._rules.append(rule)
        return rule

    def take(self, endpoint: str, call: str, on: str = "") -> FaultRule | None:
        """The fault this call meets, counted as a hit; None lets it pass."""
        for rule in self._rules:
            if rule.exhausted or not rule.matches(endpoint, call, on):
                continue
            rule.seen += 1
            if rule.seen <= rule.skip:
                continue
            rule.hits += 1
            return rule
        return None

    def remove(self, rule_id: int | None = None) -> int:
        """Remove one rule, or all; hanging calls go on. How many there were."""
        gone = [rule for rule in self._rules if rule_id is None or rule.id == rule_id]
        self._rules = [rule for rule in self._rules if rule not in gone]
        for rule in gone:
            rule.removed.set()
        return len(gone)

    def all(self) -> list[FaultRule]:
        """All rules, exhausted ones included."""
        return list(self._rules)


def _check(kind: str, times: Any, skip: Any, args: Mapping[str, Any]) -> None:
    if kind not in KINDS:
        raise WorldError(f"There is no fault kind {kind!r}; there are {', '.join(sorted(KINDS))}.")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise WorldError(f"times is a whole number from 1, or null for until removed, not {times!r}.")
    if not isinstance(skip, int) or isinstance(skip, bool) or skip < 0:
        raise WorldError(f"skip is a whole number from 0, not {skip!r}.")
    for name, value in args.items():
        types = KINDS[kind].get(name)
        if types is None:
            known = ", ".join(KINDS[kind]) or "none"
            raise WorldError(f"A fault {kind} takes no argument {name!r}; it takes: {known}.")
        if not isinstance(value, types) or isinstance(value, bool):
            raise WorldError(f"Argument {name} of a fault {kind} has the wrong type: {value!r}.")
    if kind in REQUIRED and REQUIRED[kind] not in args:
        raise WorldError(f"A fault {kind} needs the argument {REQUIRED[kind]!r}.")
    headers = args.get("headers", {})
    if not all(isinstance(text, str) for pair in headers.items() for text in pair):
        raise WorldError(f"headers is a mapping of names to strings, not {headers!r}.")
    if args.get("when", "before") not in ("before", "after"):
        raise WorldError(f"when is before or after (the effect), not {args['when']!r}.")
