"""The pages for those who work on the code name files, functions and rooms that exist, and the contract as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from pages.markdown import ROOT
from unit.test_repository import FILES

from vvol_replication.reconcile.core.summarize import Situation
from vvol_simulator.model.switches import Switches

if TYPE_CHECKING:
    from pathlib import Path

OPERATOR = ROOT / "operator" / "vvol_replication"
PAGES = (
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/invariants.md",
    "docs/glossary.md",
    "docs/facts/vsphere.md",
    "docs/facts/kopf.md",
    "docs/facts/cron.md",
)
PLACE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.py|\.md|\.toml|\.yaml|\.json|\.in|\.lua))(?::(\w+))?`")
"""A path in code, with a name in that file behind a colon: `reconcile/sync/arming.py:arm`."""
PLACEHOLDER = "path.py"


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def find(path: str) -> Path | None:
    """The file or directory of that path, from the root or from the operator's package."""
    return next((one / path for one in (ROOT, OPERATOR) if (one / path).exists()), None)


def missing(text: str) -> set[str]:
    """The paths, and names in them, that are in code in a text and not in the tree."""
    wrong = set()
    for path, name in PLACE.findall(text):
        there = find(path)
        if there is None:
            wrong.add(path)
        elif name and not re.search(
            rf"^\s*(?:async )?(?:def|class) {name}\b|^{name}\b\s*[:=]", there.read_text("utf-8"), re.MULTILINE
        ):
            wrong.add(f"{path}:{name}")
    return wrong - {PLACEHOLDER}


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_in_the_tree_is_there(page: str) -> None:
    assert missing(text_of(page)) == set()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("`reconcile/sync/arming.py:arm` and `tests/explore/`, in `docs/invariants.md`", set()),
        ("`reconcile/sync/disarming.py`", {"reconcile/sync/disarming.py"}),
        ("`reconcile/sync/arming.py:disarm`", {"reconcile/sync/arming.py:disarm"}),
        ("`tests/nowhere/`", {"tests/nowhere/"}),
    ],
)
def test_what_is_not_there_is_found(text: str, wrong: set[str]) -> None:
    assert missing(text) == wrong


def row(cells: str) -> list[str]:
    return [cell.strip(" `") for cell in cells.strip("|").split("|")]


def test_the_conditions_contract_is_the_codes() -> None:
    table = text_of("docs/architecture.md").partition("### Conditions\n")[2].partition("\n### ")[0]
    head, _, unseen, *rows = [row(line) for line in table.splitlines() if line.startswith("|")]
    flags = head[3:]

    assert set(unseen[1:]) == {"-"}
    assert {cells[0]: cells[1:] for cells in rows} == {
        one.name: [one.value.phase, one.value.ready, *("True" if flag in one.value.flags else "-" for flag in flags)]
        for one in Situation
    }
    assert {flag for one in Situation for flag in one.value.flags} == set(flags)


def test_each_room_of_the_operator_is_named() -> None:
    rooms = {path.relative_to(OPERATOR).parts[0] for path in FILES if path.is_relative_to(OPERATOR)}
    said = text_of("docs/architecture.md")
    assert {room for room in rooms - {"__init__.py"} if f"`{room.removesuffix('.py')}" not in said} == set()


@pytest.mark.parametrize("directory", ["hack", "tests"])
def test_each_folder_of_builders_and_tests_is_named(directory: str) -> None:
    inside = {path.relative_to(ROOT).parts for path in FILES if path.is_relative_to(ROOT / directory)}
    folders = {f"{directory}/{parts[1]}" for parts in inside if len(parts) > len(("hack", "folder"))}
    assert {one for one in folders if f"`{one}`" not in text_of("CONTRIBUTING.md")} == set()


@pytest.mark.parametrize("page", ["docs/facts/vsphere.md", "docs/facts/flasharray.md"])
def test_what_is_uncertain_has_a_switch(page: str) -> None:
    lines = [line.partition("Uncertain")[2] for line in text_of(page).splitlines() if "Uncertain:" in line]
    named = {word for line in lines for word in re.findall(r"`(\w+)`", line)}

    assert lines
    assert named - set(Switches().as_dict()) == set()
