"""Generated pages say what the code says."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from component.faults.all_rows import ROWS
from e2e.admission_cases import CASES

from docs import admission, faults, pages
from docs.unmade import UnmadeError
from vvol_replication.api.reasons import Reason

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("page", pages.PAGES)
def test_the_page_is_fresh(page: str) -> None:
    assert not pages.is_stale(page), f"{page} is stale: run `make docs` and commit it"


def test_every_reason_has_its_line() -> None:
    page = pages.text_of("docs/reasons.md")
    for reason in Reason:
        assert page.count(f"\n| `{reason}` |") == 1, reason


def test_a_case_that_was_never_asked_is_told_with_the_command_that_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "CASES", [*CASES, replace(CASES[-1], path="colour", value="blue")])

    with pytest.raises(UnmadeError) as caught:
        admission.render()

    command = "VVOL_UPDATE_GOLDEN=1 make e2e ARGS='-k the_page_has' WORKERS=0"
    assert "colour" in str(caught.value)
    assert str(caught.value).endswith(f"was not asked of an API server yet: run {command}")


def test_a_row_that_was_never_read_is_told_with_the_command_that_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "ROWS", (*ROWS, replace(ROWS[0], trouble="a flood")))

    with pytest.raises(UnmadeError, match=r"a flood.* RECORD_FAULT_MESSAGES=1 make component"):
        faults.pages()["docs/faults/connecting-vcenter.md"]()


def _unmade() -> str:
    raise UnmadeError("run this first")


@pytest.mark.parametrize("check", [False, True])
def test_a_page_that_cannot_be_made_keeps_no_other_one_back(
    check: bool,  # noqa: FBT001 - parametrized
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(pages, "PAGES", {"first.md": lambda: "1", "broken.md": _unmade, "below/last.md": lambda: "2"})

    assert not pages.bring_up_to_date(check=check)

    assert "broken.md is not made: run this first\n" in capsys.readouterr().err
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.md")}
    assert written == (set() if check else {"first.md", "below/last.md"})


def test_what_could_be_made_is_written_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(pages, "PAGES", {"one.md": lambda: "1"})

    assert not pages.bring_up_to_date(check=True)
    assert pages.bring_up_to_date(check=False)
    assert pages.bring_up_to_date(check=True)
    assert pages.bring_up_to_date(check=False)
    assert capsys.readouterr().out == "wrote one.md\n"


@pytest.mark.parametrize(("fails", "code"), [("hack/docs", 2), ("hack/docs/chart.py", 2), ("nothing", 0)])
def test_make_docs_brings_the_chart_too_and_fails_if_either_does(fails: str, code: int, tmp_path: Path) -> None:
    python, ready = tmp_path / "python", tmp_path / "ready"
    python.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/ran\ntest "$1" != {fails}\n')
    python.chmod(0o755)
    ready.touch()

    done = subprocess.run(
        ["make", "docs", f"BIN={tmp_path}", f"READY={ready}"], cwd=pages.ROOT, check=False, capture_output=True
    )

    assert done.returncode == code, done.stderr
    assert (tmp_path / "ran").read_text().split() == ["hack/docs", "hack/docs/chart.py"]
