"""What the API server makes of our objects before the operator sees them: defaults, refusals, immutability, columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from unit.api.samples import full
from unit.api.spec_cases import FULL, LEAST, RIGHT, TYPES, WRONG, Case, params

from vvol_replication.api.names import API_VERSION, KINDS, REPLICATION_SYNC, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from controlplane import ControlPlane
    from kubectl import Kubectl

EACH_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
IMMUTABLE = "is immutable: create a new ReplicationSync under a new name instead"


def manifest(kind: Kind, spec: dict[str, Any], name: str = "one", **more: Any) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": kind.kind, "metadata": {"name": name}, "spec": spec, **more}


def dry_run(anywhere: Kubectl, document: dict[str, Any]) -> tuple[int, str]:
    """Ask the server to create the object without keeping it: the status, and what the person sees."""
    done = anywhere(
        "create", "--dry-run=server", "--validate=ignore", "-f", "-", stdin=json.dumps(document), check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def anywhere(control_plane: ControlPlane, crds: tuple[str, ...]) -> Kubectl:
    """For what leaves nothing behind: kubectl in a namespace that is there anyway."""
    assert crds
    return control_plane.client.in_namespace("default")


@pytest.mark.parametrize("case", params(RIGHT))
def test_what_is_right_is_taken(case: Case, anywhere: Kubectl) -> None:
    status, said = dry_run(anywhere, manifest(case.kind, case.spec))

    assert status == 0, said


@pytest.mark.parametrize("case", params(WRONG))
def test_what_is_wrong_is_refused_and_said(case: Case, anywhere: Kubectl) -> None:
    status, said = dry_run(anywhere, manifest(case.kind, case.spec))

    assert status == 1, said
    assert case.server in said
    assert "is invalid" in said


@EACH_KIND
def test_an_object_must_have_a_spec(kind: Kind, anywhere: Kubectl) -> None:
    document = manifest(kind, {})
    del document["spec"]

    status, said = dry_run(anywhere, document)

    assert status == 1
    assert "spec: Required value" in said


@EACH_KIND
def test_a_misspelt_field_is_told_to_who_applies_it(kind: Kind, anywhere: Kubectl) -> None:
    said = anywhere.apply(manifest(kind, LEAST[kind] | {"suspended": True}), options=("--dry-run=server",), check=False)

    assert 'unknown field "spec.suspended"' in said


@EACH_KIND
@pytest.mark.parametrize("specs", [LEAST, FULL], ids=["least", "full"])
def test_the_server_writes_no_default_into_a_spec(
    kind: Kind, specs: dict[Kind, dict[str, Any]], anywhere: Kubectl
) -> None:
    document = json.dumps(manifest(kind, specs[kind]))

    made = json.loads(anywhere("create", "--dry-run=server", "-f", "-", "-o", "json", stdin=document).stdout)

    assert made["spec"] == specs[kind]


@pytest.fixture(scope="module", autouse=True)
def nothing_cluster_wide_is_left(crds: tuple[str, ...], control_plane: ControlPlane) -> Iterator[None]:
    """The operators of other modules see every VCenter and FlashArray of the cluster, and would try to connect them."""
    assert crds
    yield
    control_plane.kubectl("delete", "vcenters,flasharrays", "--all", "--wait=false")


@pytest.fixture
def made(kubectl: Kubectl, namespace: str) -> Callable[[Kind, dict[str, Any]], str]:
    """Create an object for this test; its name is free also where kinds are cluster-wide."""

    def make(kind: Kind, spec: dict[str, Any], **more: Any) -> str:
        kubectl("create", "-f", "-", stdin=json.dumps(manifest(kind, spec, namespace, **more)))
        return namespace

    return make


@EACH_KIND
def test_an_object_is_unobserved_from_its_first_byte(kind: Kind, kubectl: Kubectl, namespace: str) -> None:
    document = manifest(kind, LEAST[kind], namespace, status={"observedGeneration": 1, "conditions": []})

    answer = json.loads(kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(document)).stdout)

    assert answer["status"] == {"observedGeneration": -1}
    assert kubectl.get(kind.crd_name, namespace)["status"] == {"observedGeneration": -1}


@EACH_KIND
def test_an_emptied_status_is_unobserved_again(kind: Kind, kubectl: Kubectl, made: Callable[..., str]) -> None:
    name = made(kind, LEAST[kind])

    for emptied in (None, {"observedGeneration": None}):
        patch_status(kubectl, kind, name, {"observedGeneration": 1})
        patch_status(kubectl, kind, name, emptied)
        assert kubectl.get(kind.crd_name, name)["status"] == {"observedGeneration": -1}


@EACH_KIND
def test_a_status_with_everything_in_it_is_kept_whole(kind: Kind, kubectl: Kubectl, made: Callable[..., str]) -> None:
    status_type = TYPES[kind][1]
    written = full(status_type)
    name = made(kind, FULL[kind])

    patch_status(kubectl, kind, name, written.to_json())

    kept = kubectl.get(kind.crd_name, name)
    assert kept["status"] == written.to_json()
    assert status_type.parse(kept["status"]) == written
    assert kept["spec"] == FULL[kind]
    assert kept["metadata"]["generation"] == 1


@EACH_KIND
def test_an_apply_cannot_write_status(kind: Kind, kubectl: Kubectl, made: Callable[..., str]) -> None:
    name = made(kind, LEAST[kind])

    kubectl.apply(
        manifest(kind, FULL[kind] if kind != REPLICATION_SYNC else LEAST[kind], name, status={"observedGeneration": 9})
    )

    assert kubectl.get(kind.crd_name, name)["status"] == {"observedGeneration": -1}


@EACH_KIND
@pytest.mark.parametrize(
    ("status", "server"),
    [
        ({"observedGeneration": "1"}, "observedGeneration in body must be of type integer"),
        ({"observedGeneration": -2}, "should be greater than or equal to -1"),
        ({"conditions": [{"type": "Ready"}]}, "Required value"),
        ({"conditions": [full(TYPES[REPLICATION_SYNC][1]).to_json()["conditions"][0]] * 2}, "Duplicate value"),
    ],
    ids=["text for a number", "below -1", "half a condition", "one type twice"],
)
def test_a_status_that_tools_could_not_read_is_refused(
    kind: Kind, status: dict[str, Any], server: str, kubectl: Kubectl, made: Callable[..., str]
) -> None:
    name = made(kind, LEAST[kind])

    done = kubectl(*status_patch(kind, name, status), check=False)

    assert done.returncode == 1
    assert server in done.stderr


def status_patch(kind: Kind, name: str, status: object) -> tuple[str, ...]:
    return ("patch", kind.crd_name, name, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))


def patch_status(kubectl: Kubectl, kind: Kind, name: str, status: object) -> None:
    kubectl(*status_patch(kind, name, status))


def change(kubectl: Kubectl, name: str, field: str, value: object) -> tuple[int, str]:
    """Change one field of a ReplicationSync's spec; `None` removes it. The status, and what the person sees."""
    patch = json.dumps({"spec": {field: value}})
    done = kubectl("patch", "replicationsync", name, "--type=merge", "-p", patch, check=False)
    return done.returncode, done.stdout + done.stderr


OTHER = {
    "pointInTimeName": "another",
    "requestID": "CHG-4712",
    "method": "Coordinated",
    "maxAge": "11m",
    "notAfter": "2027-12-01T00:00:00Z",
    "retryLimit": 0,
}
"""Another value for each optional field that cannot be changed."""


def refused(outcome: tuple[int, str], field: str) -> None:
    status, said = outcome
    assert status == 1, said
    assert f"spec.{field}: Forbidden: {field} {IMMUTABLE}" in said


def test_the_group_of_a_request_cannot_be_changed(kubectl: Kubectl, made: Callable[..., str]) -> None:
    name = made(REPLICATION_SYNC, LEAST[REPLICATION_SYNC])

    refused(change(kubectl, name, "groupRef", {"name": "crm"}), "groupRef")


@pytest.mark.parametrize("field", OTHER)
def test_a_field_cannot_be_changed_or_taken_away(field: str, kubectl: Kubectl, made: Callable[..., str]) -> None:
    name = made(REPLICATION_SYNC, FULL[REPLICATION_SYNC])

    refused(change(kubectl, name, field, OTHER[field]), field)
    refused(change(kubectl, name, field, None), field)


@pytest.mark.parametrize("field", OTHER)
def test_a_field_cannot_be_added_later(field: str, kubectl: Kubectl, made: Callable[..., str]) -> None:
    name = made(REPLICATION_SYNC, LEAST[REPLICATION_SYNC])

    refused(change(kubectl, name, field, OTHER[field]), field)


def test_what_may_be_changed_may_be_changed_back(kubectl: Kubectl, made: Callable[..., str]) -> None:
    name = made(REPLICATION_SYNC, LEAST[REPLICATION_SYNC])

    for field, values in {
        "suspend": (True, False, None),
        "cancel": (True, False, None),
        "ttlSecondsAfterFinished": (3600, 60, 0, None),
    }.items():
        for value in values:
            status, said = change(kubectl, name, field, value)
            assert status == 0, said
            assert kubectl.get("replicationsync", name)["spec"].get(field) == value


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ("1h", "2h", "taken"),
        ("1h", "61m", "taken"),
        ("60m", "1h", "taken"),
        ("1h", "59m59s", "refused"),
        ("9m", "10m", "taken"),  # as texts, 9m is the greater one
        ("10m", "9m", "refused"),
        (None, "3h", "taken"),
        (None, "2h", "taken"),
        (None, "1h", "refused"),  # none means 2h
        ("3h", None, "refused"),
        ("1h", None, "taken"),
    ],
)
def test_a_timeout_may_only_grow(
    before: str | None,
    after: str | None,
    verdict: str,
    kubectl: Kubectl,
    made: Callable[..., str],
) -> None:
    name = made(REPLICATION_SYNC, LEAST[REPLICATION_SYNC] | ({} if before is None else {"timeout": before}))

    status, said = change(kubectl, name, "timeout", after)

    assert verdict == ("refused" if status else "taken"), said
    assert verdict == "taken" or "spec.timeout: Forbidden: timeout may only grow (without one it is 2h)" in said


def test_a_repeated_apply_changes_nothing(kubectl: Kubectl) -> None:
    document = manifest(REPLICATION_SYNC, FULL[REPLICATION_SYNC])
    kubectl.apply(document)
    patch_status(kubectl, REPLICATION_SYNC, "one", {"observedGeneration": 1, "phase": "Running"})

    assert "unchanged" in kubectl.apply(document)
    assert kubectl.get("replicationsync", "one")["metadata"]["generation"] == 1


COLUMNS = {
    "VCenter": "NAME ADDRESS READY REASON VERSION AGE",
    "FlashArray": "NAME ADDRESS READY REASON ARRAY VERSION AGE",
    "ReplicationGroup": "NAME READY REASON STATE PROTECTION GROUP NEWEST POINT IN TIME POINTS AGE",
    "ReplicationSync": "NAME GROUP PHASE REASON PERCENT POINT IN TIME AGE",
}


@EACH_KIND
def test_get_shows_what_matters(kind: Kind, kubectl: Kubectl, made: Callable[..., str]) -> None:
    name = made(kind, FULL[kind])
    patch_status(kubectl, kind, name, full(TYPES[kind][1]).to_json())

    for word in (*kind.short_names, kind.plural, kind.kind.lower(), "vvol"):
        assert name in kubectl("get", word).stdout
    narrow, row = kubectl("get", kind.plural, name).stdout.splitlines()
    wide = kubectl("get", kind.plural, name, "--output=wide").stdout
    assert " ".join(narrow.split()) == COLUMNS[kind.kind]
    assert "Ready" in row
    assert "MESSAGE" in wide
    assert "all is well" in wide


@EACH_KIND
def test_explain_tells_what_a_field_does(kind: Kind, anywhere: Kubectl) -> None:
    said = anywhere("explain", f"{kind.plural}.spec", "--api-version", API_VERSION).stdout

    assert all(f"  {field}\t" in said for field in FULL[kind])
