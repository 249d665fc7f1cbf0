"""The page of admission: which objects the API server takes and refuses, and with what words."""

from __future__ import annotations

import json
from itertools import groupby

from e2e.admission_cases import CASES, GOLDEN, Admission

from docs.unmade import UnmadeError

_HEAD = """\
# Admission

What the API server makes of an object before the operator sees it: {number} cases, {refused} of them refused. A refused
object is not stored, and nothing happens; a refused change leaves the object as it was. Each row was asked of a real
kube-apiserver with kubectl, and the words are those that kubectl prints after `The <kind> "<name>" is invalid:`; where
it prints several, they stand here behind each other.

New objects have, beside the field that is shown, the least that their kind needs; `-` is a field that is left out.
Changes are shown as *before -> after*.

Not in the tables: a misspelt field is refused by kubectl's own validation (`strict decoding error: unknown field`), and
where that is turned off, it is dropped. Where an object has the wrong shape, the API server adds `<nil>: Invalid value:
null: some validation rules were not checked because the object was invalid`: correct the shape first.
Where it says `may not be more than 80 bytes`, it counts characters.
"""
_UNCHECKED = (
    ", <nil>: Invalid value: null: some validation rules were not checked because the object was invalid;"
    " correct the existing errors to complete validation"
)
_LONG = 900
_ASK = "VVOL_UPDATE_GOLDEN=1 make e2e ARGS='-k the_page_has' WORKERS=0"


def render() -> str:
    """The page as Markdown.

    Raises:
        UnmadeError: what the API server says to a case is not known.
    """
    said: dict[str, str] = json.loads(GOLDEN.read_text("utf-8"))
    if unasked := [case.title for case in CASES if case.title not in said]:
        more = f" (and {len(unasked) - 1} more)" if len(unasked) > 1 else ""
        raise UnmadeError(f"{unasked[0]!r}{more} was not asked of an API server yet: run {_ASK}")
    parts = [_HEAD.format(number=len(CASES), refused=sum(case.refused for case in CASES))]
    rows = sorted(CASES, key=_chapter)
    for (kind, changed), members in groupby(rows, key=_chapter):
        lines = [f"## {kind}: {'changes' if changed else 'new objects'}\n", "| spec | what is said |", "|---|---|"]
        lines += [f"| {_code(case.what)} | {_words(said[case.title])} |" for case in members]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _chapter(case: Admission) -> tuple[str, bool]:
    return case.kind.kind, case.changed


def _words(said: str) -> str:
    if not said:
        return "taken"
    told = said.replace(_UNCHECKED, "")
    if told.startswith("[") and told.endswith("]"):
        told = told[1:-1]
    return _code(told if len(told) <= _LONG else f"{told[: _LONG - 3]}...")


def _code(text: str) -> str:
    """As code in a cell of a table; the texts have no backquotes."""
    escaped = text.replace("|", "\\|")
    return f"`{escaped}`"
