"""Every cell of states x memory x guards x run comes to what invariant 8 says."""

from __future__ import annotations

from collections import Counter

import pytest
from unit.reconcile.preparation.table import ALL_STATES, GOOD, GUARDS, STATES, Situation, everything, expected, played

pytestmark = pytest.mark.no_cover  # others reach the same lines; counting takes longer than playing


def test_every_cell_is_as_the_rule_says() -> None:
    cells = {where: (played(where), expected(where)) for where in everything()}
    wrong = {where: pair for where, pair in cells.items() if pair[0] != pair[1]}
    assert wrong == {}
    assert len(cells) >= 2 * len(STATES) ** 2 * len(ALL_STATES) * (len(GUARDS) + 1)
    assert {one[0].what for one in cells.values()} == {
        "waits",
        "fails",
        "completes",
        "calls",
        "would wait",
        "would fail",
        "could",
        "cannot tell",
    }


def test_the_call_is_made_only_where_nothing_at_all_speaks_against_it() -> None:
    calling = [where for where in everything() if played(where).calls]
    assert Counter(calling) == Counter(
        Situation(*GOOD, memory, (), dry=False) for memory in ("nothing", "prepared and called off")
    )
