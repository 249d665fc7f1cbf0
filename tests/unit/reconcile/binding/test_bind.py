"""What a ReplicationGroup stands for, and what is said where it cannot be made concrete."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from vvol_replication.api.group import ReplicationGroupSpec
from vvol_replication.api.reasons import CATALOGUE, Reason
from vvol_replication.api.sync import GroupRef
from vvol_replication.domain.arrays import ArrayAbout
from vvol_replication.domain.groups import (
    FaultDomain,
    GroupId,
    GroupState,
    Inventory,
    SourceGroup,
    TargetGroup,
    VCenterAbout,
)
from vvol_replication.reconcile.binding.bind import bind
from vvol_replication.reconcile.binding.world import ArrayView, Binding, Problem, SiteView, Unbound, World

SOURCE, TARGET, THIRD = GroupId("fd-a", "g1"), GroupId("fd-b", "g2"), GroupId("fd-c", "g3")
ERP = SourceGroup(SOURCE, "fa-a:erp", GroupState.SOURCE, (TARGET,))
COPY = TargetGroup(TARGET, SOURCE, GroupState.TARGET)
A, B, C = (FaultDomain(f"fd-{x}", f"fa-{x}", f"id-{x}") for x in "abc")
AUSTIN, DALLAS = Inventory((A,), (ERP,)), Inventory((B, C), (COPY,))
TROUBLE = Problem(Reason.LOGIN_FAILED, "It refused the password.")
SPEC = ReplicationGroupSpec(recovery_site="dallas", protected_site="austin", group_name="fa-a:erp")
BY_ID = ReplicationGroupSpec(recovery_site="dallas", protected_site="austin", target=GroupRef("fd-b", "g2"))


def seen(uuid: str, inventory: Inventory) -> SiteView:
    return SiteView(VCenterAbout(uuid, "8.0.3.0", ("pure",)), inventory)


def array(name: str) -> ArrayView:
    return ArrayView(ArrayAbout(f"id-{name}", f"fa-{name}", "6.7.5", "1.19"))


SITES = {"austin": seen("uuid-a", AUSTIN), "dallas": seen("uuid-d", DALLAS)}
ARRAYS = {"array-a": array("a"), "array-b": array("b"), "array-c": array("c")}
WORLD = World(SITES, ARRAYS)


def with_sites(**sites: SiteView) -> World:
    return replace(WORLD, sites={**SITES, **sites})


def with_arrays(*without: str, **arrays: ArrayView) -> World:
    kept = {name: view for name, view in ARRAYS.items() if name not in without}
    return replace(WORLD, arrays={**kept, **arrays})


def dallas(*groups: SourceGroup | TargetGroup, domains: Any = (B, C), **more: Any) -> World:
    return with_sites(dallas=seen("uuid-d", Inventory(domains, groups, **more)))


def austin(*groups: SourceGroup | TargetGroup, domains: Any = (A,), **more: Any) -> World:
    return with_sites(austin=seen("uuid-a", Inventory(domains, groups, **more)))


def bound(spec: ReplicationGroupSpec, world: World = WORLD) -> Binding:
    found = bind(spec, world)
    assert isinstance(found, Binding), found
    return found


@pytest.mark.parametrize(
    "spec", [SPEC, BY_ID, replace(SPEC, group_name="FA-A:ERP"), replace(SPEC, target_array="array-b")]
)
def test_by_name_or_by_id_the_same_is_found(spec: ReplicationGroupSpec) -> None:
    found = bound(replace(spec, suspend=True, min_push_interval=timedelta(minutes=1)))
    resolved = found.resolved
    assert (resolved.recovery_vcenter, resolved.recovery_vcenter_uuid) == ("dallas", "uuid-d")
    assert (resolved.protected_vcenter, resolved.protected_vcenter_uuid) == ("austin", "uuid-a")
    assert resolved.target_group == GroupRef("fd-b", "g2")
    assert resolved.source_group == GroupRef("fd-a", "g1")
    assert (resolved.source_array, resolved.source_array_id, resolved.source_array_name) == ("array-a", "id-a", "fa-a")
    assert (resolved.target_array, resolved.target_array_id, resolved.target_array_name) == ("array-b", "id-b", "fa-b")
    assert resolved.protection_group == "erp"
    assert (found.target, found.source) == (COPY, ERP)
    assert (found.suspended, found.min_push_interval) == (True, timedelta(minutes=1))


def test_one_vcenter_may_hold_both_sides() -> None:
    both = World({"one": seen("uuid-1", Inventory((A, B), (ERP, COPY)))}, ARRAYS)
    resolved = bound(ReplicationGroupSpec(recovery_site="one", group_name="fa-a:erp"), both).resolved
    assert (resolved.recovery_vcenter, resolved.protected_vcenter) == ("one", "one")


def test_a_source_that_the_recovery_site_shows_is_read_there() -> None:
    world = replace(
        dallas(COPY, ERP, domains=(A, B)),
        sites={"dallas": seen("uuid-d", Inventory((A, B), (COPY, ERP))), "austin": seen("uuid-a", Inventory((), ()))},
    )
    assert bound(BY_ID, world).resolved.protected_vcenter == "dallas"


def test_the_protection_group_of_the_spec_overrules_the_name() -> None:
    assert bound(replace(SPEC, protection_group="crm")).resolved.protection_group == "crm"


def test_a_name_without_a_colon_needs_the_protection_group_from_the_spec() -> None:
    world = austin(replace(ERP, name="erp"))
    found = bind(BY_ID, world)
    assert isinstance(found, Unbound)
    assert found.reason == Reason.INVALID_GROUP_NAME
    assert bound(replace(BY_ID, protection_group="erp"), world).resolved.source_array == "array-a"


def test_pods_keep_their_colons() -> None:
    world = austin(replace(ERP, name="fa-a:pod::erp"))
    assert bound(BY_ID, world).resolved.protection_group == "pod::erp"


def test_a_renamed_array_is_found_by_its_id_and_one_without_an_id_by_its_name() -> None:
    renamed = with_arrays("array-a", other=ArrayView(ArrayAbout("id-a", "new-name", "6", "1.19")))
    assert bound(SPEC, renamed).resolved.source_array_name == "new-name"
    assert bound(SPEC, austin(ERP, domains=(replace(A, array_id=None),))).resolved.source_array == "array-a"


NO_ID = replace(B, array_id=None)


@pytest.mark.parametrize("spec", [SPEC, BY_ID])
def test_a_target_array_without_an_id_is_the_one_that_the_spec_names(spec: ReplicationGroupSpec) -> None:
    world = dallas(COPY, domains=(NO_ID, C))
    unsaid = bind(spec, world)
    assert isinstance(unsaid, Unbound)
    assert "spec.targetArrayRef" in unsaid.message
    resolved = bound(replace(spec, target_array="array-b"), world).resolved
    assert (resolved.target_array, resolved.target_array_id, resolved.target_array_name) == ("array-b", "id-b", "fa-b")


@pytest.mark.parametrize(
    ("world", "reason"),
    [
        (dallas(COPY, domains=(NO_ID,), complete=False), Reason.INVENTORY_INCOMPLETE),
        (dallas(COPY, domains=()), Reason.TARGET_GROUP_NOT_FOUND),
        (dallas(COPY, domains=(C,)), Reason.TARGET_GROUP_NOT_FOUND),
    ],
)
def test_what_the_spec_names_counts_only_where_a_complete_reading_has_no_id(world: World, reason: Reason) -> None:
    found = bind(replace(SPEC, target_array="array-b"), world)
    assert isinstance(found, Unbound)
    assert found.reason is reason
    by_id = bind(replace(BY_ID, target_array="array-b"), world)
    assert isinstance(by_id, Unbound)
    assert by_id.reason is Reason.INVENTORY_INCOMPLETE


def test_of_several_targets_without_ids_the_spec_chooses_none() -> None:
    sites = {**FAN_OUT.sites, "dallas": seen("d", Inventory((NO_ID, replace(C, array_id=None)), (COPY, COPY_C)))}
    found = bind(replace(SPEC, target_array="array-b"), replace(FAN_OUT, sites=sites))
    assert isinstance(found, Unbound)
    assert found.reason is Reason.TARGET_GROUP_NOT_FOUND


@pytest.mark.parametrize("spec", [SPEC, BY_ID])
def test_where_the_source_has_other_targets_too_the_spec_does_not_say_which_array_one_is(
    spec: ReplicationGroupSpec,
) -> None:
    """The other array has the same group: its transfers would be taken for proof."""
    sites = {"austin": FAN_OUT.sites["austin"], "dallas": seen("d", Inventory((NO_ID,), (COPY,)))}
    found = bind(replace(spec, target_array="array-c"), replace(FAN_OUT, sites=sites))
    assert isinstance(found, Unbound)
    assert found.reason is Reason.INVENTORY_INCOMPLETE


def test_a_target_array_that_the_spec_names_and_that_was_not_read_is_waited_for() -> None:
    found = bind(
        replace(BY_ID, target_array="n"),
        replace(dallas(COPY, domains=(NO_ID,)), arrays={**ARRAYS, "n": ArrayView()}),
    )
    assert isinstance(found, Unbound)
    assert found.reason is Reason.INVENTORY_INCOMPLETE


@pytest.mark.parametrize("spec", [SPEC, BY_ID, replace(SPEC, target_array="array-b")])
def test_an_arrays_id_is_the_same_in_any_case(spec: ReplicationGroupSpec) -> None:
    shouted = [replace(one, array_id=(one.array_id or "").upper()) for one in (A, B, C)]
    world = with_sites(
        austin=seen("uuid-a", Inventory((shouted[0],), (ERP,))),
        dallas=seen("uuid-d", Inventory(tuple(shouted[1:]), (COPY,))),
    )
    resolved = bound(spec, world).resolved
    assert (resolved.source_array_id, resolved.target_array_id) == ("id-a", "id-b"), "as the arrays write them"


def test_without_a_vcenter_that_shows_the_source_its_name_cannot_be_known() -> None:
    hidden = replace(BY_ID, protected_site=None)
    found = bind(hidden, WORLD)
    assert isinstance(found, Unbound)
    assert found.reason == Reason.SOURCE_GROUP_NOT_FOUND
    assert "fd-a/g1" in found.message


@pytest.mark.parametrize(
    ("world", "reason"),
    [
        (WORLD, Reason.SOURCE_GROUP_NOT_FOUND),
        (dallas(COPY, complete=False, problems=("VASA provider p is offline.",)), Reason.INVENTORY_INCOMPLETE),
    ],
)
@pytest.mark.parametrize("spec", [SPEC, BY_ID])
def test_a_source_that_only_another_vcenter_shows_is_not_found_and_the_field_that_is_missing_is_named(
    spec: ReplicationGroupSpec, world: World, reason: Reason
) -> None:
    found = bind(replace(spec, protected_site=None), world)
    assert isinstance(found, Unbound)
    assert found.reason is reason
    assert "spec.protectedSite is not set, so only this VCenter was asked" in found.message
    assert "set spec.protectedSite to its VCenter" in found.message


def test_a_source_that_is_not_at_the_protected_site_says_nothing_of_a_field_that_is_set() -> None:
    found = bind(SPEC, austin())
    assert isinstance(found, Unbound)
    assert "is not set" not in found.message


TWO = replace(ERP, targets=(TARGET, THIRD))
COPY_C = TargetGroup(THIRD, SOURCE, GroupState.TARGET)
FAN_OUT = World(
    {"austin": seen("u", Inventory((A,), (TWO,))), "dallas": seen("d", Inventory((B, C), (COPY, COPY_C)))}, ARRAYS
)


def test_the_target_array_chooses_among_several_targets() -> None:
    assert bound(replace(SPEC, target_array="array-c"), FAN_OUT).resolved.target_array == "array-c"


@pytest.mark.parametrize(
    ("spec", "world", "reason", "word"),
    [
        (replace(SPEC, recovery_site="x"), WORLD, Reason.VCENTER_NOT_FOUND, "'x'"),
        (replace(SPEC, protected_site="x"), WORLD, Reason.VCENTER_NOT_FOUND, "'x'"),
        (SPEC, with_sites(dallas=SiteView()), Reason.NOT_YET_READ, "dallas"),
        (SPEC, with_sites(dallas=SiteView(problem=TROUBLE)), Reason.LOGIN_FAILED, "password"),
        (replace(SPEC, group_name="erp"), WORLD, Reason.INVALID_GROUP_NAME, "<array>:<protection group>"),
        (SPEC, austin(), Reason.SOURCE_GROUP_NOT_FOUND, "fa-a:erp"),
        (
            SPEC,
            austin(complete=False, problems=("VASA provider p is offline.",)),
            Reason.INVENTORY_INCOMPLETE,
            "p is offline",
        ),
        (
            SPEC,
            austin(complete=False, problems=("VASA provider p is offline.", "It is not known yet what q serves.")),
            Reason.INVENTORY_INCOMPLETE,
            "p is offline. It is not known yet what q serves.",
        ),
        (SPEC, austin(complete=False), Reason.INVENTORY_INCOMPLETE, "did not answer"),
        (SPEC, austin(ERP, replace(ERP, id=GroupId("fd-z", "g9"))), Reason.SEVERAL_GROUPS, "group.target"),
        (SPEC, dallas(), Reason.TARGET_GROUP_NOT_FOUND, "dallas"),
        (SPEC, dallas(SourceGroup(TARGET, "x:y", GroupState.SOURCE, ())), Reason.WRONG_SIDE, "reversed"),
        (SPEC, FAN_OUT, Reason.SEVERAL_TARGETS, "targetArrayRef"),
        (replace(SPEC, target_array="nope"), WORLD, Reason.FLASHARRAY_NOT_FOUND, "nope"),
        (replace(SPEC, target_array="n"), with_arrays(n=ArrayView()), Reason.NOT_YET_READ, "'n'"),
        (replace(SPEC, target_array="n"), with_arrays(n=ArrayView(problem=TROUBLE)), Reason.LOGIN_FAILED, "password"),
        (replace(SPEC, target_array="array-c"), WORLD, Reason.TARGET_GROUP_NOT_FOUND, "array-c"),
        (BY_ID, dallas(), Reason.TARGET_GROUP_NOT_FOUND, "fd-b/g2"),
        (BY_ID, dallas(SourceGroup(TARGET, "x:y", GroupState.SOURCE, ())), Reason.WRONG_SIDE, "receives"),
        (SPEC, dallas(COPY, domains=()), Reason.INVENTORY_INCOMPLETE, "fd-b"),
        (SPEC, dallas(COPY, domains=(replace(B, array_id=None),)), Reason.INVENTORY_INCOMPLETE, "fd-b"),
        (SPEC, with_arrays("array-a"), Reason.ARRAY_UNKNOWN, "fa-a"),
        (SPEC, with_arrays("array-b"), Reason.ARRAY_UNKNOWN, "fa-b"),
        (SPEC, with_arrays(twin=array("a")), Reason.AMBIGUOUS_ARRAY, "array-a, twin"),
        (SPEC, with_arrays("array-a", x=ArrayView()), Reason.NOT_YET_READ, "'x'"),
        (SPEC, with_arrays("array-a", x=ArrayView(problem=TROUBLE)), Reason.LOGIN_FAILED, "password"),
        (
            replace(BY_ID, protection_group="erp"),
            austin(replace(ERP, name="erp"), domains=()),
            Reason.INVALID_GROUP_NAME,
            "does not contain its array",
        ),
    ],
)
def test_what_is_missing_has_its_own_reason(
    spec: ReplicationGroupSpec, world: World, reason: Reason, word: str
) -> None:
    found = bind(spec, world)
    assert isinstance(found, Unbound)
    assert found.reason == reason
    assert found.reason in CATALOGUE
    assert word in found.message
