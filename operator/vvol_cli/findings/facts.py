"""What is to be had of an installation with the caller's own rights. What is refused is None, and not guessed."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from vvol_cli.headstart import GROUP
from vvol_cli.outcome import Stop
from vvol_cli.reading import Object, items, moment, namespace_of, text
from vvol_cli.views.words import REQUESTS, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from vvol_cli.cluster import Cluster

LEASE = "vvol-replication"
HOME = "vvol-replication-system"
_API = f"/apis/{GROUP}/v1alpha1"
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
_ENDPOINTS = ("vcenters", "flasharrays")
_IN_NAMESPACE = ("replicationgroups", "replicationsyncs", "failoverpreparations")
_WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen. None: it could not be asked, or the answer was no.

    `resources` are the kinds that the API server serves, `schemas` what it says of their fields. `rules` are what the
    caller may do in `namespace`; `groups` and `requests` are those of `namespace`. `hidden` are the plurals of what the
    caller may not list, beside others of the same question. `now` is this machine's time,
    `server_time` that of the API server at that moment.
    """

    now: datetime
    namespace: str = "default"
    user: str = ""
    server_time: datetime | None = None
    version: str = ""
    resources: frozenset[str] | None = None
    schemas: Object | None = None
    rules: tuple[Object, ...] | None = None
    leases: tuple[Object, ...] | None = None
    endpoints: tuple[Object, ...] | None = None
    groups: tuple[Object, ...] | None = None
    requests: tuple[Object, ...] | None = None
    unreachable: str = ""
    hidden: tuple[str, ...] = ()
    refusals: tuple[str, ...] = field(default_factory=tuple)


def gather(cluster: Cluster) -> Facts:
    """Ask for all of it. Never raises `Stop`: what cannot be had is left out."""
    try:
        version = json.loads(cluster.raw("version", "--output=json")).get("serverVersion", {}).get("gitVersion", "")
    except Stop as stop:
        return Facts(datetime.now(UTC), unreachable=stop.message)
    refusals: list[str] = []
    who = _try(
        refusals, lambda: cluster.review(_WHO, {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})
    )
    now = datetime.now(UTC)
    namespace = _namespace(cluster)
    asked: Object = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    rules = _try(refusals, lambda: cluster.review(_REVIEWS, asked))
    served = _try(refusals, lambda: json.loads(cluster.raw("get", "--raw", _API)))
    schemas = _try(refusals, lambda: json.loads(cluster.raw("get", "--raw", f"/openapi/v3{_API}"))) if served else None
    hidden: list[str] = []
    endpoints = _list(cluster, _ENDPOINTS, refusals, hidden) if served else None
    objects = _list(cluster, _IN_NAMESPACE, refusals, hidden) if served else None
    return Facts(
        now=now,
        namespace=namespace,
        user=text(who or {}, "status.userInfo.username"),
        server_time=moment(text(who or {}, "metadata.creationTimestamp")),
        version=version,
        resources=None if served is None else frozenset(text(one, "name") for one in items(served, "resources")),
        schemas=schemas,
        rules=None if rules is None else tuple(items(rules, "status.resourceRules")),
        leases=_leases(cluster),
        endpoints=endpoints,
        groups=None if "replicationgroups" in hidden else _of(objects, "ReplicationGroup"),
        requests=_of(objects, *REQUESTS),
        hidden=tuple(hidden),
        refusals=tuple(refusals),
    )


def _try(refusals: list[str], ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except Stop as stop:
        refusals.append(stop.message)
        return None


def _list(
    cluster: Cluster, plurals: tuple[str, ...], refusals: list[str], hidden: list[str]
) -> tuple[Object, ...] | None:
    """What may be seen of these kinds; what may not goes to `hidden`. None: nothing of them."""
    answer = _try(refusals, lambda: cluster.any_of(*plurals))
    found, refused = answer if answer is not None else ([], [])
    refusals += refused
    no = [one for one in plurals if any(said.startswith(f"{one}.") for said in refused)]
    hidden += no
    return None if answer is None or len(no) == len(plurals) else tuple(found)


def _of(objects: tuple[Object, ...] | None, *kinds: str) -> tuple[Object, ...] | None:
    return None if objects is None else tuple(one for one in objects if kind_of(one) in kinds)


def _namespace(cluster: Cluster) -> str:
    """The namespace that the flags or the context name."""
    if given := cluster.flags.get("namespace"):
        return given[-1]
    said = ""
    with contextlib.suppress(Stop):
        said = cluster.raw("config", "view", "--minify", "--output=jsonpath={..namespace}").strip()
    return said or "default"


def _leases(cluster: Cluster) -> tuple[Object, ...] | None:
    """The operator's Leases, in all namespaces or, where that is refused, in its usual one."""
    for where in (["--all-namespaces"], [f"--namespace={HOME}"]):
        with contextlib.suppress(Stop):
            said = cluster.raw(
                "get",
                "leases.v1.coordination.k8s.io",
                *where,
                f"--field-selector=metadata.name={LEASE}",
                "--output=json",
            )
            return tuple(sorted(items(json.loads(said), "items"), key=namespace_of))
    return None
