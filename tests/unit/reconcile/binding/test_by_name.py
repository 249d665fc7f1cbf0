"""What a group stands for by its name and the arrays alone, where vSphere was never asked about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from vvol_replication.api.group import GroupRef, ReplicationGroupSpec, ReplicationGroupStatus
from vvol_replication.api.reasons import Reason
from vvol_replication.domain.arrays import ArrayAbout
from vvol_replication.domain.groups import GroupState
from vvol_replication.reconcile.binding.by_name import UNKNOWN_GROUP
from vvol_replication.reconcile.binding.from_status import bind_by_memory
from vvol_replication.reconcile.binding.world import ArrayView, Binding, Problem, SiteView, Unbound, World

SPEC = ReplicationGroupSpec(recovery_site="dallas", group_name="FA-A:erp", suspend=True)
A, B, C = (ArrayView(ArrayAbout(f"id-{x}", f"fa-{x}", "6.4.10", "2.26")) for x in "abc")
UNREAD = ArrayView(problem=Problem(Reason.LOGIN_FAILED, "The token was refused."))
TWO = {"array-a": A, "array-b": B}
DOWN = {"dallas": SiteView(problem=Problem(Reason.UNREACHABLE, "No connection."))}
UNBOUND = Unbound(Reason.UNREACHABLE, "No connection.")


def bound(arrays: dict[str, ArrayView] | None = None, **spec: Any) -> Binding | Unbound:
    world = World(DOWN, TWO if arrays is None else arrays)
    return bind_by_memory(replace(SPEC, **spec), ReplicationGroupStatus(), UNBOUND, world)


def test_name_and_arrays_are_enough_where_there_are_two_arrays() -> None:
    found = bound()
    assert isinstance(found, Binding)
    assert found.never_read
    assert found.suspended
    resolved = found.resolved
    assert (resolved.source_array, resolved.source_array_id) == ("array-a", "id-a")
    assert (resolved.target_array, resolved.target_array_id) == ("array-b", "id-b")
    assert (resolved.protection_group, resolved.source_group_name) == ("erp", None)
    assert resolved.source_group == resolved.target_group == UNKNOWN_GROUP
    assert found.target.state is GroupState.UNKNOWN
    assert found.source is None


def test_the_target_and_the_protection_group_are_those_that_the_object_names() -> None:
    found = bound({**TWO, "array-c": C}, target_array="array-c", protection_group="erp-2")
    assert isinstance(found, Binding)
    assert found.resolved.target_array_id == "id-c"
    assert found.resolved.protection_group == "erp-2"


@pytest.mark.parametrize(
    ("arrays", "spec", "reason", "said"),
    [
        (TWO, {"group_name": None, "target": GroupRef("fd-b", "t")}, Reason.UNREACHABLE, "<array>:<protection group>"),
        (TWO, {"group_name": "erp"}, Reason.UNREACHABLE, "<array>:<protection group>"),
        ({"array-b": B}, {}, Reason.ARRAY_UNKNOWN, "the source array 'FA-A'"),
        ({"array-a": A}, {}, Reason.ARRAY_UNKNOWN, "there are: none"),
        ({**TWO, "array-c": UNREAD}, {}, Reason.SEVERAL_TARGETS, "'array-b', 'array-c'). Set spec.targetArrayRef"),
        (TWO, {"target_array": "array-x"}, Reason.FLASHARRAY_NOT_FOUND, "no FlashArray 'array-x'"),
        ({"array-a": A, "array-b": UNREAD}, {}, Reason.LOGIN_FAILED, "cannot be read now. The token was refused"),
        ({"array-a": A, "array-b": ArrayView()}, {}, Reason.NOT_YET_READ, "cannot be read now."),
        (TWO, {"target_array": "array-a"}, Reason.AMBIGUOUS_ARRAY, "is the source array itself"),
    ],
)
def test_what_is_missing_is_told_precisely(
    arrays: dict[str, ArrayView], spec: dict[str, Any], reason: Reason, said: str
) -> None:
    found = bound(arrays, **spec)
    assert isinstance(found, Unbound)
    assert found.reason is reason
    assert said in found.message
    assert found.message.startswith("No connection. The group was never read from vSphere. ")
    assert ".." not in found.message
