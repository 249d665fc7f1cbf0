"""Texts that are stored are read later: they tell moments, never how long there is still to go or has been."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from component.faults import golden
from health.contract import fleeting

OPERATOR = Path(__file__).parents[2] / "operator" / "vvol_replication"


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each string, with a 7 for what is put into it; a docstring is none."""
    tree = ast.parse(source)
    docs = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(one.value) if isinstance(one, ast.Constant) else "7" for one in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def test_no_text_of_the_operator_counts_from_the_moment_in_which_it_was_written() -> None:
    found = [
        f"{path.relative_to(OPERATOR)}:{line}: {part!r} in {text!r}"
        for path in sorted(OPERATOR.rglob("*.py"))
        for line, text in texts(path.read_text("utf-8"))
        if (part := fleeting(text)) is not None
    ]
    assert found == []


def test_no_message_that_was_read_on_the_sockets_does() -> None:
    assert [text for text in golden.messages().values() if fleeting(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "correct the Secret, else the next try is in 7 min",
        "it wants to be left alone for 23 s more",
        "Point in time 'p' is 0:00:23 old",
        "the array's clock is 1 day, 0:00:02 ahead",
        "it was read 3 minutes ago",
    ],
)
def test_what_counts_is_found(text: str) -> None:
    assert fleeting(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "no login is tried before 2026-06-01T12:15:00Z",
        "it did not answer within 30 s",
        "was 23 s old at 12:00:23Z",
        json.dumps({"id": "uuid-dallas"}),
    ],
)
def test_moments_and_lengths_are_not(text: str) -> None:
    assert fleeting(text) is None
