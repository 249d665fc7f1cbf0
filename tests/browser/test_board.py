"""The page of `kubectl vvol board` in a real browser, of real objects, storage being simulated."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from testbed.waiting import eventually

if TYPE_CHECKING:
    from browser.chromium import Browser
    from e2e.board import Board
    from e2e.rig import Site

DRAWINGS = Path(__file__).parents[2] / "docs" / "drawings"
UPDATE = "VVOL_UPDATE_GOLDEN"
LOOKS = [(name, width) for name in ("light", "dark") for width in (1280, 420)]
FOCUSED = """
const one = document.activeElement, {outlineStyle, outlineWidth} = getComputedStyle(one);
return {name: one.id || one.className || one.tagName, outline: outlineStyle, width: parseFloat(outlineWidth)};
"""


def wait(page: Browser, place: str, words: str, *, gone: bool = False) -> None:
    """Wait until a part of the page has these words, or has them no longer."""
    eventually(
        lambda: page.text(place),
        what=f"{place} with {words!r}",
        until=lambda text: (words in text) is not gone,
        timeout=45,
    )


def focused(page: Browser) -> Any:
    """What has the focus, and its outline."""
    return page.run(FOCUSED)


def test_it_shows_all_groups_with_their_ages_and_what_is_late_needs_a_person(page: Browser) -> None:
    wait(page, "summary", "Groups: 5. Running: 0. Needs you: 1.")
    assert page.run("return [...document.querySelectorAll('#groups th')].map((one) => one.innerText)") == [
        "billing", "crm", "erp", "files", "web",
    ]  # fmt: skip
    states = page.run("return [...document.querySelectorAll('.state')].map((one) => one.innerText)")
    assert states == ["Behind", "Protected", "Protected", "Ready", "Protected"]
    assert "BehindObjective group/billing" in page.text("needs")
    assert "What to do: " in page.text("needs")
    assert page.run("return document.title") == "(1) vVol replication"
    assert page.complaints() == []


def test_a_sync_that_is_made_meanwhile_appears_and_goes_without_reloading(page: Browser, site: Site) -> None:
    wait(page, "running", "Nothing runs.")
    page.run("window.loadedOnce = true")
    for _ in range(3):
        page.press("TAB")
    before = focused(page)
    site.act("hold", "web")
    request = site.request("web", "made-meanwhile")
    wait(page, "running", "sync/made-meanwhile")
    wait(page, "summary", "Running: 1.")
    site.act("release", "web")
    request.wait_complete()
    wait(page, "running", "Nothing runs.")
    assert page.run("return window.loadedOnce") is True
    assert focused(page) == before, "the focus stays where it was"


def test_each_control_is_reached_by_the_keyboard_and_its_focus_is_seen(page: Browser) -> None:
    wait(page, "summary", "Groups: 5.")
    page.run("document.activeElement.blur()")
    reached = []
    for _ in range(4):
        page.press("TAB")
        reached.append(focused(page))
    assert [one["name"] for one in reached] == ["skip", "pause", "scroll", "scroll"]
    assert [one for one in reached if one["outline"] == "none" or one["width"] < 2] == []
    reachable = page.run(
        "return [...document.querySelectorAll('a, button, input, select, textarea, summary, [tabindex=\"0\"]')].length"
    )
    assert reachable == len(reached), "there is nothing else"


def test_the_first_control_skips_to_the_content(page: Browser) -> None:
    page.press("TAB")
    page.press("ENTER")
    eventually(lambda: focused(page)["name"], what="the focus on the content", until=lambda name: name == "content")


def test_updates_can_be_paused_and_go_on_by_the_keyboard(page: Browser, board: Board, site: Site) -> None:
    wait(page, "summary", "Groups: 5.")
    page.press("TAB")
    page.press("TAB")
    page.press("SPACE")
    assert page.run("return document.getElementById('pause').getAttribute('aria-pressed')") == "true"
    site.rig.kubectl("delete", "replicationgroup", "files")
    try:
        next(one for one in board.news() if ">files</th>" not in one["groups"])
        assert "files" in page.text("groups"), "it is told to who listens, and the page does not"
        page.press("SPACE")
        wait(page, "groups", "files", gone=True)
    finally:
        site.group("files", name="files")
        site.wait_group("files")
    wait(page, "groups", "files")


@pytest.mark.parametrize(("colours", "width"), LOOKS)
def test_axe_finds_nothing_that_keeps_anybody_out(
    page: Browser, site: Site, colours: str, width: int, tmp_path: Path
) -> None:
    page.look(dark=colours == "dark", width=width)
    site.act("hold", "erp")
    request = site.request("erp", f"judged-{colours}-{width}")
    wait(page, "running", f"sync/judged-{colours}-{width}")
    page.picture(tmp_path / "page.png")  # to be looked at by people
    assert page.axe() == []
    told = page.roles()
    assert [told.count(one) for one in ("table", "columnheader", "rowheader")] == [2, 10, 6], "they stay tables"
    site.act("release", "erp")
    request.wait_complete()
    assert page.run("return document.documentElement.scrollWidth") <= width, "only tables are scrolled sideways"


def test_everything_has_a_name_and_pictures_have_words(page: Browser) -> None:
    wait(page, "summary", "Groups: 5.")
    names = page.run("return [...document.querySelectorAll('svg')].map((one) => one.getAttribute('aria-label'))")
    assert len(names) == len(set(names)) == 5
    told = page.run("return [...document.querySelectorAll('#groups td:last-child small')].map((one) => one.innerText)")
    assert len(told) == 5
    assert all("Highest age: " in one for one in told)
    landmarks = page.run("return [...document.querySelectorAll('header, main, section')].map((one) => one.tagName)")
    assert landmarks == ["HEADER", "MAIN", "SECTION", "SECTION", "SECTION"]
    live = page.run("return [...document.querySelectorAll('[role=status], [role=alert]')].map((one) => one.id)")
    assert live == ["summary", "trouble"]


def test_markup_that_comes_from_elsewhere_is_shown_as_text(page: Browser, site: Site) -> None:
    markup = '<img src=x onerror="window.ran = 1">'
    site.group("erp", name="marked", source=markup)
    wait(page, "needs", markup)
    assert page.run("return [window.ran, document.images.length]") == [None, 0]
    site.rig.kubectl("delete", "replicationgroup", "marked")
    wait(page, "needs", markup, gone=True)


def test_nothing_is_asked_of_anybody_else(page: Browser, board: Board) -> None:
    wait(page, "summary", "Groups: 5.")
    asked = [one for one in page.requested() if not one.startswith("data:")]
    hosts = {one.split("/")[2] for one in asked if not one.startswith(("chrome", "file"))}
    assert hosts, "requests are seen"
    assert all(one.startswith("127.0.0.1:") for one in hosts)
    assert board.link in asked
    assert page.run("return document.cookie") == ""
    assert page.complaints() == []


def test_the_private_file_leads_to_the_page(board: Board, window: Browser, tmp_path: Path) -> None:
    from vvol_cli.board.opening import opened  # noqa: PLC0415 - of the program under test

    given = tmp_path / "given"
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$*" > {given}.new\nmv {given}.new {given}\n')
    script.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BROWSER", f"{script} %s")
        with opened(board.link):
            eventually(given.exists, what="the browser to be started")
            window.open(given.read_text().strip())
            eventually(lambda: window.url, what="the page", until=lambda url: url == board.link)


def test_a_page_whose_board_has_ended_says_so(page: Browser, board: Board) -> None:
    wait(page, "summary", "Groups: 5.")
    board.end()
    wait(page, "trouble", "kubectl vvol board does not answer")
    assert "erp" in page.text("groups"), "what was known is still there"


def test_the_pictures_of_the_documentation(page: Browser, site: Site, tmp_path: Path) -> None:
    into = DRAWINGS if os.environ.get(UPDATE) else tmp_path
    site.act("set-transfer-seconds", "web", seconds=40)
    request = site.request("web", "before-upgrade-42")
    moving = re.compile(r"Transferring [2-9]\d %, .* remaining")
    eventually(lambda: page.text("running"), what="a transfer on its way", until=moving.search, timeout=60)
    for name in ("light", "dark"):
        page.look(dark=name == "dark", width=1080)
        page.picture(into / f"board-{name}.png")
        assert (into / f"board-{name}.png").stat().st_size < 250_000
        assert (DRAWINGS / f"board-{name}.png").exists(), f"run it once with {UPDATE}=1"
    site.act("land", "web")
    request.wait_complete()
