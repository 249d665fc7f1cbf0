"""Specs become typed values, or a complaint at the exact path."""

from __future__ import annotations

import copy
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.api.cases import LEAST, Case, params, put
from unit.api.spec_cases import FULL, PEM, RIGHT, TYPES, WRONG

from vvol_replication.api.endpoint import Address
from vvol_replication.api.errors import SpecError
from vvol_replication.api.flasharray import FlashArraySpec, RestVersion
from vvol_replication.api.group import GroupRef, ReplicationGroupSpec
from vvol_replication.api.names import KINDS, Kind
from vvol_replication.api.preparation import PreparationSpec
from vvol_replication.api.schedule import ConcurrencyPolicy, ReplicationScheduleSpec
from vvol_replication.api.sync import Method, SyncSpec
from vvol_replication.api.vcenter import VCenterSpec

EACH_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
VC, FA, RG, RS, FP, SC = KINDS


def test_a_full_sync() -> None:
    assert SyncSpec.parse(FULL[RS]) == SyncSpec(
        group="erp",
        point_in_time_name="before upgrade 42",
        request_id="CHG-4711",
        method=Method.AWAIT_SCHEDULE,
        max_age=timedelta(minutes=10),
        not_after=datetime(2026, 12, 1, tzinfo=UTC),
        timeout=timedelta(hours=2),
        retry_limit=6,
        suspend=True,
        cancel=True,
        ttl_seconds_after_finished=3600,
    )


def test_a_full_group() -> None:
    assert ReplicationGroupSpec.parse(FULL[RG]) == ReplicationGroupSpec(
        recovery_site="dallas",
        protected_site="austin",
        group_name="flasharray-a:erp",
        target_array="flasharray-b",
        protection_group="erp",
        recovery_point_objective=timedelta(minutes=15),
        min_push_interval=timedelta(minutes=1),
        suspend=True,
        failover_called_off_at=datetime(2026, 12, 1, tzinfo=UTC),
    )


def test_a_full_preparation() -> None:
    assert PreparationSpec.parse(FULL[FP]) == PreparationSpec(
        group="erp",
        consent="erp",
        not_after=datetime(2026, 12, 1, tzinfo=UTC),
        valid_for=timedelta(hours=4),
        dry_run=True,
        request_id="CHG-4712",
        timeout=timedelta(hours=1),
        suspend=True,
        cancel=True,
        ttl_seconds_after_finished=3600,
    )


def test_a_full_schedule() -> None:
    assert ReplicationScheduleSpec.parse(FULL[SC]) == ReplicationScheduleSpec(
        group="erp",
        schedule="30 2 * * 1-5",
        time_zone="Europe/Berlin",
        suspend=True,
        starting_deadline=timedelta(minutes=30),
        concurrency_policy=ConcurrencyPolicy.QUEUE,
        method=Method.AWAIT_SCHEDULE,
        max_age=timedelta(minutes=10),
        timeout=timedelta(minutes=90),
        point_in_time_name_prefix="nightly",
        stagger=timedelta(minutes=5),
        successful_history_limit=7,
        failed_history_limit=1,
        run_now="CHG-4711",
    )


def test_a_group_by_its_target() -> None:
    target = {"faultDomainID": "array-b", "deviceGroupID": "0001"}

    parsed = ReplicationGroupSpec.parse(LEAST[RG] | {"group": {"target": target}})

    assert parsed == ReplicationGroupSpec(recovery_site="dallas", target=GroupRef("array-b", "0001"))
    assert str(parsed.target) == "array-b/0001"


def test_a_full_vcenter() -> None:
    assert VCenterSpec.parse(FULL[VC]) == VCenterSpec(
        address=Address("2001:db8::1", 8443),
        secret="vcenter-dallas",
        ca_certificates=PEM,
        max_concurrent_calls=4,
        discovery_namespace="dr",
    )


def test_a_full_array() -> None:
    assert FlashArraySpec.parse(FULL[FA]) == FlashArraySpec(
        address=Address("10.0.0.7"),
        secret="flasharray-a",
        ca_certificates=PEM,
        rest_version=RestVersion.REST1,
        max_concurrent_calls=1,
    )


def test_what_is_not_said_has_its_default() -> None:
    assert SyncSpec.parse(LEAST[RS]) == SyncSpec("erp", method=Method.COORDINATED)
    assert ReplicationScheduleSpec.parse(LEAST[SC]) == ReplicationScheduleSpec(
        "erp",
        "30 2 * * *",
        concurrency_policy=ConcurrencyPolicy.FORBID,
        successful_history_limit=3,
        failed_history_limit=3,
    )
    assert VCenterSpec.parse(LEAST[VC]).max_concurrent_calls == 2
    assert FlashArraySpec.parse(LEAST[FA]).rest_version is RestVersion.AUTO


def test_verification_is_left_out_only_in_as_many_words() -> None:
    assert VCenterSpec.parse(LEAST[VC] | {"tls": {"insecureSkipVerify": True}}).insecure_skip_verify is True
    assert VCenterSpec.parse(LEAST[VC] | {"tls": {}}).insecure_skip_verify is False


@pytest.mark.parametrize("case", params(RIGHT))
def test_what_is_right_is_read(case: Case) -> None:
    TYPES[case.kind][0].parse(case.spec)


@pytest.mark.parametrize("case", params(WRONG))
def test_what_is_wrong_is_told_where(case: Case) -> None:
    with pytest.raises(SpecError) as caught:
        TYPES[case.kind][0].parse(case.spec)

    assert caught.value.path == case.where
    assert caught.value.message
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("name", ["a\u200bb", "a\u2028b", "a\ufffeb", "a\u202eb"])
def test_a_name_that_people_cannot_read_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match=r"spec\.pointInTimeName: must be printable"):
        SyncSpec.parse(LEAST[RS] | {"pointInTimeName": name})
    with pytest.raises(SpecError, match=r"spec\.pointInTimeNamePrefix: must be printable"):
        ReplicationScheduleSpec.parse(LEAST[SC] | {"pointInTimeNamePrefix": name})


@pytest.mark.parametrize("method", Method)
def test_a_schedule_has_a_prefix_for_names_only_where_names_are_made(method: Method) -> None:
    spec = LEAST[SC] | {"pointInTimeNamePrefix": "nightly", "method": method.value}
    if method is not Method.ARRAY_ONLY:
        assert ReplicationScheduleSpec.parse(spec).point_in_time_name_prefix == "nightly"
        return

    with pytest.raises(SpecError, match=r"^spec\.pointInTimeNamePrefix: .* leave one of the two out"):
        ReplicationScheduleSpec.parse(spec)


@EACH_KIND
@pytest.mark.parametrize("spec", [None, [], "text", 7])
def test_a_spec_that_is_no_object(kind: Kind, spec: object) -> None:
    with pytest.raises(SpecError, match="spec: must be an object"):
        TYPES[kind][0].parse(spec)


@EACH_KIND
def test_each_field_is_read_from_where_its_metadata_says(kind: Kind) -> None:
    spec_type = TYPES[kind][0]
    least = spec_type.parse(LEAST[kind])

    for field in dataclasses.fields(spec_type):
        path = field.metadata["at"]
        value = _other_value(kind, path)
        spec = copy.deepcopy(LEAST[kind])
        if path == "group.target":
            del spec["group"]
        put(spec, path, value)
        changed = spec_type.parse(spec)
        assert getattr(changed, field.name) != getattr(least, field.name), path


def _other_value(kind: Kind, path: str) -> Any:
    special = {
        "group.target": {"faultDomainID": "b", "deviceGroupID": "1"},
        "tls.insecureSkipVerify": True,
        "address": "elsewhere",
        "groupRef.name": "crm",
        "schedule": "@daily",
        "consent": "crm",
        "notAfter": "2027-01-01T00:00:00Z",
        "group.name": "flasharray-a:crm",
        "recoverySite.vCenterRef.name": "paris",
        "credentialsSecretRef.name": "other",
        "apiTokenSecretRef.name": "other",
    }
    value: Any = FULL[kind]
    if path in special:
        return special[path]
    for part in path.split("."):
        value = value[part]
    return value


@EACH_KIND
def test_null_counts_as_absent(kind: Kind) -> None:
    spec = {name: None for name in FULL[kind] if name not in LEAST[kind]} | LEAST[kind]

    assert TYPES[kind][0].parse(spec) == TYPES[kind][0].parse(LEAST[kind])


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=6,
)


@EACH_KIND
@given(data=st.data())
def test_any_json_is_read_or_complained_of(kind: Kind, data: st.DataObject) -> None:
    spec = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(FULL[kind], JSON)))
    if data.draw(st.booleans()):
        spec = LEAST[kind] | spec

    try:
        read: Any = TYPES[kind][0].parse(spec)
    except SpecError as complaint:
        read = complaint.path

    assert isinstance(read, TYPES[kind][0]) or read.startswith("spec")


@pytest.mark.parametrize(
    ("text", "host", "port", "shown"),
    [
        ("vc.example.com", "vc.example.com", 443, "vc.example.com"),
        ("vc.example.com:443", "vc.example.com", 443, "vc.example.com"),
        ("127.0.0.1:8443", "127.0.0.1", 8443, "127.0.0.1:8443"),
        ("[2001:DB8::1]", "2001:db8::1", 443, "[2001:db8::1]"),
        ("[::1]:0444", "::1", 444, "[::1]:444"),
    ],
)
def test_addresses(text: str, host: str, port: int, shown: str) -> None:
    address = Address.parse(text)

    assert (address.host, address.port, str(address)) == (host, port, shown)
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize("text", ["[::1::]", "[1.2.3.4]", "[:]", "a" * 64, "vc\n", "vc:443\n"])
def test_addresses_that_only_look_like_one(text: str) -> None:
    with pytest.raises(SpecError, match=r"^spec\.address: "):
        Address.parse(text)
