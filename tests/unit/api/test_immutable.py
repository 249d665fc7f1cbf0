"""Which fields of requests cannot be changed, and what the rules of the CRDs that say so look like."""

from __future__ import annotations

import re

import pytest
from unit.api import crds
from unit.api.crds import at, form

from vvol_replication.api import durations, sync
from vvol_replication.api.names import FAILOVER_PREPARATION as FP
from vvol_replication.api.names import ONE_SHOT_KINDS, Kind
from vvol_replication.api.names import REPLICATION_GROUP as RG
from vvol_replication.api.names import REPLICATION_SYNC as RS

MUTABLE = {"suspend", "cancel", "ttlSecondsAfterFinished"}
EACH_REQUEST = pytest.mark.parametrize("kind", ONE_SHOT_KINDS, ids=lambda kind: kind.kind)


def rules(kind: Kind) -> dict[str, str]:
    """The transition rules of a request's spec, by the one field that each is about."""
    found = {}
    for validation in crds.schema(kind, "spec")["x-kubernetes-validations"]:
        if "oldSelf" not in validation["rule"] or "optionalOldSelf" in validation:
            continue
        (field,) = set(re.findall(r"\b(?:self|oldSelf)\.(\w+)", validation["rule"]))
        assert validation["fieldPath"] == f".{field}"
        assert validation["reason"] == "FieldValueForbidden"
        assert kind.kind in validation["message"]
        assert field not in found
        found[field] = validation["rule"]
    return found


@EACH_REQUEST
def test_each_field_of_a_request_is_immutable_or_known_not_to_be(kind: Kind) -> None:
    fields = set(crds.schema(kind, "spec")["properties"])

    assert rules(kind).keys() | MUTABLE == fields
    assert not rules(kind).keys() & MUTABLE


@EACH_REQUEST
def test_the_immutability_rules_guard_appearing_and_disappearing(kind: Kind) -> None:
    required = crds.schema(kind, "spec")["required"]

    for field, rule in rules(kind).items():
        same = f"self.{field} == oldSelf.{field}"
        if field == "notAfter":
            # A moment may be written in another zone; what is none, as an old object may have it, is compared as text.
            moments = f"[self.notAfter, oldSelf.notAfter].all(one, one.matches(r'{form(at(kind, 'spec.notAfter'))}'))"
            same += f" || ({moments} && timestamp(self.notAfter) == timestamp(oldSelf.notAfter))"
        if field in required:
            assert rule == same
        elif field != "timeout":
            assert rule == f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || {same})"


def test_what_is_refused_of_new_objects_alone_leaves_those_that_are_there_editable() -> None:
    (rule,) = [one for one in crds.schema(RS, "spec")["x-kubernetes-validations"] if "optionalOldSelf" in one]

    assert rule["rule"].startswith("oldSelf.hasValue() || ")
    assert rule["fieldPath"] == ".pointInTimeName"


@EACH_REQUEST
def test_the_timeout_rule_and_the_description_know_the_default(kind: Kind) -> None:
    default = durations.format_duration(sync.DEFAULT_TIMEOUT)

    # What is no duration is left to the rule of the field: here it could not be compared.
    assert rules(kind)["timeout"] == (
        f"(has(self.timeout) && (self.timeout == '' || !self.timeout.matches(r'{durations.PATTERN}'))) || "
        f"(has(self.timeout) ? duration(self.timeout) : duration('{default}')) >= "
        f"(has(oldSelf.timeout) ? duration(oldSelf.timeout) : duration('{default}'))"
    )
    assert f"Default: {default}." in at(kind, "spec.timeout")["description"]


INSTANTS = [(RG, "spec.failoverCalledOffAt"), (RS, "spec.notAfter"), (FP, "spec.notAfter")]


def test_instants_have_one_shape() -> None:
    assert len({form(at(kind, path)) for kind, path in INSTANTS}) == 1
    for kind in ONE_SHOT_KINDS:
        assert f"one.matches(r'{form(at(kind, 'spec.notAfter'))}')" in rules(kind)["notAfter"]
