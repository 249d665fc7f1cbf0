"""What people read is short, plain, and calls the same thing by the same word."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from language import rules, texts
from pages.markdown import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from language.texts import Text

FOR_BUILDERS = re.compile(r"docs/(facts/|architecture|invariants|glossary)|CONTRIBUTING")
"""Pages for those who work on the code: they may name what its libraries and tools are called."""
GENERATED = re.compile(r"docs/(faults|preparation-table|simulator)|charts/")
"""Pages of tables, with names from tests and from the simulator."""
LITERAL = re.compile(r"docs/(faults/|admission|reference/)")
"""Pages of texts that are looked at where they come from, or that an API server says."""
SOURCES: dict[str, tuple[Callable[[], Iterator[Text]], int]] = {
    "catalogue": (texts.catalogue, rules.MESSAGE_SENTENCE),
    "messages": (texts.messages, rules.MESSAGE_SENTENCE),
    "recorded messages": (texts.recorded, rules.MESSAGE_SENTENCE),
    "fields": (texts.fields, rules.MESSAGE_SENTENCE),
    "chart": (texts.chart, rules.MESSAGE_SENTENCE),
    "screens": (texts.screens, rules.MESSAGE_SENTENCE),
    "pages": (lambda: pages(LITERAL), rules.PAGE_SENTENCE),
    "pages for users": (lambda: pages(FOR_BUILDERS, GENERATED, LITERAL), rules.PAGE_SENTENCE),
}
FILES = {"README", "CHANGELOG", "CONTRIBUTING", "LICENSE"}
OTHERS = {"spec.restoreStatus.includedResources"}
"""Fields of objects that are not ours: Velero's."""
_PATH = re.compile(r"(?<![\w.])(?:spec|status)(?:\.[a-z]\w*)+")


def pages(*left_out: re.Pattern[str]) -> Iterator[Text]:
    """The prose of all pages but these."""
    for path in texts.pages():
        if not any(one.search(str(path.relative_to(ROOT))) for one in left_out):
            yield from texts.page(path)


@cache
def of(source: str) -> tuple[Text, ...]:
    """What a source has; collected once for all rules, which takes longer than judging it."""
    return tuple(SOURCES[source][0]())


def told(problems: list[str]) -> str:
    """All of them, a line each."""
    return "\n".join([f"{len(problems)} to be rewritten:", *problems])


@pytest.mark.parametrize("source", SOURCES)
def test_sentences_are_short(source: str) -> None:
    _, limit = SOURCES[source]
    problems = []
    for one in of(source):
        text = rules.without_quotes(one.text) if source == "recorded messages" else one.text
        problems += [f"{one.where}: {long}" for long in rules.too_long(text, limit)]
    assert not problems, told(problems)


@pytest.mark.parametrize("source", SOURCES)
def test_words_are_plain_and_the_same_for_the_same_thing(source: str) -> None:
    problems = []
    for one in of(source):
        text = rules.without_quotes(one.text) if source == "recorded messages" else one.text
        problems += [f"{one.where}: {word}" for word in rules.avoided(text)]
    assert not problems, told(problems)


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("catalogue", rules.CATALOGUE_TEXT),
        ("messages", rules.MESSAGE_TEXT),
        ("recorded messages", rules.RECORDED_TEXT),
    ],
)
def test_messages_are_short(source: str, limit: int) -> None:
    problems = [f"{one.where}: {len(one.text)}" for one in of(source) if len(one.text) > limit]
    assert not problems, told(problems)


@pytest.mark.parametrize("text", list(texts.catalogue()), ids=lambda one: one.where)
def test_the_catalogue_has_whole_sentences(text: Text) -> None:
    assert re.match(r"[A-Z]|spec\.|[a-z]+[A-Z]|vCenter|vSphere", text.text), "it begins like a sentence"
    assert text.text.endswith("."), "it ends like one"


@pytest.mark.parametrize("text", list(texts.catalogue()), ids=lambda one: one.where)
def test_where_nothing_is_to_be_done_the_catalogue_always_says_so_in_the_same_words(text: Text) -> None:
    assert not text.text.startswith("Nothing") or text.text.startswith("Nothing to do"), text.text
    assert not text.text.startswith("See "), "read it: there may be much to see"


@pytest.mark.parametrize("text", list(texts.catalogue()), ids=lambda one: one.where)
def test_no_advice_sends_anybody_to_a_failover_without_what_has_to_be_looked_at_first(text: Text) -> None:
    if re.search(r"(?<!to )\b[Ff]ail over\b", text.text):
        assert re.search(r"\b(Valid|Prepared|Do not|Before you|VMs off)\b", text.text), text.text


def test_one_is_not_told_in_the_plural() -> None:
    told = [
        one for one in texts.recorded() if re.search(r"\b1 (\w+ )?(groups|transfers|VMs|snapshots|calls)\b", one.text)
    ]
    assert not told, [f"{one.where}: {one.text}" for one in told]


def test_a_recorded_message_is_whole_sentences_so_that_others_can_follow_it() -> None:
    said = [one for one in texts.recorded() if one.text and "/ members /" not in one.where]  # those are lists
    problems = [f"{one.where}: {one.text}" for one in said if not one.text.endswith(".")]
    assert not problems, told(problems)


@cache
def schema_words() -> tuple[frozenset[str], frozenset[str]]:
    """Paths of fields, `spec.groupRef.name`; and words of the API: kinds, fields, values."""
    paths, words = set[str](), set[str]()

    def walk(path: str, schema: dict[str, Any]) -> None:
        paths.add(path)
        words.update(one for one in schema.get("enum", ()) if isinstance(one, str))
        for name, below in schema.get("properties", {}).items():
            words.add(name)
            walk(f"{path}.{name}".lstrip("."), below)
        if "items" in schema:
            walk(path, schema["items"])

    for file in (ROOT / "crds").glob("replication*.yaml"):
        spec = yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader)["spec"]
        words.add(spec["names"]["kind"])
        words.update(
            name
            for version in spec["versions"]
            for one in version["additionalPrinterColumns"]
            for name in one["name"].upper().split()
        )
        for version in spec["versions"]:
            walk("", version["schema"]["openAPIV3Schema"])
    return frozenset(paths), frozenset(words)


@cache
def words_of_the_code() -> frozenset[str]:
    """Strings of the operator that are one word: conditions, reasons, calls of storage."""
    found = set[str]()
    for path in (ROOT / "operator/vvol_replication").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                found.add(node.value)
    return frozenset(found)


@cache
def glossary() -> frozenset[str]:
    """The words that the glossary explains: the first cell of each row, at commas."""
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/glossary.md").read_text("utf-8"), re.MULTILINE)
    return frozenset(word.strip(" `") for row in rows for word in re.split(r", | \(", row))


@pytest.mark.parametrize("source", ["catalogue", "messages", "fields", "chart", "pages for users"])
def test_abbreviations_and_names_are_in_the_glossary_or_in_the_api(source: str) -> None:
    known = glossary() | schema_words()[1] | words_of_the_code() | FILES
    problems = [
        f"{one.where}: {term}"
        for one in of(source)
        for term in sorted(rules.terms(one.text.replace(texts.VALUE, "")))
        if term not in known and term.removesuffix("s") not in known
    ]
    assert not problems, told(problems)


@pytest.mark.parametrize("source", ["catalogue", "messages", "fields", "chart", "screens"])
def test_fields_that_are_named_exist(source: str) -> None:
    paths = schema_words()[0]
    problems = [f"{one.where}: {path}" for one in of(source) for path in _PATH.findall(one.text) if path not in paths]
    assert not problems, told(problems)


@pytest.mark.parametrize("path", texts.pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_fields_that_a_page_names_exist(path: Any) -> None:
    named = set(re.findall(r"`((?:spec|status)(?:\.[a-z]\w*)+)`", path.read_text("utf-8")))
    if "facts" not in str(path):
        assert named - schema_words()[0] - OTHERS == set()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It is told by whoever asks.", ["'told': says", "'whoever': name"]),
        ("One word, e.g. Ready.", ["'e.g.': for example"]),
        ("The storage provider is offline, for it was stopped.", ["'storage provider': VASA", "'for it': because"]),
        ("It is no duration; there is no VCenter; it is no longer there.", ["'is no': is not a"]),
        ("Look under Storage Providers at vcenter-a and GET pgroup.", []),
        ("The Flasharray and the vcenter.", ["'vcenter': vCenter", "'Flasharray': FlashArray"]),
    ],
)
def test_the_look_through_finds_what_is_not_to_be_written(text: str, said: list[str]) -> None:
    found = sorted(rules.avoided(text))
    assert len(found) == len(said)
    assert all(any(one.startswith(begin) for one in found) for begin in said)


def test_a_sentence_ends_at_a_full_stop_alone_and_a_list_of_code_is_one_word() -> None:
    assert rules.too_long("One two: three; four, five. Six.", 5) == []
    assert rules.too_long("One two: three; four, five. Six.", 4) == ["5 words: One two: three; four, five."]
    assert rules.too_long("Only `code`, `code` and `code` here.", 3) == []
    assert rules.without_quotes("it failed (no answer [X: 'a. b']). Look.") == "it failed . Look."
    assert rules.without_quotes("the array answers HTTP 400: erp: No pod. Look.") == "the array answers HTTP . Look."
    assert rules.terms("The VMs of a ReplicationGroup, spec.groupRef and a VCenter.") == {
        "VMs",
        "ReplicationGroup",
        "VCenter",
    }
