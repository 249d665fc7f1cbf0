"""Every word that storage uses as a reason is in the catalogue; one that is not does no harm."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from vvol_replication.api.reasons import Reason
from vvol_replication.domain.outcomes import Refused
from vvol_replication.engine.monitors.outcomes import problem_of
from vvol_replication.engine.status.versions import older
from vvol_replication.reconcile.core.summarize import reason_of
from vvol_replication.storage import reasons

STORAGE = Path(reasons.__file__).parent
OUTCOMES = {"Refused", "Unavailable", "Indeterminate"}


def literals() -> set[str]:
    """First arguments of outcomes, and constants of modules, that are written as texts in the adapters."""
    found: set[str] = set()
    for path in STORAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in OUTCOMES
                and node.args
            ):
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant):
                value = node.value.value
                if (
                    isinstance(value, str)
                    and value.isalpha()
                    and value[0].isupper()
                    and any(c.islower() for c in value)
                ):
                    found.add(value)
    return found


@pytest.mark.parametrize("word", sorted(reasons.ALL | literals()))
def test_a_word_of_storage_is_in_the_catalogue(word: str) -> None:
    assert word in set(Reason)


def test_the_search_for_words_finds_some() -> None:
    assert {"ArrayRefused", "SnapshotLimitReached", "ProtectionGroupDestroyed"} <= literals()


def test_an_unknown_word_is_a_fault_of_the_endpoint() -> None:
    assert reason_of("Unreachable") is Reason.UNREACHABLE
    assert reason_of("NeverHeardOf") is Reason.ENDPOINT_FAULT
    assert problem_of(Refused("NeverHeardOf", "text")).message == "text"


@pytest.mark.parametrize(
    ("version", "known", "expected"),
    [
        ("9", "10", True),
        ("10", "9", False),
        ("10", "10", False),
        (None, "1", False),
        ("1", None, False),
        ("a", "b", False),
    ],
)
def test_the_order_of_versions(version: str | None, known: str | None, expected: bool) -> None:  # noqa: FBT001 - a table
    assert older(version, known) is expected
