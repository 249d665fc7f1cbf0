"""A bound group says what its endpoints' own readings came to: first of all the vCenter that lists its points."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.reconcile.binding.test_bind import ARRAYS, SITES, SPEC, TROUBLE, WORLD

from vvol_replication.reconcile.binding.behind import NOTHING_BEHIND, problems_behind
from vvol_replication.reconcile.binding.bind import bind
from vvol_replication.reconcile.binding.world import Binding, World


def in_trouble(*names: str) -> World:
    sites = {name: replace(view, problem=TROUBLE if name in names else None) for name, view in SITES.items()}
    arrays = {name: replace(view, problem=TROUBLE if name in names else None) for name, view in ARRAYS.items()}
    return World(sites, arrays)


def bound() -> Binding:
    found = bind(SPEC, WORLD)
    assert isinstance(found, Binding)
    return found


def test_a_group_whose_endpoints_can_be_read_has_nothing_behind_it() -> None:
    assert problems_behind(bound().resolved, WORLD) == NOTHING_BEHIND
    assert NOTHING_BEHIND.reason is None


@pytest.mark.parametrize(
    ("name", "what"),
    [("austin", "VCenter 'austin'"), ("array-a", "FlashArray 'array-a'"), ("array-b", "FlashArray 'array-b'")],
)
def test_an_endpoint_that_only_stands_behind_it_is_named(name: str, what: str) -> None:
    found = problems_behind(bound().resolved, in_trouble(name))
    assert found.recovery is None
    assert found.other is not None
    assert found.other.message == f"{what} cannot be read: {TROUBLE.message}"
    assert found.reason is TROUBLE.reason


def test_the_vcenter_that_lists_points_in_time_comes_first() -> None:
    found = problems_behind(bound().resolved, in_trouble("dallas", "array-a"))
    assert found.recovery is not None
    assert found.recovery.message.startswith("VCenter 'dallas' cannot be read")
    assert found.reason is TROUBLE.reason


def test_another_array_or_a_vcenter_that_nobody_names_is_not_behind_it() -> None:
    alone = replace(bound().resolved, protected_vcenter=None)
    assert problems_behind(alone, in_trouble("austin", "array-c")) == NOTHING_BEHIND


def test_an_endpoint_whose_object_is_gone_is_left_to_the_binding() -> None:
    assert problems_behind(bound().resolved, World({}, {})) == NOTHING_BEHIND
