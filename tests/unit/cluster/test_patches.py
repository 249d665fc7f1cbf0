"""Merge patches, by the definition of RFC 7386."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.cluster.patches import merge_patch

KEYS = st.sampled_from("abcd")
VALUES = st.recursive(
    st.booleans() | st.integers(0, 3) | st.text("xy", max_size=2),
    lambda inner: st.lists(inner | st.none(), max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)
"""Null has no place in an object that a merge patch can make; in lists it may stand."""


def apply(target: Any, patch: Any) -> Any:
    """RFC 7386, section 2, word for word."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = apply(result.get(name), value)
    return result


@given(OBJECTS, OBJECTS)
def test_the_patch_makes_after_of_before(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert apply(before, merge_patch(before, after)) == after


@given(OBJECTS)
def test_nothing_changes_nothing(value: dict[str, Any]) -> None:
    assert merge_patch(value, value) == {}


@given(OBJECTS, OBJECTS)
def test_the_patch_says_only_what_changes(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert set(merge_patch(before, after)) == {key for key in {*before, *after} if before.get(key) != after.get(key)}
