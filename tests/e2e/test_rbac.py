"""Who may do what: each verb on each kind is really asked for, by each account, and answered by the API server."""

from __future__ import annotations

import http.client
import json
import ssl
import uuid
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest

from testbed import accounts
from testbed.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from testbed.controlplane import ControlPlane

OURS = "/apis/replication.vvol.dev/v1alpha1"
CLUSTER = ("vcenters", "flasharrays")
NAMESPACED = ("replicationgroups", "replicationsyncs", "failoverpreparations", "replicationschedules")
KINDS = (*CLUSTER, *NAMESPACED)
REVIEWS = ("tokenreviews", "subjectaccessreviews")
"""By which metrics are protected. They can only be created."""
READ, ALL = "get list watch", "get list watch create update patch delete deletecollection"
VERBS = tuple(ALL.split())
STATUS_VERBS = ("get", "update", "patch")
MERGE = "application/merge-patch+json"


class Question(NamedTuple):
    """May this verb be used on this resource in this place? `place`: here, there, home, default or cluster."""

    place: str
    resource: str
    verb: str


Grants = dict[tuple[str, str], str]
"""Verbs, by place and resource; whatever is not named has to be forbidden."""

_OPERATOR_IN: Mapping[str, str] = {
    "replicationgroups": f"{READ} create patch",
    "replicationsyncs": f"{READ} create patch delete",
    "failoverpreparations": f"{READ} patch delete",
    "replicationschedules": READ,
    **{f"{kind}/status": "patch" for kind in NAMESPACED},
    "events": "create",
}
_OPERATOR: Grants = {
    **{("cluster", kind): READ for kind in CLUSTER},
    **{("cluster", f"{kind}/status"): "patch" for kind in CLUSTER},
    **{("cluster", kind): "create" for kind in REVIEWS},
    ("home", "secrets"): "get",
    ("home", "leases"): "create",
    ("home", "leases/vvol-replication"): "get update",
}


def _users(**resources: str) -> Grants:
    """In the one namespace where the role is bound, and nowhere else."""
    return {("here", resource): verbs for resource, verbs in resources.items()}


_VIEW = dict.fromkeys(NAMESPACED, READ)
_ASK = {"replicationsyncs": ALL, "replicationschedules": ALL}
EXPECTED: dict[str, Grants] = {
    "operator, cluster-wide": {
        **_OPERATOR,
        **{
            (place, what): verbs
            for place in ("here", "there", "home", "default")
            for what, verbs in _OPERATOR_IN.items()
        },
    },
    "operator, one namespace": {
        **_OPERATOR,
        **{("here", what): verbs for what, verbs in _OPERATOR_IN.items()},
        ("default", "events"): "create",
        # its finalizer, when the Role has been deleted together with the watched namespace
        **{
            (place, what): "patch"
            for place in ("there", "home", "default")
            for what in ("replicationsyncs", "failoverpreparations")
        },
    },
    "connect": {("cluster", kind): ALL for kind in CLUSTER},
    "bind": _users(replicationgroups=ALL),
    "sync": _users(**_ASK, replicationgroups=READ),
    "prepare": _users(**{**_VIEW, "failoverpreparations": ALL}),
    "view": _users(**_VIEW),
    "view of Kubernetes": _users(**_VIEW, events=READ),
    "edit of Kubernetes": _users(**{**_VIEW, **_ASK}, secrets=ALL, leases=ALL, events=ALL),
    "admin of Kubernetes": _users(**{**_VIEW, **_ASK}, secrets=ALL, leases=ALL, events=ALL),
    "nobody": {},
}
PLACES = ("here", "there", "home", "default")
PATHS = {
    **dict.fromkeys(KINDS, OURS),
    "secrets": "/api/v1",
    "leases": "/apis/coordination.k8s.io/v1",
    "events": "/api/v1",
    "tokenreviews": "/apis/authentication.k8s.io/v1",
    "subjectaccessreviews": "/apis/authorization.k8s.io/v1",
}


def questions() -> list[Question]:
    """All that is asked of each account."""
    asked = [Question("cluster", kind, verb) for kind in CLUSTER for verb in VERBS]
    asked += [Question("cluster", f"{kind}/status", verb) for kind in CLUSTER for verb in STATUS_VERBS]
    asked += [Question("cluster", kind, "create") for kind in REVIEWS]
    for place in PLACES:
        asked += [
            Question(place, kind, verb) for kind in (*NAMESPACED, "secrets", "leases", "events") for verb in VERBS
        ]
        asked += [Question(place, f"{kind}/status", verb) for kind in NAMESPACED for verb in STATUS_VERBS]
    return asked + [Question("home", "leases/vvol-replication", verb) for verb in ("get", "update", "patch", "delete")]


class Account:
    """Somebody at the API server: a token of his own, or impersonated by the admin."""

    def __init__(self, plane: ControlPlane, headers: Mapping[str, str], *, admin: bool) -> None:
        self._headers = headers
        tls = ssl.create_default_context(cafile=str(plane.directory / "ca.crt"))
        if admin:
            tls.load_cert_chain(plane.directory / "admin.pem")
        where = urlsplit(plane.server)
        self._connection = http.client.HTTPSConnection(where.hostname or "", where.port, timeout=30, context=tls)

    def close(self) -> None:
        """Ask no more."""
        self._connection.close()

    def may(self, question: Question, namespaces: Mapping[str, str]) -> bool:
        """Ask for it; nothing is changed. Only a 403 that names the verb is a no: whatever else is said comes later."""
        kind, _, more = question.resource.partition("/")
        where = f"/namespaces/{namespaces[question.place]}" if question.place in namespaces else ""
        path = f"{PATHS[kind]}{where}/{kind}"
        name = more if more and more != "status" else "not-there"
        one = f"{path}/{name}" + ("/status" if more == "status" else "")
        body = {"apiVersion": PATHS[kind].removeprefix("/apis/").removeprefix("/api/"), "metadata": {"name": name}}
        method, url, content = {
            "get": ("GET", one, None),
            "list": ("GET", f"{path}?limit=1", None),
            "watch": ("GET", f"{path}?watch=1&timeoutSeconds=1", None),
            "create": ("POST", f"{path}?dryRun=All", body),
            "update": ("PUT", f"{one}?dryRun=All", body),
            "patch": ("PATCH", f"{one}?dryRun=All", {}),
            "delete": ("DELETE", f"{one}?dryRun=All", None),
            "deletecollection": ("DELETE", f"{path}?dryRun=All", None),
        }[question.verb]
        kinds = {"Content-Type": MERGE if method == "PATCH" else "application/json"}
        self._connection.request(
            method, url, None if content is None else json.dumps(content), {**self._headers, **kinds}
        )
        answer = self._connection.getresponse()
        said = b"" if question.verb == "watch" and answer.status == http.HTTPStatus.OK else answer.read()
        if question.verb == "watch":
            self._connection.close()
        assert answer.status != http.HTTPStatus.UNAUTHORIZED, said
        return not (answer.status == http.HTTPStatus.FORBIDDEN and f"cannot {question.verb} resource".encode() in said)


def bound(plane: ControlPlane, name: str, role: str, namespace: str | None) -> Account:
    """Somebody who has that ClusterRole, in a namespace or everywhere."""
    user = f"{name.replace(' ', '-')}-{uuid.uuid4().hex[:6]}"
    kind = "clusterrolebinding" if namespace is None else "rolebinding"
    where = () if namespace is None else (f"--namespace={namespace}",)
    plane.kubectl("create", kind, user, f"--clusterrole={role}", f"--user={user}", *where)
    return impersonated(plane, user)


def impersonated(plane: ControlPlane, user: str) -> Account:
    """Any user who is logged in."""
    return Account(plane, {"Impersonate-User": user, "Impersonate-Group": "system:authenticated"}, admin=True)


def operator(plane: ControlPlane, directory: Path, home: str, *watched: str) -> Account:
    """The operator's own account, by its token."""
    file = accounts.kubeconfig(plane.client, directory, home, watched)
    token = json.loads(file.read_text())["users"][0]["user"]["token"]
    return Account(plane, {"Authorization": f"Bearer {token}"}, admin=False)


@pytest.fixture(scope="module")
def roles(control_plane: ControlPlane, crds: tuple[str, ...], tools: dict[str, Path]) -> Iterator[tuple[str, ...]]:
    """The user roles of the manifests, and Kubernetes' own ones with what is aggregated to them."""
    assert crds
    objects = accounts.built(tools["kubectl"], accounts.MANIFESTS / "overlays" / "cluster-wide")
    control_plane.client.apply(*(one for one in objects if one["kind"] == "ClusterRole"))

    def aggregated() -> bool:
        rules = control_plane.client.get("clusterrole", "admin")["rules"] or ()
        found = {resource for rule in rules for resource in rule.get("resources", ()) if "create" in rule["verbs"]}
        return {"replicationsyncs", "replicationschedules", "secrets"} <= found

    with control_plane.controllers("clusterrole-aggregation-controller"):
        eventually(aggregated, what="the roles to be aggregated", timeout=60)
        yield tuple(one["metadata"]["name"] for one in objects if one["kind"] == "ClusterRole")


@pytest.fixture(scope="module")
def places(control_plane: ControlPlane) -> dict[str, str]:
    """Namespaces by what they are to the accounts."""
    made = {place: f"rbac-{place}-{uuid.uuid4().hex[:6]}" for place in ("here", "there", "home", "narrow")}
    for name in made.values():
        control_plane.kubectl("create", "namespace", name)
    return {**made, "default": "default"}


@pytest.fixture(scope="module")
def people(
    control_plane: ControlPlane,
    roles: tuple[str, ...],
    places: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, tuple[Account, Mapping[str, str]]]]:
    """Each account, and the namespaces that the places are to it."""
    assert roles
    directory, here = tmp_path_factory.mktemp("accounts"), places["here"]
    narrow = {**places, "home": places["narrow"]}
    made: dict[str, tuple[Account, Mapping[str, str]]] = {
        "operator, cluster-wide": (operator(control_plane, directory, places["home"]), places),
        "operator, one namespace": (operator(control_plane, directory, places["narrow"], here), narrow),
        "connect": (bound(control_plane, "connect", "vvol-replication-connect", None), places),
        **{
            one: (bound(control_plane, one, f"vvol-replication-{one}", here), places)
            for one in ("bind", "sync", "prepare", "view")
        },
        **{
            f"{one} of Kubernetes": (bound(control_plane, f"native-{one}", one, here), places)
            for one in ("view", "edit", "admin")
        },
        "nobody": (impersonated(control_plane, "nobody"), places),
    }
    yield made
    for account, _ in made.values():
        account.close()


@pytest.mark.parametrize("who", EXPECTED)
def test_each_account_may_do_what_is_listed_and_nothing_else(
    people: dict[str, tuple[Account, Mapping[str, str]]], who: str
) -> None:
    account, namespaces = people[who]
    asked = questions()

    allowed = {one for one in asked if account.may(one, namespaces)}

    expected = {Question(*where, verb) for where, verbs in EXPECTED[who].items() for verb in verbs.split()}
    assert sorted(allowed - expected) == [], "allowed, but not listed"
    assert sorted(expected - allowed) == [], "listed, but forbidden"
    print(f"\n{who}: {len(asked)} questions, {len(allowed)} allowed")  # noqa: T201 - figures, for -s
    for place, resource in dict.fromkeys((one.place, one.resource) for one in asked if one in allowed):
        verbs = [one.verb for one in asked if (one.place, one.resource) == (place, resource) and one in allowed]
        print(f"  {place:<8} {resource:<28} {' '.join(verbs)}")  # noqa: T201 - as above
