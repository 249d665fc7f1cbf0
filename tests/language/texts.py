"""What people read, collected: catalogue, messages in the code, recorded messages, fields, chart, screen and pages.

Each text is one paragraph, message, table cell or list item, without its markup. Code in backticks stays as one word:
its parts are not judged as English. A value that a message is filled with is one word, too.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml
from pages.markdown import ROOT

from vvol_replication.api.reasons import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SIMULATOR = [
    f"operator/vvol_simulator/{place}"
    for place in ("control", "__main__.py", "client.py", "topology_keys.py", "model/faults.py", "model/switches.py")
]
"""What the simulator says for itself. The rest speaks for simulated storage, in the words of that."""
VALUE = "Ξ"
"""Stands in a message for a value that it is filled with."""
_FENCE = re.compile(r"^ *(```+|~~~+).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_CODE = re.compile(r"`[^`]+`")
_ITEM = re.compile(r"^ *(?:[-*]|\d+\.) +")
_PROSE = re.compile(r"[a-z]{2,}.* .*[a-z]{2,}", re.DOTALL)
_INSIDE = re.compile(r"</?(?:span|code)\b[^>]*>")
_HELP = re.compile(r"^[a-z0-9-]+:.*## (.*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Text:
    """One text, and where it stands: a file with a line, a reason, or a field."""

    where: str
    text: str


def catalogue() -> Iterator[Text]:
    """Meaning and advice of each reason."""
    for reason, known in CATALOGUE.items():
        yield Text(f"{reason}, meaning", known.meaning)
        yield Text(f"{reason}, advice", known.advice)


def recorded() -> Iterator[Text]:
    """The messages of endpoints' troubles as the fault tables have them."""
    kept = ROOT / "tests/component/faults/messages.json"
    for row, said in json.loads(kept.read_text("utf-8")).items():
        yield Text(row, said)


def in_code(*places: str) -> Iterator[Text]:
    """The strings of folders and files that are words: messages, lines of the log, help texts. No docstrings."""
    for place in places:
        for path in sorted((ROOT / place).rglob("*.py")) or [ROOT / place]:
            for node in _strings(ast.parse(path.read_text("utf-8"))):
                text = _spoken(node)
                if _PROSE.search(text):
                    yield Text(f"{path.relative_to(ROOT)}:{node.lineno}", text)


def _strings(tree: ast.AST) -> Iterator[ast.expr]:
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in inner | bare:
            yield node


def _spoken(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return re.sub(r"%[sdr]|%\.\df|\{\w*\}", VALUE, text)
        case ast.JoinedStr(values=parts):
            return "".join(_spoken(part) if isinstance(part, ast.Constant) else VALUE for part in parts)
    return ""


def fields() -> Iterator[Text]:
    """What `kubectl explain` says of each field."""
    for path in sorted((ROOT / "crds").glob("*.yaml")):
        if path.name.startswith("replication"):
            crd = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
            for version in crd["spec"]["versions"]:
                yield from _described(crd["spec"]["names"]["kind"], version["schema"]["openAPIV3Schema"])


def _described(where: str, schema: dict[str, Any]) -> Iterator[Text]:
    if "description" in schema:
        yield Text(where, " ".join(schema["description"].split()))
    for name, below in schema.get("properties", {}).items():
        yield from _described(f"{where}.{name}", below)
    if "items" in schema:
        yield from _described(f"{where}[]", schema["items"])


def chart() -> Iterator[Text]:
    """What Helm prints after an installation, and the values' descriptions."""
    folder = ROOT / "charts/vvol-replication"
    notes = re.sub(r"\{\{-? ?(?:if|end|else).*?\}\}", "\n\n", (folder / "templates/NOTES.txt").read_text("utf-8"))
    for paragraph in re.split(r"\n\s*\n", re.sub(r"\{\{.*?\}\}", VALUE, notes)):
        if paragraph.strip() and not paragraph.startswith("    "):
            yield Text("NOTES.txt", " ".join(paragraph.split()))
    for number, line in enumerate((folder / "values.yaml").read_text("utf-8").splitlines(), 1):
        if "# -- " in line:
            yield Text(f"values.yaml:{number}", _CODE.sub("`code`", line.partition("# -- ")[2]))


def targets() -> Iterator[Text]:
    """What `make help` says of each target."""
    for said in _HELP.findall((ROOT / "Makefile").read_text("utf-8")):
        yield Text("Makefile", said)


def page(path: Path) -> Iterator[Text]:
    """A page's prose: paragraphs, list items, table cells; no fenced blocks."""
    name = str(path.relative_to(ROOT))
    text = path.read_text("utf-8")
    for pattern in (_FENCE, _COMMENT):
        text = pattern.sub(lambda found: "\n" * found[0].count("\n"), text)
    paragraph: list[str] = []
    for number, line in enumerate([*text.splitlines(), ""], 1):
        starts_alone = not line.strip() or line.startswith(("#", "|")) or _ITEM.match(line)
        if starts_alone and paragraph:
            yield Text(f"{name}:{number - len(paragraph)}", _plain(" ".join(paragraph)))
            paragraph = []
        if line.startswith("|"):
            for cell in re.split(r"(?<!\\)\|", line.strip().strip("|")):
                yield Text(f"{name}:{number}", _plain(cell))
        elif line.strip() and not line.startswith("#"):
            paragraph.append(_ITEM.sub("", line))


def _plain(markdown: str) -> str:
    text = _LINK.sub(r"\1", _CODE.sub("`code`", markdown))
    return " ".join(re.sub(r"\*\*|(?<![\w`])[*_](?=\w)|(?<=[\w.`])[*_](?!\w)", "", text).split())


@cache
def pages() -> tuple[Path, ...]:
    """All pages: what a person reads in the repository, in the order of their names."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "charts/vvol-replication/README.md"]
    return (*found, *sorted((ROOT / "docs").rglob("*.md")))


def messages() -> Iterator[Text]:
    """All that the operator says, values not filled in: conditions, events, log, answers on the command line."""
    yield from in_code("operator/vvol_replication")


def board() -> Iterator[Text]:
    """The words of the board's page."""
    place = "operator/vvol_cli/board/page"
    said = re.findall(r">([^<>]+)<", _INSIDE.sub("", (ROOT / f"{place}.html").read_text("utf-8")))
    said += re.findall(r'"([A-Z][^"]+)"', (ROOT / f"{place}.js").read_text("utf-8"))
    for one in said:
        if _PROSE.search(one):
            yield Text(place, " ".join(one.split()))


def screens() -> Iterator[Text]:
    """What else is on a screen: targets, the plugin of kubectl and its page, the demo, the simulator."""
    yield from targets()
    yield from board()
    yield from in_code("operator/vvol_cli", "hack/demo", *_SIMULATOR)
