"""Generated pages say what the code says."""

from __future__ import annotations

import pytest

from docs import pages
from vvol_replication.api.reasons import Reason


@pytest.mark.parametrize("page", pages.PAGES)
def test_the_page_is_fresh(page: str) -> None:
    assert not pages.is_stale(page), f"{page} is stale: run `make docs` and commit it"


def test_every_reason_has_its_line() -> None:
    page = pages.text_of("docs/reasons.md")
    for reason in Reason:
        assert page.count(f"\n| `{reason}` |") == 1, reason
