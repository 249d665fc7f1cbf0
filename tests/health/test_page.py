"""The tables of docs/gitops.md are the contract's, and its kubectl kustomize block works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from health import contract

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "gitops.md").read_text("utf-8")


def table(name: str) -> list[list[str]]:
    """The cells of the table below that mark, without its head."""
    below = PAGE.split(f"<!-- table: {name} -->\n")[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in below.splitlines()[2:]]


def cells(row: contract.Row) -> list[str]:
    more = {"Suspended"} if row is contract.SUSPENDED_GROUP else set(row.flags)
    argo = row.argo + (f', "{row.words}"' if row.words else "")
    return [row.name, row.ready or "-", ", ".join(sorted(more)) or "-", row.kstatus, argo]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("one-shot", (contract.UNSEEN, *contract.ROWS)),
        ("monitored", contract.MONITORED_ROWS),
        ("schedule", contract.SCHEDULE_ROWS),
    ],
)
def test_the_table_says_what_the_contract_says(name: str, rows: tuple[contract.Row, ...]) -> None:
    assert table(name) == [cells(row) for row in rows]


def test_every_file_that_the_page_points_at_is_there() -> None:
    links = [(ROOT / "docs" / link).resolve() for link in re.findall(r"\]\(([^)#]+)\)", PAGE)]
    assert links
    assert [str(link) for link in links if not link.exists()] == []


def test_the_exit_statuses_of_the_recipe_are_all_told() -> None:
    script = (ROOT / "manifests" / "samples" / "kubectl" / "sync-and-wait.sh").read_text()
    told = {int(one) for one in re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE)}
    assert told == {int(one) for one in re.findall(r"^#   (\d)  ", script, re.MULTILINE)}
    assert told == {int(one) for one in re.findall(r"(?:exit|return) (\d)", script)}
