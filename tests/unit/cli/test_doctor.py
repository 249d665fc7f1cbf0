"""What the doctor makes of what it saw."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from unit.cli.objects import NOW, Object, condition, group, obj, sync

from vvol_cli.cluster import Cluster
from vvol_cli.findings.checks import _FIELDS, Finding, Level, judge
from vvol_cli.findings.facts import Facts, gather

ROOT = Path(__file__).parents[3]
KINDS = {
    "vcenters",
    "flasharrays",
    "replicationgroups",
    "replicationsyncs",
    "failoverpreparations",
    "replicationschedules",
}
ALL = ({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},)


def endpoint(*conditions: Object, kind: str = "VCenter", name: str = "dallas", **spec: Any) -> Object:
    """A VCenter or FlashArray that is Ready unless said otherwise."""
    status = {"lastReadAt": "2026-11-30T11:59:30Z", **spec.pop("status", {})}
    return obj(kind, name, spec, list(conditions) or [condition("Ready", "True", "Ready", "It has all.")], **status)


def lease(seconds_ago: float, holder: str = "pod-1") -> Object:
    renewed = f"{NOW - timedelta(seconds=seconds_ago):%Y-%m-%dT%H:%M:%S.000000Z}"
    return {
        "metadata": {"namespace": "home"},
        "spec": {"holderIdentity": holder, "renewTime": renewed, "leaseDurationSeconds": 15},
    }


def schemas() -> Object:
    """What an API server with our CRDs says of their fields."""
    found: Object = {}
    for path in (ROOT / "crds").glob("replication*.yaml"):
        crd = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        found[f"dev.vvol.replication.v1alpha1.{crd['spec']['names']['kind']}"] = crd["spec"]["versions"][0]["schema"][
            "openAPIV3Schema"
        ]
    return {"components": {"schemas": found}}


WELL = Facts(
    NOW,
    server_time=NOW,
    version="v1.36.1",
    user="me",
    resources=frozenset(KINDS),
    schemas=schemas(),
    rules=ALL,
    leases=(lease(3),),
    endpoints=(endpoint(),),
    groups=(group(condition("RecoveryPointCurrent", "True", "WithinObjective")),),
)


def worst(facts: Facts) -> Finding:
    return judge(facts)[0]


def test_all_is_well() -> None:
    assert {one.level for one in judge(WELL)} == {Level.FINE}


@pytest.mark.parametrize(
    ("changed", "level", "subject", "words"),
    [
        ({"unreachable": "No route."}, Level.WRONG, "API server", "No route."),
        ({"resources": None}, Level.WRONG, "CRDs", "does not know replication.vvol.dev/v1alpha1"),
        ({"resources": frozenset(KINDS - {"replicationschedules"})}, Level.WRONG, "CRDs", "replicationschedules"),
        ({"leases": (lease(40),)}, Level.WRONG, "operator", "renewed 40s ago"),
        ({"rules": ()}, Level.WRONG, "permissions", "You may not list replicationgroups"),
        ({"rules": None}, Level.UNKNOWN, "permissions", "did not say"),
        ({"server_time": NOW - timedelta(minutes=1)}, Level.WARNING, "clock", "1m ahead of"),
        ({"server_time": NOW + timedelta(seconds=12)}, Level.WARNING, "clock", "12s behind"),
        ({"server_time": None}, Level.UNKNOWN, "clock", "did not say"),
        ({"schemas": None}, Level.UNKNOWN, "CRDs", "which fields"),
        ({"endpoints": None}, Level.UNKNOWN, "endpoints", "may not see"),
        ({"endpoints": ()}, Level.WARNING, "endpoints", "no VCenter"),
        (
            {"endpoints": (endpoint(condition("Ready", "False", "CertificateNotTrusted", "Unknown CA.")),)},
            Level.WRONG,
            "vcenter/dallas",
            "CertificateNotTrusted: Unknown CA.",
        ),
        ({"endpoints": (endpoint(tls={"insecureSkipVerify": True}),)}, Level.WARNING, "vcenter/dallas", "not checked"),
        (
            {"endpoints": (endpoint(kind="FlashArray", name="b", status={"clockSkew": "-2m"}),)},
            Level.WARNING,
            "array/b",
            "2m",
        ),
        ({"endpoints": ({"kind": "VCenter", "metadata": {"name": "new"}},)}, Level.WRONG, "vcenter/new", "No operator"),
        (
            {"groups": (group(condition("Ready", "False", "SourceGroupNotFound")),)},
            Level.WRONG,
            "group/erp",
            "SourceGroup",
        ),
        (
            {"groups": (group(condition("RecoveryPointCurrent", "False", "BehindObjective")),)},
            Level.WARNING,
            "group/erp",
            "BehindObjective",
        ),
    ],
)
def test_what_is_wrong_comes_first(changed: dict[str, Any], level: Level, subject: str, words: str) -> None:
    found = worst(replace(WELL, **changed))
    assert (found.level, found.subject) == (level, subject), found
    assert words in found.message


def test_a_group_that_cannot_be_read_and_misses_its_objective_has_both_told() -> None:
    behind = condition("RecoveryPointCurrent", "False", "BehindObjective")
    facts = replace(WELL, groups=(group(condition("Ready", "False", "Unreachable"), behind),))
    told = [(one.level, one.message.split(":")[0]) for one in judge(facts) if one.subject == "group/erp"]
    assert told == [(Level.WRONG, "Unreachable"), (Level.WARNING, "BehindObjective")]


@pytest.mark.parametrize(
    ("leases", "endpoints", "level", "words"),
    [
        (None, (endpoint(),), Level.FINE, "wrote a status 30s ago"),
        ((), (endpoint(status={"lastReadAt": "2026-11-30T10:00:00Z"}),), Level.WRONG, "No status was written for 2h"),
        ((), ({"kind": "VCenter", "metadata": {"name": "new"}},), Level.WRONG, "No operator has seen"),
        (None, (), Level.UNKNOWN, "You may not see its Lease"),
        ((), (), Level.UNKNOWN, "There is no Lease"),
    ],
)
def test_without_a_lease_the_statuses_say_whether_an_operator_works(
    leases: tuple[Object, ...] | None, endpoints: tuple[Object, ...], level: Level, words: str
) -> None:
    findings = judge(replace(WELL, leases=leases, endpoints=endpoints, groups=()))
    (found,) = [one for one in findings if one.subject == "operator"]
    assert (found.level, words in found.message) == (level, True), found


@pytest.mark.parametrize(
    ("leases", "level"),
    [
        ((lease(100),), Level.FINE),  # the status was written 30 s ago
        ((lease(40),), Level.WRONG),  # may have been written by its holder
        ((lease(31, holder=""),), Level.FINE),  # given back before
        ((lease(20, holder=""),), Level.WRONG),
        ((lease(100), lease(40)), Level.WRONG),
    ],
)
def test_a_status_that_is_younger_than_every_lease_is_an_operators_that_needs_none(
    leases: tuple[Object, ...], level: Level
) -> None:
    found = [one for one in judge(replace(WELL, leases=leases, groups=())) if one.subject == "operator"]
    assert {one.level for one in found} == {level}, found


@pytest.mark.parametrize(
    ("created", "status", "wrong"),
    [
        ("2026-11-30T11:59:47Z", {}, True),
        ("2026-11-30T11:59:47Z", {"observedGeneration": -1}, True),
        ("2026-11-30T11:59:57Z", {}, False),
        ("2026-11-30T11:59:47Z", {"observedGeneration": 1}, False),
        (None, {}, False),
    ],
)
def test_a_request_that_nobody_sees_shows_that_no_operator_works_here(
    created: str | None, status: Object, *, wrong: bool
) -> None:
    made = sync("a", "Accepted") | {"status": status}
    made["metadata"] |= {"creationTimestamp": created}
    found = worst(replace(WELL, requests=(made,), server_time=NOW))
    assert (found.level is Level.WRONG) is wrong
    if wrong:
        assert found.message == "sync/a was created 13s ago in namespace default. No operator has seen it."


def test_in_which_namespace_groups_were_looked_at_is_told() -> None:
    def told(*groups: Object) -> str:
        (found,) = [one for one in judge(replace(WELL, groups=groups)) if one.subject == "groups"]
        return found.message

    assert told() == "There is none in namespace default. Name another one with -n."
    assert told(group()) == "1 ReplicationGroup in namespace default, and each can be read."
    assert told(group(), group(name="crm")) == "2 ReplicationGroups in namespace default, and each can be read."


def test_rights_that_only_some_commands_need_are_a_warning() -> None:
    view = {"verbs": ["get", "list", "watch"], "apiGroups": ["replication.vvol.dev"], "resources": sorted(KINDS)}
    found = [one for one in judge(replace(WELL, rules=(view,))) if one.subject == "permissions"]
    assert [one.level for one in found] == [Level.WARNING] * 3
    assert "vvol-replication-prepare" in found[-1].advice


def test_a_field_that_a_crd_of_another_version_lacks_is_named() -> None:
    older = schemas()
    del older["components"]["schemas"]["dev.vvol.replication.v1alpha1.ReplicationSchedule"]["properties"]["spec"][
        "properties"
    ]["runNow"]
    found = worst(replace(WELL, schemas=older))
    assert (found.level, found.message) == (
        Level.WARNING,
        "They are of another version: ReplicationSchedule spec.runNow is missing.",
    )


def test_the_fields_that_are_looked_for_are_those_of_our_crds() -> None:
    known = {name.rpartition(".")[2] for name in schemas()["components"]["schemas"]}
    assert set(_FIELDS) <= known


def test_what_may_not_be_seen_is_not_taken_for_absent() -> None:
    found = judge(replace(WELL, endpoints=(), hidden=("flasharrays", "failoverpreparations")))
    said = {one.message for one in found if one.level is Level.UNKNOWN}
    assert said == {
        "You may not see FlashArrays: of them nothing is known.",
        "You may not see FailoverPreparations in namespace default: of them nothing is known.",
    }
    assert not any("There is no VCenter" in one.message for one in found)


class Refusing(Cluster):
    """An API server that refuses the lists of some kinds, and has nothing of the others."""

    def __init__(self, *plurals: str) -> None:
        super().__init__()
        self._refused = plurals

    def raw(self, *words: str) -> str:
        return "{}" if words[0] == "version" else '{"resources": []}'

    def review(self, path: str, body: Object) -> Object:  # noqa: ARG002 - as the method that it replaces
        return {}

    def any_of(self, *plurals: str, namespace: str | None = None) -> tuple[list[Object], list[str]]:  # noqa: ARG002 - as above
        return [], [f"{one}.replication.vvol.dev is forbidden" for one in plurals if one in self._refused]


@pytest.mark.parametrize(
    ("refused", "endpoints", "groups"),
    [
        ((), (), ()),
        (("flasharrays", "replicationsyncs"), (), ()),
        (("vcenters", "flasharrays", "replicationgroups"), None, None),
    ],
)
def test_lists_that_are_refused_are_known_as_that(
    refused: tuple[str, ...], endpoints: tuple[Object, ...] | None, groups: tuple[Object, ...] | None
) -> None:
    facts = gather(Refusing(*refused))
    assert (facts.hidden, facts.endpoints, facts.groups) == (refused, endpoints, groups)
