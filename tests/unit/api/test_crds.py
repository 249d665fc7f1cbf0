"""The CRDs and the typed values are one API; the CRDs keep the promises that hold for all of them."""

from __future__ import annotations

import calendar
import dataclasses
import itertools
import random
import re
import types
from datetime import UTC, datetime
from typing import Any, Union, get_args, get_origin

import pytest
import yaml
from unit.api import crds
from unit.api.crds import at, form, numbers
from unit.api.spec_cases import TYPES
from unit.domain.cron.generated import ODD_WORDS, odd

from vvol_replication.api import (
    durations,
    endpoint,
    group,
    names,
    preparation,
    reading,
    refs,
    schedule,
    sync,
    vcenter,
    wire,
)
from vvol_replication.api.flasharray import RestVersion
from vvol_replication.api.names import KINDS, Kind
from vvol_replication.api.status import Phase
from vvol_replication.domain.cron import CronError, parse_schedule

EACH_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
NODES = [
    pytest.param(kind, path, node, id=f"{kind.kind}-{path}")
    for kind in KINDS
    for part in ("spec", "status")
    for path, node in crds.walk(crds.schema(kind, part), part)
]
EACH_NODE = pytest.mark.parametrize(("kind", "path", "node"), NODES)


def spec_paths(kind: Kind) -> set[str]:
    """Where the typed spec's fields are written, by their own metadata."""
    found: set[str] = set()
    for field in dataclasses.fields(TYPES[kind][0]):
        path = field.metadata["at"]
        inner = plain(field.type)
        nested = dataclasses.is_dataclass(inner) and inner is not endpoint.Address
        found |= {f"{path}.{below}" for below in status_paths(inner)} if nested else {path}
    return found


def status_paths(kind: Any) -> set[str]:
    """Where the fields of a status dataclass are written, all the way down."""
    found: set[str] = set()
    for field in dataclasses.fields(kind):
        name, inner = wire.json_name(field.name), plain(field.type)
        if get_origin(inner) is tuple:
            name, inner = f"{name}[]", get_args(inner)[0]
        found |= {f"{name}.{below}" for below in status_paths(inner)} if dataclasses.is_dataclass(inner) else {name}
    return found


def plain(kind: Any) -> Any:
    """A field's type without its `| None`."""
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (option for option in get_args(kind) if option is not type(None))
    return kind


@EACH_KIND
def test_typed_spec_and_crd_have_the_same_fields(kind: Kind) -> None:
    assert spec_paths(kind) == crds.leaves(crds.schema(kind, "spec"))


@EACH_KIND
def test_typed_status_and_crd_have_the_same_fields(kind: Kind) -> None:
    assert status_paths(TYPES[kind][1]) == crds.leaves(crds.schema(kind, "status"))


@EACH_KIND
def test_what_a_typed_status_always_holds_is_what_the_crd_requires(kind: Kind) -> None:
    def compare(node: crds.Node, typed: Any, path: str) -> None:
        fields = {wire.json_name(field.name): field for field in dataclasses.fields(typed)}
        always = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
        assert set(node.get("required", ())) == always, path
        for name, field in fields.items():
            inner, below = plain(field.type), node["properties"][name]
            if get_origin(inner) is tuple:
                inner, below = get_args(inner)[0], below["items"]
            if dataclasses.is_dataclass(inner):
                compare(below, inner, f"{path}.{name}")

    compare(crds.schema(kind, "status"), TYPES[kind][1], "status")


@EACH_KIND
def test_names_scope_and_category(kind: Kind) -> None:
    document = crds.load(kind)
    said = document["spec"]["names"]

    assert document["metadata"]["name"] == kind.crd_name
    assert document["spec"]["group"] == names.GROUP
    assert [version["name"] for version in document["spec"]["versions"]] == [names.VERSION]
    assert document["spec"]["scope"] == ("Namespaced" if kind.namespaced else "Cluster")
    assert (said["kind"], said["plural"], tuple(said["shortNames"])) == (kind.kind, kind.plural, kind.short_names)
    assert said["categories"] == ["vvol"]


def test_every_file_is_the_crd_of_a_kind() -> None:
    files = {path.name for path in crds.DIRECTORY.iterdir()} - {"Kustomization"}

    assert files == {f"{names.GROUP}_{kind.plural}.yaml" for kind in KINDS}
    assert set(yaml.safe_load((crds.DIRECTORY / "Kustomization").read_text())["resources"]) == files


@EACH_KIND
def test_status_is_a_subresource_and_unobserved_at_first(kind: Kind) -> None:
    (version,) = crds.load(kind)["spec"]["versions"]
    status = crds.schema(kind, "status")

    assert version["subresources"] == {"status": {}}
    assert status["default"] == {"observedGeneration": -1}
    assert status["properties"]["observedGeneration"]["default"] == -1
    assert TYPES[kind][1]().observed_generation == -1


@EACH_KIND
def test_conditions_are_a_map_by_type(kind: Kind) -> None:
    conditions = crds.schema(kind, "status")["properties"]["conditions"]

    assert conditions["x-kubernetes-list-type"] == "map"
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]


@EACH_NODE
def test_every_field_is_described(kind: Kind, path: str, node: crds.Node) -> None:
    assert re.match(r"(\S+ ){1,}.*[.]", node["description"]), f"{kind.kind} {path}"
    assert "\n" not in node["description"]


@EACH_NODE
def test_every_field_is_bounded(kind: Kind, path: str, node: crds.Node) -> None:
    bounds: dict[str, bool] = {
        "string": "maxLength" in node or "enum" in node,
        "array": "maxItems" in node,
        "integer": bool(numbers(node)) if path.startswith("spec.") else {"minimum", "maximum"} <= node.keys(),
        "boolean": True,
        "object": "properties" in node and "additionalProperties" not in node,
    }

    assert bounds[node["type"]], f"{kind.kind} {path}"


@pytest.mark.parametrize(
    ("kind", "path", "node"), [param for param in NODES if str(param.values[1]).startswith("spec")]
)
def test_no_default_is_written_into_a_spec(kind: Kind, path: str, node: crds.Node) -> None:
    assert "default" not in node, f"{kind.kind} {path}"


@EACH_KIND
def test_every_optional_field_of_a_spec_says_its_default(kind: Kind) -> None:
    spec = crds.schema(kind, "spec")

    silent = {
        name
        for name, node in spec["properties"].items()
        if name not in spec["required"] and "Default: " not in node["description"]
    }
    assert not silent


VC, FA, RG, RS, FP, SC = KINDS


@pytest.mark.parametrize(
    ("kind", "path", "shape"),
    [
        (VC, "spec.credentialsSecretRef.name", reading.DNS_SUBDOMAIN),
        (VC, "spec.discovery.namespace", reading.DNS_LABEL),
        (FA, "spec.apiTokenSecretRef.name", reading.DNS_SUBDOMAIN),
        (RG, "spec.recoverySite.vCenterRef.name", reading.DNS_SUBDOMAIN),
        (RG, "spec.protectedSite.vCenterRef.name", reading.DNS_SUBDOMAIN),
        (RG, "spec.targetArrayRef.name", reading.DNS_SUBDOMAIN),
        (RG, "spec.group.name", group.GROUP_NAME),
        (RG, "spec.group.target.faultDomainID", reading.OPAQUE_ID),
        (RG, "spec.group.target.deviceGroupID", reading.OPAQUE_ID),
        (RG, "spec.protectionGroup", group.PROTECTION_GROUP),
        (RS, "spec.groupRef.name", reading.DNS_SUBDOMAIN),
        (RS, "spec.pointInTimeName", sync.POINT_IN_TIME_NAME),
        (RS, "spec.requestID", sync.REQUEST_ID),
        (FP, "spec.groupRef.name", reading.DNS_SUBDOMAIN),
        (FP, "spec.requestID", sync.REQUEST_ID),
        (SC, "spec.groupRef.name", reading.DNS_SUBDOMAIN),
        (SC, "spec.schedule", schedule.CRON),
        (SC, "spec.timeZone", schedule.TIME_ZONE),
        (SC, "spec.pointInTimeNamePrefix", schedule.NAME_PREFIX),
        (SC, "spec.runNow", schedule.RUN_NOW),
    ],
)
def test_texts_have_one_shape(kind: Kind, path: str, shape: reading.Shape) -> None:
    node = at(kind, path)

    assert (form(node), node["maxLength"]) == (shape.pattern, shape.max_length)
    assert re.search(shape.pattern, "") is None, "that it is not empty is a part of its form"


def test_addresses_and_certificates_have_one_shape() -> None:
    for kind in (VC, FA):
        address, certificates = at(kind, "spec.address"), at(kind, "spec.tls.caCertificates")
        assert (form(address), address["maxLength"]) == (endpoint.ADDRESS_PATTERN, endpoint.ADDRESS_LIMIT)
        assert certificates["maxLength"] == endpoint.CA_LIMIT
        assert endpoint.PEM_MARK in certificates["x-kubernetes-validations"][0]["rule"]
        assert numbers(at(kind, "spec.maxConcurrentCalls")) == (1, endpoint.CALLS_MAXIMUM)


def test_durations_have_one_shape() -> None:
    fields = [at(RG, "spec.recoveryPointObjective"), at(RG, "spec.minPushInterval")]
    fields += [at(RS, "spec.maxAge"), at(RS, "spec.timeout")]
    fields += [at(FP, "spec.validFor"), at(FP, "spec.timeout")]
    fields += [at(SC, "spec.startingDeadline"), at(SC, "spec.maxAge"), at(SC, "spec.timeout")]
    stagger = at(SC, "spec.stagger")

    assert {form(field) for field in [*fields, stagger]} == {durations.PATTERN}
    least = durations.format_duration(schedule.STAGGER_MAXIMUM)
    assert f"<= duration('{least}')" in stagger["x-kubernetes-validations"][0]["rule"]
    most = durations.format_duration(durations.MAXIMUM)
    assert all(f"<= duration('{most}')" in field["x-kubernetes-validations"][0]["rule"] for field in fields)


@pytest.mark.parametrize("year", [1600, 1900, 2000, 2024, 2026, 2100])
def test_an_instant_is_on_a_day_that_exists(year: int) -> None:
    """No text that is taken may be none for `timestamp`: a rule that fails with an error says it before its words."""
    taken = form(at(RS, "spec.notAfter"))

    for month, day in itertools.product(range(14), range(33)):
        exists = 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
        assert bool(re.search(taken, f"{year}-{month:02}-{day:02}T00:00:00Z")) is exists, (month, day)


@pytest.mark.parametrize(("kind", "path", "node"), [one for one in NODES if str(one.values[1]).startswith("spec")])
def test_what_a_field_must_look_like_is_said_by_rules_alone(kind: Kind, path: str, node: crds.Node) -> None:
    """The API server tells people the others as they are: "should match '^[a-z0-9]...'"."""
    assert not node.keys() & {"pattern", "minLength", "minimum", "maximum"}, f"{kind.kind} {path}"
    assert node.get("format") in (None, "int32")


@pytest.mark.parametrize(
    ("kind", "path", "words"),
    [
        (FA, "spec.restVersion", RestVersion),
        (RS, "spec.method", sync.Method),
        (RS, "status.phase", Phase),
        (FP, "status.phase", Phase),
        (SC, "spec.concurrencyPolicy", schedule.ConcurrencyPolicy),
        (SC, "spec.method", sync.Method),
        (SC, "status.lastRun.phase", Phase),
        (SC, "status.lastRunNowResult.phase", Phase),
        (FP, "status.checks[].result", preparation.CheckResult),
    ],
)
def test_closed_words_are_the_same(kind: Kind, path: str, words: type[sync.Method]) -> None:
    assert at(kind, path)["enum"] == [word.value for word in words]


@pytest.mark.parametrize(
    ("kind", "path", "limit"),
    [
        (RG, "status.pointsInTime", group.POINTS_LIMIT),
        (VC, "status.providers", vcenter.PROVIDERS_LIMIT),
        (RS, "status.operation.baseline.points", sync.BASELINE_LIMIT),
        (RS, "status.operation.baseline.transfers", sync.BASELINE_LIMIT),
        (RS, "status.operation.sync.credited", sync.CREDITED_LIMIT),
        (FP, "status.checks", preparation.CHECKS_LIMIT),
        (FP, "status.machines", preparation.MACHINES_LIMIT),
        (FP, "status.operation.prepare.snapshotsBefore", preparation.SNAPSHOTS_LIMIT),
        (SC, "status.active", schedule.ACTIVE_LIMIT),
        (SC, "status.recentScheduleTimes", schedule.RECENT_LIMIT),
        (SC, "status.usedRunNow", schedule.USED_LIMIT),
    ],
)
def test_lists_have_one_limit(kind: Kind, path: str, limit: int) -> None:
    assert at(kind, path)["maxItems"] == limit


def test_numbers_have_one_range() -> None:
    retries, ttl = at(RS, "spec.retryLimit"), at(RS, "spec.ttlSecondsAfterFinished")

    assert numbers(retries) == (0, sync.RETRY_LIMIT_MAXIMUM)
    assert numbers(ttl) == numbers(at(FP, "spec.ttlSecondsAfterFinished")) == (0, sync.TTL_MAXIMUM)
    kept = [at(SC, f"spec.{field}") for field in ("successfulHistoryLimit", "failedHistoryLimit")]
    assert {numbers(field) for field in kept} == {(1, schedule.HISTORY_MAXIMUM)}
    assert refs.ON_DEMAND_GROUP in at(RG, "spec.group.target.deviceGroupID")["x-kubernetes-validations"][1]["rule"]


def test_descriptions_know_the_defaults() -> None:
    assert f"Default: {sync.DEFAULT_RETRY_LIMIT}." in at(RS, "spec.retryLimit")["description"]
    for field, default in (
        ("successfulHistoryLimit", schedule.DEFAULT_SUCCESSFUL_HISTORY),
        ("failedHistoryLimit", schedule.DEFAULT_FAILED_HISTORY),
        ("timeout", durations.format_duration(sync.DEFAULT_TIMEOUT)),
        ("concurrencyPolicy", schedule.ConcurrencyPolicy.FORBID),
        ("timeZone", "Etc/UTC"),
    ):
        assert f"Default: {default}." in at(SC, f"spec.{field}")["description"]


def test_the_words_of_a_schedule_are_those_that_are_read() -> None:
    (rule,) = [one for one in at(SC, "spec.schedule")["x-kubernetes-validations"] if "startsWith" in one["rule"]]
    words = re.findall(r"'(@\w+)'", rule["rule"])

    assert words == list(schedule.CRON_WORDS)
    assert all(parse_schedule(word, None).next_after(datetime(2026, 12, 1, tzinfo=UTC)) for word in words)


def test_the_forms_of_a_schedule_are_those_that_are_read() -> None:
    rules = " ".join(one["rule"] for one in at(SC, "spec.schedule")["x-kubernetes-validations"])
    for pattern in (schedule.CRON_FIELDS.pattern, schedule.CRON_EVERY_DURATION.pattern):
        of_the_server = re.sub(r"\\u0*([0-9a-f]+)", r"\\x{\1}", pattern)
        assert f"self.matches(r'{of_the_server}')" in rules


def test_no_schedule_that_can_be_read_has_a_form_that_is_refused() -> None:
    chance = random.Random(7)  # noqa: S311 - examples, not secrets
    taken = 0
    for text in (*ODD_WORDS, *(odd(chance) for _ in range(4000))):
        try:
            parse_schedule(text, None)
        except CronError:
            continue
        taken += 1
        form = schedule.CRON_EVERY_DURATION if text.startswith("@every ") else schedule.CRON_FIELDS
        assert text in schedule.CRON_WORDS or form.search(text), text
    assert taken > 300


def test_texts_of_run_now_in_the_status_are_as_long_as_they_may_be() -> None:
    fields = ("lastRunNow", "active[].runNow", "lastRun.runNow", "lastRunNowResult.runNow")

    assert {at(SC, f"status.{field}")["maxLength"] for field in fields} == {schedule.RUN_NOW_LIMIT}


def test_consent_has_to_repeat_the_name_of_the_group() -> None:
    (rule,) = [one for one in crds.schema(FP, "spec")["x-kubernetes-validations"] if "oldSelf" not in one["rule"]]

    assert (rule["rule"], rule["fieldPath"]) == ("self.consent == self.groupRef.name", ".consent")
