"""What a group stands for by its own stored status, while no vCenter answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from vvol_replication.api.group import GroupRef, ReplicationGroupSpec, ReplicationGroupStatus, SourceSide, TargetSide
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.arrays import ArrayAbout
from vvol_replication.domain.groups import GroupState, Inventory, VCenterAbout
from vvol_replication.reconcile.binding.from_status import bind_by_memory, fits, target_by_memory
from vvol_replication.reconcile.binding.world import ArrayView, Binding, Problem, SiteView, Unbound, World

SPEC = ReplicationGroupSpec(
    recovery_site="dallas", protected_site="austin", group_name="fa-a:erp", min_push_interval=timedelta(minutes=1)
)
STATUS = ReplicationGroupStatus(
    source=SourceSide("fd-a", "dg-a", "FA-A:erp", "SOURCE", "flasharray-a", "id-a", "erp", "austin", "uuid-austin"),
    target=TargetSide("fd-b", "dg-b", None, "TARGET", "flasharray-b", "id-b", "dallas", "uuid-dallas"),
)
ARRAYS = {
    "flasharray-a": ArrayView(ArrayAbout("id-a", "fa-a", "6.4.10", "1.19")),
    "flasharray-b": ArrayView(ArrayAbout("id-b", "fa-b", "6.4.10", "1.19")),
}
SILENT = SiteView(problem=Problem(Reason.UNREACHABLE, "No connection."))
READ = SiteView(VCenterAbout("uuid", "8.0.3.0", ()), Inventory((), ()))
DOWN = World({"dallas": SILENT, "austin": SILENT}, ARRAYS)
UNBOUND = Unbound(Reason.UNREACHABLE, "No connection.")
MATCH = pytest.mark.parametrize(
    ("spec", "same"),
    [
        ({}, True),
        ({"recovery_site": "houston"}, False),
        ({"group_name": "fa-a:crm"}, False),
        ({"group_name": None, "target": GroupRef("fd-b", "dg-b")}, True),
        ({"group_name": None, "target": GroupRef("fd-b", "dg-c")}, False),
        ({"target_array": "flasharray-b"}, True),
        ({"target_array": "flasharray-c"}, False),
        ({"suspend": True}, True),
    ],
)


def bound(spec: ReplicationGroupSpec = SPEC, status: ReplicationGroupStatus = STATUS, world: World = DOWN) -> Any:
    return bind_by_memory(spec, status, UNBOUND, world)


def test_the_arrays_are_found_by_their_ids_and_called_by_their_names_of_now() -> None:
    renamed = {**ARRAYS, "flasharray-a": ArrayView(ArrayAbout("id-a", "fa-z", "6.4.10", "1.19"))}
    found = bound(world=replace(DOWN, arrays=renamed))
    assert isinstance(found, Binding)
    assert found.resolved.source_array_name == "fa-z"
    assert found.resolved.protection_group == "erp"
    assert found.resolved.recovery_vcenter_uuid == "uuid-dallas"
    assert found.target.state is GroupState.TARGET
    assert found.source is not None
    assert found.source.state is GroupState.SOURCE
    assert found.min_push_interval == timedelta(minutes=1)


def test_the_state_is_the_last_that_was_seen() -> None:
    assert STATUS.target is not None
    found = bound(status=replace(STATUS, target=replace(STATUS.target, state="INTEST")))
    assert isinstance(found, Binding)
    assert found.target.state is GroupState.INTEST


@MATCH
def test_what_is_remembered_has_to_be_of_the_group_that_the_spec_names(spec: dict[str, Any], *, same: bool) -> None:
    changed = replace(SPEC, **spec)
    assert fits(changed, STATUS) == same
    found = bound(changed)
    assert isinstance(found, Binding) == same
    if not same:
        assert "never read" in found.message


@pytest.mark.parametrize(
    "status",
    [
        ReplicationGroupStatus(source=STATUS.source),
        replace(STATUS, source=replace(STATUS.source, array_id=None)),  # type: ignore[type-var]  # it is there
    ],
)
def test_never_read_it_waits_and_says_so(status: ReplicationGroupStatus) -> None:
    found = bound(status=status)
    assert isinstance(found, Unbound)
    assert found.reason is Reason.UNREACHABLE
    assert "has to be read by vSphere once" in found.message


@pytest.mark.parametrize("sites", [{"dallas": READ, "austin": READ}, {}])
def test_an_answer_of_a_vcenter_is_believed_rather_than_the_memory(sites: dict[str, SiteView]) -> None:
    assert bound(world=World(sites, ARRAYS)) is UNBOUND


@pytest.mark.parametrize("sites", [{"dallas": SILENT, "austin": READ}, {"dallas": READ, "austin": SILENT}])
def test_one_that_is_silent_is_enough(sites: dict[str, SiteView]) -> None:
    assert isinstance(bound(world=World(sites, ARRAYS)), Binding)


def test_so_is_a_provider_that_is_silent() -> None:
    incomplete = Unbound(Reason.INVENTORY_INCOMPLETE, "A provider was silent.")
    world = World({"dallas": READ, "austin": READ}, ARRAYS)
    assert isinstance(bind_by_memory(SPEC, STATUS, incomplete, world), Binding)


@pytest.mark.parametrize("missing", ["flasharray-a", "flasharray-b"])
def test_an_array_that_is_not_known_is_told(missing: str) -> None:
    found = bound(world=replace(DOWN, arrays={name: one for name, one in ARRAYS.items() if name != missing}))
    assert isinstance(found, Unbound)
    assert found.reason is Reason.ARRAY_UNKNOWN


RECOVERY = SiteView(VCenterAbout("uuid-dallas", "8.0.3.0", ()), Inventory((), ()))
LOST = World({"dallas": RECOVERY, "austin": SILENT}, ARRAYS)
GONE = Unbound(Reason.TARGET_GROUP_NOT_FOUND, "Not there.")
UNREAD = {**ARRAYS, "flasharray-a": ArrayView(problem=Problem(Reason.UNREACHABLE, "No connection."))}


def listed(
    status: ReplicationGroupStatus = STATUS,
    world: World = LOST,
    unbound: Unbound = UNBOUND,
    spec: ReplicationGroupSpec = SPEC,
) -> TargetSide | None:
    return target_by_memory(spec, status, unbound, world)


def test_the_pinned_target_can_be_listed_while_the_source_site_is_silent() -> None:
    assert listed() == STATUS.target


@pytest.mark.parametrize(
    ("arrays", "can_be"),
    [
        (UNREAD, True),
        ({**ARRAYS, "other": ArrayView()}, False),
        ({"flasharray-b": ARRAYS["flasharray-b"]}, False),
        ({**UNREAD, "new": ARRAYS["flasharray-a"]}, False),
    ],
    ids=["silent", "another is silent", "deleted", "known by another object"],
)
def test_the_pinned_target_can_be_listed_while_an_array_of_the_group_is_silent(arrays: Any, can_be: bool) -> None:  # noqa: FBT001 - parametrized
    world = World({"dallas": RECOVERY, "austin": READ}, arrays)
    assert (listed(world=world, unbound=GONE) is not None) == can_be


def test_a_group_whose_source_was_never_read_has_its_target_listed_while_arrays_are_silent() -> None:
    spec = replace(SPEC, group_name=None, target=GroupRef("fd-b", "dg-b"))
    assert listed(replace(STATUS, source=None), spec=spec) is None
    unsure = replace(STATUS, source=SourceSide("fd-a", "dg-a", "FA-A:erp"))
    assert listed(unsure, World({"dallas": RECOVERY, "austin": READ}, UNREAD), GONE) == STATUS.target


@pytest.mark.parametrize(
    "recovery",
    [
        None,
        SiteView(),
        SiteView(RECOVERY.about, RECOVERY.inventory, Problem(Reason.UNREACHABLE, "No connection.")),
        SiteView(VCenterAbout("uuid-of-another", "8.0.3.0", ()), RECOVERY.inventory),
    ],
    ids=["none", "unread", "silent", "another"],
)
def test_the_pinned_target_is_listed_by_the_vcenter_that_listed_it_before_alone(recovery: SiteView | None) -> None:
    sites = {"austin": SILENT} | ({} if recovery is None else {"dallas": recovery})
    assert listed(world=World(sites, ARRAYS)) is None


@pytest.mark.parametrize(
    "status",
    [
        ReplicationGroupStatus(),
        replace(STATUS, target=TargetSide("fd-b", "dg-b", None, "TARGET", "flasharray-b", "id-b", "dallas", None)),
        replace(STATUS, target=TargetSide("fd-b", "dg-b", None, "TARGET", "b", "id-b", "houston", "uuid-dallas")),
    ],
    ids=["never read", "not whole", "of another site"],
)
def test_a_status_that_pins_no_target_of_the_spec_is_not_believed(status: ReplicationGroupStatus) -> None:
    assert listed(status) is None


def test_what_is_an_answer_makes_the_status_past() -> None:
    assert listed(world=World({"dallas": RECOVERY, "austin": READ}, ARRAYS), unbound=GONE) is None
