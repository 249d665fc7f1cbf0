"""Names that become part of a URL: what passes cannot change the request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.storage.flasharray.names import pod, protection_group_problem, suffix_problem

FORBIDDEN = set("/?#%&=\\. \t\r\n\0\"'<>{}_*;,@")


@pytest.mark.parametrize(
    "name", ["erp", "E", "r-erp-2", "1", "flasharray-a:erp", "pod1::erp", "pod1:erp", "fa:pod::pg", "x" * 63]
)
def test_protection_group_names(name: str) -> None:
    assert protection_group_problem(name) is None


@pytest.mark.parametrize(
    "name", ["", "-erp", "erp-", "erp.vr-1", "a/b", "a?b", "a#b", "a b", "erp\n", ":erp", "erp:", "a:b:c", "a:::b",
             "a::b::c", "x" * 64, "erp*", "ärp", "erp٣"],
)  # fmt: skip
def test_what_is_no_protection_group_name(name: str) -> None:
    problem = protection_group_problem(name)
    assert problem is not None
    assert problem.isprintable()
    assert len(problem) < 400


@pytest.mark.parametrize("suffix", ["vr-1", "a", "1-2", "v" * 63, "vr-0123456789abcdef"])
def test_suffixes(suffix: str) -> None:
    assert suffix_problem(suffix) is None


@pytest.mark.parametrize("suffix", ["", "1", "123", "-a", "a-", "a_b", "a.b", "v" * 64, "vr-1\n", "a/b"])
def test_what_is_no_suffix(suffix: str) -> None:
    assert suffix_problem(suffix) is not None


@given(st.text(max_size=200))
def test_nothing_that_passes_can_leave_its_place_in_a_path(text: str) -> None:
    for problem in (protection_group_problem(text), suffix_problem(text)):
        if problem is None:
            assert text.isascii()
            assert not FORBIDDEN & set(text)
        else:
            assert problem.isprintable()


@given(st.from_regex(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True))
def test_what_purity_takes_passes(name: str) -> None:
    assert suffix_problem(name) is None
    assert protection_group_problem(name) is None
    assert protection_group_problem(f"array-1:{name}") is None
    assert protection_group_problem(f"pod::{name}") is None


@pytest.mark.parametrize(
    ("name", "expected"), [("erp", None), ("fa:erp", None), ("pod1::erp", "pod1"), ("fa:pod1::erp", "pod1")]
)
def test_the_pod_of_a_name(name: str, expected: str | None) -> None:
    assert pod(name) == expected
