"""What code, tests, manifests and pages cite is there: invariants by number, pages and their headings by path."""

from __future__ import annotations

import re
from functools import cache

import pytest
from pages.markdown import anchors
from unit.test_repository import ROOT, texts

INVARIANT = re.compile(r"\b[Ii]nvariants?\s+(\d+(?:(?:,\s+|\s+and\s+|\s+to\s+|,\s+and\s+)\d+)*)\b")
PAGE = re.compile(r"\bdocs/[\w/-]+\.md(?:#[\w-]+)?")
# One letter of each in brackets, so that this file keeps the rule too.
ELSEWHERE = re.compile(
    r"\bDESIG[N]\b|\b[Rr]ules?[ ]\d|\(referenc[e]:\s+(?!Any\b|object\b|str\b)"
    r"|\b[Rr]eferenc[e]:?\s+(?:flasharray|vsphere|kopf|gitops|§)|\W§[ ]?\d"
)
"""Citations of documents that are not in the repository, or that cannot be followed in it."""


@cache
def headings(page: str) -> frozenset[str]:
    path = ROOT / page
    return frozenset(anchors(path.read_text("utf-8"))) if path.is_file() else frozenset()


def invariants() -> set[str]:
    """The numbers that docs/invariants.md has a heading for."""
    return {found[1] for one in headings("docs/invariants.md") if (found := re.match(r"(\d+)-", one))}


def dangling(text: str) -> list[str]:
    """What a text cites and is not there."""
    numbers = {number for said in INVARIANT.findall(text) for number in re.findall(r"\d+", said)}
    wrong = [f"invariant {number}" for number in sorted(numbers - invariants())]
    for cited in sorted(set(PAGE.findall(text))):
        page, _, anchor = cited.partition("#")
        if not (ROOT / page).is_file() or (anchor and anchor not in headings(page)):
            wrong.append(cited)
    return wrong + [found[0] for found in ELSEWHERE.finditer(text)]


def test_the_invariants_are_numbered_without_a_gap() -> None:
    assert invariants() == {str(number) for number in range(1, 15)}


def test_everything_that_is_cited_is_there() -> None:
    own = "tests/unit/test_citations.py"
    assert {name: wrong for name, text in texts() if name != own and (wrong := dangling(text))} == {}


def test_something_is_cited() -> None:
    cited = {name for name, text in texts() if INVARIANT.search(text)}
    assert {"operator/vvol_replication/domain/members.py", "tests/explore/rules.py"} <= cited


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("so it is (invariant 14).", []),
        ("so it is (invariant 15).", ["invariant 15"]),
        ("so it is (invariants 2 and 81).", ["invariant 81"]),
        ("Invariants 1, 3 and 99 at the push.", ["invariant 99"]),
        ("so it is (invariant\n    16).", ["invariant 16"]),
        ("see docs/invariants.md", []),
        ("see docs/invariants.md#which-point-in-time.", []),
        ("see docs/nowhere.md", ["docs/nowhere.md"]),
        ("see docs/facts/kopf.md#nothing", ["docs/facts/kopf.md#nothing"]),
        ("as DESIGN says", ["DESIGN"]),
        ("by rule 5 it is so", ["rule 5"]),
        ('"""Rules 3 and 4."""', ["Rules 3"]),
        ("(reference: something)", ["(reference: "]),
        ("measured: reference kopf, chapter one", ["reference kopf"]),
        ("flasharray, §1.1", [" §1"]),
        ("def moid(reference: object)", []),
    ],
)
def test_each_kind_of_dangling_citation_is_found(text: str, wrong: list[str]) -> None:
    assert dangling(text) == wrong
