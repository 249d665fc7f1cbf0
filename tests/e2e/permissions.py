"""What the operators of a run asked of the API server, by its audit log: under whose account, and was it allowed?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from testbed import accounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

AGENT = "vvol-replication-operator"
_DECISION = "authorization.k8s.io/decision"
_SERVICE_ACCOUNT = "system:serviceaccount:"

Permission = tuple[str, str, str]
"""API group, resource with its subresource, verb."""


@dataclass(frozen=True)
class Asked:
    """All requests of operators. `others`: asked by an operator, but not under its shipped account."""

    used: frozenset[Permission]
    refused: tuple[str, ...]
    others: tuple[str, ...]

    def check(self) -> None:
        """No operator was more than it is installed as, and none lacked a permission."""
        assert self.others == (), f"operators asked under other accounts than the shipped one: {self.others[:5]}"
        assert self.refused == (), f"the shipped permissions do not suffice: {self.refused[:10]}"


def asked(audit: Iterable[dict[str, Any]]) -> Asked:
    """Read an audit log. What is refused in a namespace that is being deleted is not counted: its Role went with it."""
    events = list(audit)
    ending = {
        one["objectRef"]["name"]
        for one in events
        if one["verb"] == "delete" and one.get("objectRef", {}).get("resource") == "namespaces"
    }
    used, refused, others = set[Permission](), list[str](), set[str]()
    for one in events:
        if one.get("userAgent") != AGENT:
            continue
        user, what = one["user"]["username"], one.get("objectRef", {})
        if not (user.startswith(_SERVICE_ACCOUNT) and user.endswith(f":{accounts.ACCOUNT}")):
            others.add(user)
        if one.get("annotations", {}).get(_DECISION) == "allow":
            used |= {_permission(one)} if what else set()
        elif what.get("namespace") not in ending:
            refused.append(f"{one['verb']} {one['requestURI']} by {user}")
    return Asked(frozenset(used), tuple(refused), tuple(sorted(others)))


def _permission(event: dict[str, Any]) -> Permission:
    what = event["objectRef"]
    parts = [what["resource"], *([what["subresource"]] if "subresource" in what else [])]
    return what.get("apiGroup", ""), "/".join(parts), event["verb"]


def granted(kubectl: Path) -> frozenset[Permission]:
    """All that the overlay `cluster-wide` grants the operator."""
    objects = accounts.permissions(kubectl, accounts.HOME, ())
    return frozenset(one for obj in objects for rule in obj.get("rules", ()) for one in spread(rule))


def spread(rule: dict[str, Any]) -> Iterator[Permission]:
    """A rule's permissions, one by one."""
    for group in rule["apiGroups"]:
        for resource in rule["resources"]:
            for verb in rule["verbs"]:
                yield group, resource, verb
