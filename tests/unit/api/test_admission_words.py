"""What the API server says to people of a wrong field, as a real one said it: in words, with an example."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from e2e.admission_cases import CASES, GOLDEN, Admission
from unit.api import crds
from unit.api.cases import LEAST, put
from unit.api.spec_cases import TARGET, TYPES

from vvol_replication.api.names import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

SAID: dict[str, str] = json.loads(GOLDEN.read_text("utf-8"))
REFUSED = [pytest.param(case, id=case.title) for case in CASES if case.refused]
MACHINE_TALK = re.compile(
    r"should match|should be|chars long|date-time|\[0-9|evaluating rule|no such|failed rule|cost limit|self\."
)
NEXT = re.compile(r", (?=(?:spec[\w.]*|<nil>): )")
REFUSAL = re.compile(r'(?P<path>spec[\w.]*): Invalid value: (?:"(?:[^"\\]|\\.)*"|-?[0-9.]+): (?P<words>.*)')
CRON = r"(?:[\d*]+ ){4}[\d*]+|@every \d+h"
EXAMPLE = re.compile(rf"\blike (-----BEGIN CERTIFICATE-----|{CRON}|\S+?)(?=[,:]? |$)")


@dataclass(frozen=True)
class Rule:
    """A rule that hangs on a field which holds a text or a number: what the field must look like."""

    kind: Kind
    path: str
    rule: str
    message: str
    type: str


def of_form() -> Iterator[Rule]:
    for kind in KINDS:
        for path, node in crds.walk(crds.schema(kind, "spec"), "spec"):
            for one in node.get("x-kubernetes-validations", ()):
                if node["type"] in {"string", "integer"}:
                    yield Rule(kind, path, one["rule"], one["message"], node["type"])


FORMS = list(of_form())
EACH_FORM = pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.kind.kind}-{form.path}-{form.message[:30]}")


def refusals(case: Admission) -> list[str]:
    """What is said to a case, one complaint each."""
    return NEXT.split(SAID[case.title].removeprefix("[").removesuffix("]"))


def refused_forms(case: Admission) -> list[tuple[str, str]]:
    """(path, words) of each complaint about a value's form; that it has the wrong type is none."""
    found = (REFUSAL.fullmatch(one) for one in refusals(case))
    return [(one["path"], one["words"]) for one in found if one and "must be of type" not in one["words"]]


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_has_no_regular_expression_and_no_other_machine_talk(case: Admission) -> None:
    assert MACHINE_TALK.search(SAID[case.title]) is None


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_of_a_form_says_what_to_write_and_gives_an_example(case: Admission) -> None:
    for path, words in refused_forms(case):
        assert re.search(r"\bwrite ", words), path
        assert EXAMPLE.search(words), path


def test_forms_are_refused_in_every_kind() -> None:
    assert {case.kind for case in CASES if case.refused and refused_forms(case)} == set(KINDS)


@EACH_FORM
def test_every_form_was_asked_of_the_api_server(form: Rule) -> None:
    cases = [case for case in CASES if case.kind == form.kind and case.refused]

    assert any((form.path, form.message) in refused_forms(case) for case in cases)


@EACH_FORM
def test_the_example_is_taken(form: Rule) -> None:
    spec: dict[str, Any] = copy.deepcopy(LEAST[form.kind])
    path = form.path.removeprefix("spec.")
    if path.startswith("group.target."):
        spec["group"] = {"target": dict(TARGET)}
    (example, *_) = EXAMPLE.findall(form.message)

    put(spec, path, int(example) if form.type == "integer" else example)

    TYPES[form.kind][0].parse(spec)


@pytest.mark.parametrize("rule", sorted({form.rule for form in FORMS}))
def test_one_form_is_told_in_one_wording(rule: str) -> None:
    """But for what comes before the colon: whose name it is, and its example."""
    told = {form.message.partition(": ")[2] for form in FORMS if form.rule == rule}

    assert len(told) == 1
