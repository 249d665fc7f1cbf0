"""The pages for people: their blocks can be read, what they name is there, and links lead somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from pages.compare import difference
from pages.markdown import CONSOLE, OTHERS, ROOT, SHELLS, YAML, Block, PageError, StageMark, anchors, pages, parse, read
from pages.play import commands, is_played
from pages.stages import NAMES

from vvol_cli import manual
from vvol_replication.configuration import read_configuration

if TYPE_CHECKING:
    from collections.abc import Iterator

EACH_PAGE = pytest.mark.parametrize("page", pages())
LANGUAGES = SHELLS | YAML | OTHERS | {CONSOLE, ""}
OTHERS_FLAGS = frozenset({"--server-side", "--wait", "--force-conflicts", "--for", "--dry-run", "--as", "--check"})
"""Options that pages name alone and that are of kubectl, helm and hack/docs."""


def blocks(page: str) -> Iterator[Block]:
    return (one for one in read(page) if isinstance(one, Block))


def prose(page: str) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", (ROOT / page).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def targets() -> set[str]:
    """The targets of the Makefile."""
    rules = re.findall(r"^([a-z][a-z0-9 -]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    return {name for rule in rules for name in rule.split()}


@EACH_PAGE
def test_each_fence_says_what_is_in_it(page: str) -> None:
    assert [block.place for block in blocks(page) if block.language not in LANGUAGES] == []


@EACH_PAGE
def test_each_block_of_commands_is_played_or_says_why_not(page: str) -> None:
    for block in blocks(page):
        if block.is_commands or block.is_yaml:
            assert is_played(block) or len(block.not_run.split()) >= 2, block.place
        if is_played(block) and block.is_commands:
            assert list(commands(block)), block.place


@EACH_PAGE
def test_stages_are_known(page: str) -> None:
    assert [one.name for one in read(page) if isinstance(one, StageMark) and one.name not in NAMES] == []


@EACH_PAGE
def test_targets_of_make_exist(page: str) -> None:
    told = re.findall(r"`(?:[A-Z_]+=\S+ )?make ([a-z][a-z0-9-]*)", prose(page))
    for block in blocks(page):
        for line in block.text.splitlines() if block.is_commands else ():
            if called := re.match(r"\s*(?:\$ )?make ([a-z][a-z0-9 -]*?)(?: +#.*| +[A-Z].*)?$", line):
                told += called[1].split()
    assert set(told) - targets() == set()


def options_of_the_plugin() -> set[str]:
    """All that `kubectl vvol` takes."""
    return {
        name for _, command in manual.commands() for one in command.params for name in (*one.opts, *one.secondary_opts)
    }


@EACH_PAGE
def test_options_of_the_operator_exist(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_configuration(["--help"])
    known = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) | OTHERS_FLAGS | options_of_the_plugin()
    told = set(re.findall(r"`(?:vvol-replication [^`]*)?(--[a-z][a-z-]*)[^`]*`", prose(page)))
    for block in blocks(page):
        for line in block.text.splitlines():
            if re.match(r"\s*(?:\$ )?vvol-replication --", line):
                told |= set(re.findall(r"--[a-z][a-z-]+", line))
    assert told - known == set()


@EACH_PAGE
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (ROOT / page).parent / path if path else ROOT / page
        assert place.exists(), f"{page}: {target}"
        if anchor:
            assert anchor in anchors(place.read_text("utf-8")), f"{page}: {target}"


def told_to_people() -> Iterator[tuple[str, str]]:
    """All that shows people commands: pages, samples and manifests, the chart's notes, the demo."""
    folders = ("docs", "manifests", "charts", "hack/demo")
    files = [ROOT / page for page in pages()] + [path for one in folders for path in (ROOT / one).rglob("*")]
    for path in files:
        if path.suffix in {".md", ".yaml", ".sh", ".txt", ".tpl", ".py", ".lua"}:
            yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def test_nobody_is_told_to_wait_for_one_of_two_ends() -> None:
    """A request that failed is never Complete: whoever waits for that sits out the timeout. A Job has no Finished."""
    waits = [(name, line) for name, text in told_to_people() for line in text.splitlines() if "condition=" in line]
    ends = [
        (name, line) for name, line in waits if re.search(r"condition=(Complete|Failed|Succeeded)\b(?!.* job/)", line)
    ]
    assert ends == []
    finished = {name for name, line in waits if "condition=Finished" in line}
    assert {"README.md", "docs/gitops.md", "manifests/samples/kubectl/sync-and-wait.sh"} <= finished


def test_the_index_names_all_pages() -> None:
    index, faults = ROOT / "docs" / "README.md", ROOT / "docs" / "faults.md"
    named = {
        (one.parent / to).resolve()
        for one in (index, faults)
        for to in re.findall(r"\]\(([^)#\s]+)", one.read_text("utf-8"))
    }
    there = {ROOT / page for page in pages() if page != "CONTRIBUTING.md"} - {index}
    assert there - named == set()


def one(text: str) -> Block:
    (block,) = parse("page.md", text)
    assert isinstance(block, Block)
    return block


def test_a_block_has_its_mark_place_and_text_without_indent() -> None:
    block = one("a\n\n<!-- not run: there is no kubelet -->\n  ```sh\n  kubectl get x\n    y\n  ```\n")

    assert (block.place, block.not_run, block.text) == ("page.md:4", "there is no kubelet", "kubectl get x\n  y\n")
    assert not is_played(block)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```sh\nls\n", "page.md:1: this fence never ends"),
        ("<!-- not run: why -->\n\n```sh\nls\n```\n", "page.md:2: a mark stands directly before a fence"),
        ("<!-- not-run: why -->\n", "page.md:1: this is meant as a mark"),
        ("<!-- file: x -->\n", "a mark stands at the end"),
    ],
)
def test_a_page_that_cannot_be_read_says_where(text: str, said: str) -> None:
    with pytest.raises(PageError, match=re.escape(said)):
        list(parse("page.md", text))


@pytest.mark.parametrize("fence", ["```", "```text", "```sh", "```console"])
def test_commands_are_found_under_any_fence(fence: str) -> None:
    block = one(f"{fence}\n$ kubectl get vvol\n```\n")

    assert block.is_commands
    assert is_played(block)


def test_a_console_has_commands_and_their_output() -> None:
    block = one("```console\n$ kubectl get x \\\n    -A\nNAME\n$ kubectl delete x\n```\n")

    assert [(one.text, one.shown) for one in commands(block)] == [
        ("kubectl get x \\\n    -A", "NAME\n"),
        ("kubectl delete x", ""),
    ]


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("", "anything", True),
        ("NAME  AGE\nerp   3s\n", "NAME   AGE\nerp    2m10s\n", True),
        ("NAME AGE\nerp 3s\n", "NAME AGE\ncrm 3s\n", False),
        ("NAME AGE\n", "NAME AGE\nerp 3s\n", False),
        ("NAME AGE\n...\n", "NAME AGE\nerp 3s\n", True),
        ("...\nerp\n", "crm\nerp\n", True),
        ("a ... z", "a b c z", True),
        ("a ... z", "a b c", False),
        ("2026-11-24T04:00:08Z x", "2027-01-02T03:04:05Z x", True),
        ("vr-6033d421ba1f68c28d25e08bdfe4fe9e", "vr-0033d421ba1f68c28d25e08bdfe4fe9e", True),
        ("dallas True", "dallas False", False),
        ("one\ntwo\n", "one\n", False),
    ],
)
def test_outputs_are_compared_by_their_shape(shown: str, printed: str, *, same: bool) -> None:
    assert (difference(shown, printed) == "") is same


def test_the_readme_is_short_and_has_what_a_newcomer_looks_for() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.split()) <= 900
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert titles == ["Try it", "Install", "Use it", "Support matrix", "What is not there", "More"]
    assert re.search(r"!\[[^\]]+\]\(docs/drawings/\S+\.svg\)", text)


def test_no_page_is_too_long_to_read() -> None:
    for page in pages():
        assert (ROOT / page).stat().st_size < 70_000, page
