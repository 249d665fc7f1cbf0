"""docs/troubleshooting.md names only reasons that exist, and all that ask something of the person who meets them."""

from __future__ import annotations

import re

import pytest
from pages.markdown import ROOT

from vvol_replication.api.reasons import CATALOGUE, Reason

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
NO_REASONS = {
    *("Ready", "Reconciling", "Failed", "Valid", "Prepared", "Preparable", "Discovery", "PointInTimeIdentified"),
    "RecoveryPointCurrent",
    *("TTLIgnored", "AwaitSchedule", "PHASE", "LastRunSucceeded", "RunNowSucceeded"),
}
"""Words in code that look like a reason: conditions, methods, columns."""


def named(text: str) -> set[str]:
    """The words in code of a text that look like a reason."""
    return set(re.findall(r"`([A-Z][A-Za-z]+)`", text))


def asks_for_something(reason: Reason) -> bool:
    """Is there something that the person who meets it has to do?"""
    return re.match(r"Nothing( to do)?[.;]", CATALOGUE[reason].advice) is None


def test_each_reason_that_is_named_exists() -> None:
    assert named(PAGE) - NO_REASONS - set(Reason) == set()


@pytest.mark.parametrize("reason", [one for one in Reason if asks_for_something(one)])
def test_what_asks_for_something_to_be_done_is_on_the_page(reason: Reason) -> None:
    assert reason in named(PAGE)


@pytest.mark.parametrize(
    "reason",
    [Reason.EXPIRED, Reason.DELETED, Reason.ALREADY_DONE, Reason.RECENT_ENOUGH, Reason.GROUP_BUSY, Reason.SYNC_ONGOING],
)
def test_ends_and_waits_that_surprise_are_on_the_page_too(reason: Reason) -> None:
    assert reason in named(PAGE)


def test_the_rest_is_one_link_away() -> None:
    assert "(reasons.md)" in PAGE
