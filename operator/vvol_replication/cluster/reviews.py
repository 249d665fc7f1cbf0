"""What this account may do, as the API server's own authorizer says: SelfSubjectAccessReviews."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vvol_replication.api.names import GROUP, KINDS, ONE_SHOT_KINDS, REPLICATION_GROUP, REPLICATION_SYNC, Kind

EVENTS_OF_CLUSTER_SCOPE = "default"
"""The namespace in which events of objects without a namespace are stored."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One verb on one resource. `namespace` None: everywhere, or a resource of cluster scope."""

    group: str
    resource: str
    verb: str
    namespace: str | None = None
    name: str | None = None

    def __str__(self) -> str:
        of = f" {self.name!r}" if self.name else ""
        group = f" ({self.group})" if self.group else ""
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} {self.resource}{of}{group}{where}"


def needed(
    home: str, namespaces: tuple[str, ...], lease: tuple[str, str] | None, *, judges_scrapers: bool
) -> Iterator[Permission]:
    """All that the operator needs.

    Parameters:
        home: where Secrets are.
        namespaces: that it acts in; empty: all.
        lease: its namespace and name.
        judges_scrapers: metrics are protected (`scrapers.py`), which takes rights of cluster scope.
    """
    for kind in KINDS:
        for place in (namespaces or (None,)) if kind.namespaced else (None,):
            yield from (Permission(GROUP, resource, verb, place) for resource, verb in _on(kind))
    for place in dict.fromkeys((*namespaces, EVENTS_OF_CLUSTER_SCOPE) if namespaces else (None,)):
        yield Permission("", "events", "create", place)
    yield Permission("", "secrets", "get", home)
    if lease is not None:
        namespace, name = lease
        yield Permission("coordination.k8s.io", "leases", "create", namespace)
        for verb in ("get", "update"):
            yield Permission("coordination.k8s.io", "leases", verb, namespace, name)
    if judges_scrapers:
        yield Permission("authentication.k8s.io", "tokenreviews", "create")
        yield Permission("authorization.k8s.io", "subjectaccessreviews", "create")


def _on(kind: Kind) -> Iterator[tuple[str, str]]:
    yield from ((kind.plural, verb) for verb in ("get", "list", "watch"))
    yield f"{kind.plural}/status", "patch"
    if kind is REPLICATION_GROUP:  # discovery
        yield from ((kind.plural, verb) for verb in ("create", "patch"))
    if kind is REPLICATION_SYNC:  # the runs of schedules
        yield kind.plural, "create"
    if kind in ONE_SHOT_KINDS:  # the finalizer; TTLs, and history limits of schedules
        yield from ((kind.plural, verb) for verb in ("patch", "delete"))


def review(permission: Permission) -> dict[str, object]:
    """The question, as it is posted."""
    resource, _, subresource = permission.resource.partition("/")
    said = {
        "group": permission.group,
        "resource": resource,
        "subresource": subresource,
        "verb": permission.verb,
        "namespace": permission.namespace or "",
        "name": permission.name or "",
    }
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in said.items() if value}},
    }
