"""What the API server makes of our objects before the operator sees them: defaults, refusals, immutability, columns."""

from __future__ import annotations

import copy
import itertools
import json
import os
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from e2e.admission_cases import CASES, GOLDEN, Admission
from unit.api import crds as crds_of_api
from unit.api.cases import LEAST, put
from unit.api.samples import full
from unit.api.spec_cases import FULL, TYPES

from testbed.waiting import eventually
from vvol_replication.api.names import (
    API_VERSION,
    KINDS,
    ONE_SHOT_KINDS,
    REPLICATION_GROUP,
    REPLICATION_SCHEDULE,
    REPLICATION_SYNC,
    Kind,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from testbed.controlplane import ControlPlane
    from testbed.kubectl import Kubectl

EACH_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
LEAST_CASES = 80


def manifest(kind: Kind, spec: dict[str, Any], name: str = "one", **more: Any) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": kind.kind, "metadata": {"name": name}, "spec": spec, **more}


@pytest.fixture
def anywhere(control_plane: ControlPlane, crds: tuple[str, ...]) -> Kubectl:
    """For what leaves nothing behind: kubectl in a namespace that is there anyway."""
    assert crds
    return control_plane.client.in_namespace("default")


@pytest.fixture(scope="module")
def answers(control_plane: ControlPlane, crds: tuple[str, ...]) -> dict[str, str]:
    """What the API server says to each case, by its title; empty: it takes it. All are asked for at once."""
    assert crds
    namespace = f"admission-{uuid.uuid4().hex[:8]}"
    control_plane.client.make_namespace(namespace)
    kubectl = control_plane.client.in_namespace(namespace)
    numbered = [(f"case-{number:03}", case) for number, case in enumerate(CASES)]
    kept = [case.document(name, case.before) for name, case in numbered if case.changed]
    kubectl("create", "-f", "-", stdin="\n---\n".join(kept))
    found: dict[str, str] = {}
    for verb, changed in (("create", False), ("replace", True)):
        asked = {name: case for name, case in numbered if case.changed is changed}
        documents = "\n---\n".join(case.document(name, case.spec) for name, case in asked.items())
        options = ("--dry-run=server", "--validate=ignore", "-f", "-")
        done = kubectl(verb, *options, stdin=documents, check=False)
        found |= {asked[name].title: "" for name in re.findall(r"/(case-\d+) (?:created|replaced) ", done.stdout)}
        said = re.findall(r'^Error .* "(case-\d+)" is invalid: (.*)$', done.stderr, re.MULTILINE)
        found |= {asked[name].title: message for name, message in said}
    return found


def test_the_cases_are_many_and_each_has_its_own_title() -> None:
    assert len({case.title for case in CASES}) == len(CASES) > LEAST_CASES
    assert sum(case.refused for case in CASES) > LEAST_CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_what_is_wrong_is_refused_and_said_and_all_else_is_taken(case: Admission, answers: dict[str, str]) -> None:
    said = answers[case.title]

    assert bool(said) is case.refused, said
    assert case.server in said


def test_the_page_has_the_words_that_the_server_says(answers: dict[str, str]) -> None:
    if os.environ.get("VVOL_UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(answers, indent=1) + "\n", "utf-8")
        pytest.fail(f"{GOLDEN.name} is written anew: read the difference, run `make docs`, and try again")

    assert answers == json.loads(GOLDEN.read_text("utf-8"))


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
        kubectl.have(manifest(kind, spec, namespace, **more))
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
        manifest(kind, LEAST[kind] if kind in ONE_SHOT_KINDS else FULL[kind], name, status={"observedGeneration": 9})
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
    assert kubectl.direct is not None
    path = kubectl.direct.path(kind.crd_name, kubectl.namespace, name)
    kubectl.direct.patch(f"{path}/status", {"status": status})


def change(kubectl: Kubectl, name: str, field: str, value: object) -> tuple[int, str]:
    """Change one field of a ReplicationSync's spec; `None` removes it. The status, and what the person sees."""
    patch = json.dumps({"spec": {field: value}})
    done = kubectl("patch", "replicationsync", name, "--type=merge", "-p", patch, check=False)
    return done.returncode, done.stdout + done.stderr


PROBE, PROBES = "SyncProbe", "syncprobes"


def before_the_rule(group: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The CRD of ReplicationSync in a group of its own: without the rules for new objects alone, and whole."""
    whole = crds_of_api.load(REPLICATION_SYNC)
    whole["metadata"]["name"] = f"{PROBES}.{group}"
    whole["spec"]["group"] = group
    # Names of its own: kubectl remembers for minutes which kinds there are, and which one a short name means.
    whole["spec"]["names"] = {"kind": PROBE, "listKind": f"{PROBE}List", "plural": PROBES, "singular": PROBE.lower()}
    older = copy.deepcopy(whole)
    spec = older["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    rules = spec["x-kubernetes-validations"]
    spec["x-kubernetes-validations"] = [one for one in rules if "optionalOldSelf" not in one]
    assert spec["x-kubernetes-validations"] != rules
    return older, whole


def test_an_object_from_before_a_rule_for_new_ones_can_still_be_edited(kubectl: Kubectl, namespace: str) -> None:
    group = f"{namespace}.example.com"
    older, whole = before_the_rule(group)
    spec = {**LEAST[REPLICATION_SYNC], "method": "ArrayOnly", "pointInTimeName": "before-upgrade"}

    def create(name: str) -> str:
        document = {**manifest(REPLICATION_SYNC, spec, name), "apiVersion": f"{group}/v1alpha1", "kind": PROBE}
        done = kubectl("create", "-f", "-", stdin=json.dumps(document), check=False)
        return done.stdout + done.stderr

    kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(older))
    try:
        eventually(lambda: create("there"), what="the kind to be served", until=lambda said: "created" in said)
        kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(whole))
        numbers = itertools.count()
        refused = "pointInTimeName has no effect with method ArrayOnly"
        eventually(lambda: create(f"new-{next(numbers)}"), what="the rule to hold", until=lambda said: refused in said)

        patch = json.dumps({"spec": {"cancel": True, "ttlSecondsAfterFinished": 60}})
        resource = f"{whole['metadata']['name']}/there"
        kubectl("patch", resource, "--type=merge", "-p", patch)
    finally:
        kubectl("delete", "crd", whole["metadata"]["name"], "--wait=false")


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


def test_a_repeated_apply_changes_nothing(kubectl: Kubectl) -> None:
    document = manifest(REPLICATION_SYNC, FULL[REPLICATION_SYNC])
    kubectl.apply(document)
    patch_status(kubectl, REPLICATION_SYNC, "one", {"observedGeneration": 1, "phase": "Running"})

    assert "unchanged" in kubectl.apply(document)
    assert kubectl.get("replicationsync", "one")["metadata"]["generation"] == 1


SPEC_FIELDS = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties"


def formless(kind: Kind) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of a kind's spec without the rules of their form, and a spec in which every one breaks its rule."""
    node, spec = copy.deepcopy(crds_of_api.schema(kind, "spec")), copy.deepcopy(FULL[kind])
    for path, field in crds_of_api.walk(node, ""):
        if field["type"] in {"string", "integer"} and field.pop("x-kubernetes-validations", None) and said(spec, path):
            put(spec, path, "a b\n" if field["type"] == "string" else -5)
    if "consent" in spec:
        spec["consent"] = spec["groupRef"]["name"]
    return node["properties"], spec


def said(spec: dict[str, Any], path: str) -> bool:
    """Does a spec say anything at a path?"""
    name, _, below = path.partition(".")
    return name in spec and (not below or said(spec[name], below))


@EACH_KIND
def test_an_object_from_before_the_rules_of_form_can_still_be_edited(
    kind: Kind, control_plane: ControlPlane, crds: tuple[str, ...], kubectl: Kubectl, namespace: str
) -> None:
    """What the operator makes of such a request is its end, `InvalidSpec`; of others, a condition that says so."""
    assert crds
    loose, spec = formless(kind)
    old, new = manifest(kind, spec, namespace), manifest(kind, spec, f"{namespace}-new")
    field, value = ("suspend", False) if "suspend" in spec else ("maxConcurrentCalls", 3)

    def fields(schema: dict[str, Any]) -> None:
        patch = json.dumps([{"op": "replace", "path": SPEC_FIELDS, "value": schema}])
        control_plane.kubectl("patch", "crd", kind.crd_name, "--type=json", "--patch", patch)

    def refused() -> str:
        return kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(new), check=False).stderr

    fields(loose)
    try:
        eventually(refused, what="the fields without rules to be served", until=lambda said: not said)
        kubectl("create", "-f", "-", stdin=json.dumps(old))
    finally:
        fields(crds_of_api.schema(kind, "spec")["properties"])
    told = eventually(refused, what="the rules to be in force", until=lambda said: "write " in said)
    patch = json.dumps({"spec": {field: value}})

    kubectl("patch", kind.crd_name, namespace, "--type=merge", "-p", patch)

    assert kubectl.get(kind.crd_name, namespace)["spec"] == spec | {field: value}
    assert "some validation rules were not checked" not in told


COLUMNS = {
    "VCenter": "NAME ADDRESS READY REASON VERSION AGE",
    "FlashArray": "NAME ADDRESS READY REASON ARRAY VERSION AGE",
    "ReplicationGroup": "NAME READY REASON STATE PREPARED CURRENT PROTECTION GROUP NEWEST POINT IN TIME POINTS AGE",
    "ReplicationSync": "NAME GROUP PHASE REASON PERCENT POINT IN TIME NAMED AGE",
    "FailoverPreparation": "NAME GROUP PHASE REASON VALID POINT ID POINT TIME AGE",
    "ReplicationSchedule": "NAME GROUP SCHEDULE SUSPEND LAST RUN OUTCOME ACTIVE NEXT RUN READY AGE",
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
    assert ("True" if kind is REPLICATION_SCHEDULE else "Ready") in row.split()
    assert "MESSAGE" in wide
    assert "all is well" in wide


def test_a_point_in_time_ahead_of_the_clock_is_shown_as_the_time_that_it_is(
    kubectl: Kubectl, made: Callable[..., str]
) -> None:
    name = made(REPLICATION_GROUP, LEAST[REPLICATION_GROUP])
    patch_status(kubectl, REPLICATION_GROUP, name, {"newestPointInTime": "2999-01-01T00:00:00Z"})

    row = kubectl("get", "replicationgroup", name, "--output=wide").stdout

    assert "2999-01-01T00:00:00Z" in row
    assert "<invalid>" not in row


@EACH_KIND
def test_explain_tells_what_a_field_does(kind: Kind, anywhere: Kubectl) -> None:
    said = anywhere("explain", f"{kind.plural}.spec", "--api-version", API_VERSION).stdout

    assert all(f"  {field}\t" in said for field in FULL[kind])
