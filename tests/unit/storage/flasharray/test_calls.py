"""What is asked when an array does not play along: counted on a scripted client."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vvol_replication.domain.arrays import AlreadyThere
from vvol_replication.storage.flasharray.errors import Answered, LookFailed
from vvol_replication.storage.flasharray.rest1 import calls
from vvol_replication.storage.redaction import Redactor


class Scripted:
    """An array that knows the groups `there`, each with one snapshot, and names the missing one only if `naming`."""

    def __init__(self, *there: str, naming: bool = False, refuse: frozenset[str] = frozenset()) -> None:
        self.pending_with_transfer = True
        self.asked: list[dict[str, Any]] = []
        self._there = there
        self._naming = naming
        self._refuse = refuse

    def list_array_connections(self, **arguments: Any) -> Any:
        self.asked.append(arguments)
        return []

    def get_pgroup(self, pgroup: str, **arguments: Any) -> Any:
        self.asked.append({"name": pgroup} | arguments)
        if self._refuse & arguments.keys():
            raise Answered(400, '[{"msg": "Invalid parameter."}]')
        return [_row(pgroup)] if arguments.get("snap") else {"name": pgroup, "source": "a", "targets": None}

    def list_pgroups(self, **arguments: Any) -> Any:
        self.asked.append(arguments)
        for name in arguments["names"]:
            if name not in self._there:
                said = [{"msg": "Protection group does not exist.", "ctx": name if self._naming else ""}]
                raise Answered(400, json.dumps(said))
        return [_row(name) for name in arguments["names"]]

    def create_pgroup_snapshots(self, sources: list[str], **arguments: Any) -> Any:
        self.asked.append(arguments)
        return [_row(source) for source in sources]


def _row(name: str) -> dict[str, str]:
    return {"name": f"{name}.s", "created": "2026-05-11T20:35:53Z"}


@given(asked=st.lists(st.sampled_from("abcdefgh"), max_size=10), there=st.sets(st.sampled_from("abcdefgh")), naming=...)
def test_missing_groups_are_empty_and_the_others_whole(asked: list[str], there: set[str], naming: bool) -> None:  # noqa: FBT001 - given
    array = Scripted(*there, naming=naming)
    rows = calls.transfers(array, asked)
    assert {name: [row.name for row in found] for name, found in rows.items()} == {
        name: [f"{name}.s"] if name in there else [] for name in asked
    }
    missing = len(set(asked) - there)
    assert len(array.asked) <= (1 + missing if naming else max(1, 2 * len(set(asked)) - 1))
    if not missing:
        assert len(array.asked) <= 1


def test_another_refusal_is_not_taken_for_a_missing_group() -> None:
    class Limited(Scripted):
        def list_pgroups(self, **arguments: Any) -> Any:
            raise Answered(403, str(arguments))

    with pytest.raises(Answered):
        calls.transfers(Limited("a"), ["a"])


def test_a_refused_pending_is_asked_for_apart_and_remembered() -> None:
    class Strict(Scripted):
        def get_pgroup(self, pgroup: str, **arguments: Any) -> Any:
            if {"pending", "transfer"} <= arguments.keys():
                self.asked.append(arguments)
                raise Answered(400, '[{"msg": "Invalid combination."}]')
            return super().get_pgroup(pgroup, **arguments)

    array = Strict()
    for expected in (3, 5):
        (row,) = calls.snapshots(array, "erp")
        assert row.destroyed
        assert len(array.asked) == expected
    assert array.asked[-2:] == [
        {"name": "erp", "snap": True, "transfer": True},
        {"name": "erp", "snap": True, "pending_only": True},
    ]


def test_a_refusal_that_stays_is_told_and_nothing_is_remembered() -> None:
    array = Scripted(refuse=frozenset({"snap"}))
    with pytest.raises(Answered):
        calls.snapshots(array, "erp")
    assert array.pending_with_transfer


def test_a_refused_protection_group_is_not_a_missing_one() -> None:
    with pytest.raises(Answered):
        calls.protection_group(Scripted(refuse=frozenset({"pending"})), "erp")


class Taken(Scripted):
    """The suffix `s` is there already; a look shows what `row` says, or what it raises."""

    def __init__(self, words: str, row: dict[str, Any] | Exception) -> None:
        super().__init__()
        self._words = words
        self._row = row

    def create_pgroup_snapshots(self, sources: list[str], **arguments: Any) -> Any:
        raise Answered(400, json.dumps([{"msg": self._words, "ctx": f"{sources[0]}.{arguments['suffix']}"}]))

    def get_pgroup(self, pgroup: str, **arguments: Any) -> Any:
        self.asked.append({"name": pgroup} | arguments)
        if isinstance(self._row, Exception):
            raise self._row
        return [_row("erp") | self._row]


@pytest.mark.parametrize(
    ("words", "row", "destroyed", "looks"),
    [
        ("Snapshot already exists.", {}, False, 1),
        ("Snapshot already exists.", {"time_remaining": 86_000}, True, 1),
        ("Snapshot has been destroyed.", {}, True, 0),
    ],
)
def test_whether_what_is_there_is_destroyed(words: str, row: dict[str, Any], destroyed: bool, looks: int) -> None:  # noqa: FBT001 - parametrized
    array = Taken(words, row)
    there = calls.push(array, "erp", "s", Redactor(""))
    assert isinstance(there, AlreadyThere)
    assert there.destroyed is destroyed
    assert array.asked == [{"name": "erp.s", "snap": True, "pending": True}] * looks


@pytest.mark.parametrize("row", [{"name": "erp.other"}, Answered(400, "no"), Answered(503)])
def test_a_look_that_fails_is_told(row: dict[str, Any] | Exception) -> None:
    with pytest.raises(LookFailed):
        calls.push(Taken("Snapshot already exists.", row), "erp", "s", Redactor(""))
