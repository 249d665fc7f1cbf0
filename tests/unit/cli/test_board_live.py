"""What the board knows of a cluster: begun with a list, changed by watches, and put right by the next list."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from unit.cli.objects import Object, group, sync

from vvol_cli.board import live as living
from vvol_cli.board.live import Live, streams
from vvol_cli.cluster import Cluster
from vvol_cli.following.streams import Changed, Interrupted
from vvol_cli.outcome import Outcome, Stop

if TYPE_CHECKING:
    from collections.abc import Iterator

LOST = Stop(Outcome.NO_ACCESS, "No route to the API server.")


class Ended(Exception):  # noqa: N818 - the end of what a test plays
    """There is no more news."""


class Lists:
    """What the API server answers to one list after another; then always the last answer."""

    def __init__(self, *answers: list[Object] | Stop) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self) -> living.Listing:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if isinstance(answer, Stop):
            raise answer
        return answer, ["schedules are forbidden"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that moves when a test lets it: its first entry."""
    now = [1000.0]
    monkeypatch.setattr(living, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def play(lists: Lists, clock: list[float], *news: Any) -> tuple[Live, list[tuple[list[str], str]]]:
    """Let a board live through this: news, or seconds without any. What it knew after each."""
    known: list[tuple[list[str], str]] = []
    board = Live(lists)

    def played() -> Iterator[Any]:
        for one in news:
            if isinstance(one, float):
                clock[0] += one
                yield None
            else:
                yield one
            seen, _ = board.after(-1, 0)
            known.append(([each["metadata"]["name"] for each in seen.objects], seen.trouble))

    source = played()

    def following(timeout: float) -> Any:
        assert timeout <= living.LIST_EVERY
        for one in source:
            return one
        raise Ended

    with pytest.raises(Ended):
        board.keep(following)
    return board, known


def test_objects_that_are_made_changed_and_deleted_meanwhile_are_known(clock: list[float]) -> None:
    changed = sync("a", "Transferring", transfer={"percent": 40})
    board, known = play(
        Lists([group()]),
        clock,
        Changed(sync("a", "Accepted")),
        Changed(changed),
        Changed(group(name="crm")),
        Changed(sync("a", "Transferring"), deleted=True),
    )
    assert [names for names, _ in known] == [["erp", "a"], ["erp", "a"], ["erp", "a", "crm"], ["erp", "crm"]]
    assert board.after(-1, 0)[0].refused == ["schedules are forbidden"]


def test_what_a_watch_begins_with_is_no_news(clock: list[float]) -> None:
    board, _ = play(Lists([group()]), clock, Changed(group()))
    assert board.after(-1, 0)[1] == 0


def test_it_is_listed_again_when_the_watches_run_and_after_a_while_and_that_counts(clock: list[float]) -> None:
    lists = Lists([group(), group(name="first")], [group(), group(name="second")], [group()])
    _, known = play(lists, clock, living.SOON, living.LIST_EVERY - 1, 1.0)
    assert known == [(["erp", "second"], ""), (["erp", "second"], ""), (["erp"], "")]
    assert lists.asked == 3


@pytest.mark.parametrize("news", [Interrupted("The watch ended."), Stop(Outcome.NO_ACCESS, "It may not be watched.")])
def test_when_a_watch_ends_it_is_listed_soon_and_only_a_list_that_fails_is_trouble(
    news: Interrupted | Stop, clock: list[float]
) -> None:
    lists = Lists([group()], [group()], LOST, [group(name="crm")])
    _, known = play(lists, clock, living.SOON, news, living.SOON, living.SOON)
    assert known == [(["erp"], ""), (["erp"], ""), (["erp"], LOST.message), (["crm"], "")]


def test_what_was_known_before_the_trouble_keeps_its_time(clock: list[float]) -> None:
    lists = Lists([group()], LOST)
    board, _ = play(lists, clock)
    began = board.after(-1, 0)[0].at
    with pytest.raises(Ended):
        board.keep(_one_list_and_the_end(clock))
    assert (board.after(-1, 0)[0].at, board.after(-1, 0)[0].trouble) == (began, LOST.message)


def _one_list_and_the_end(clock: list[float]) -> Any:
    def following(_: float) -> None:
        if clock[0] > 1000 + living.LIST_EVERY:
            raise Ended
        clock[0] += living.LIST_EVERY + 1

    return following


def test_without_a_first_list_there_is_no_board() -> None:
    with pytest.raises(Stop, match="No route"):
        Live(Lists(LOST))


def test_who_waits_for_news_is_woken_by_them(clock: list[float]) -> None:
    board = Live(Lists([group()]))
    found: list[int] = []
    waiting = threading.Thread(target=lambda: found.append(board.after(0, 60)[1]))
    waiting.start()
    news = iter([Changed(sync("a", "Accepted"))])

    def following(_: float) -> Any:
        for one in news:
            return one
        raise Ended

    with pytest.raises(Ended):
        board.keep(following)
    waiting.join(30)
    assert (found, clock) == ([1], [1000.0])


@pytest.mark.parametrize("everywhere", [True, False])
def test_all_objects_of_each_kind_are_watched_where_the_caller_said(
    everywhere: bool,  # noqa: FBT001 - parametrized
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program, asked = tmp_path / "kubectl", tmp_path / "asked"
    program.write_text(f"#!/bin/sh\necho \"$*\" >> {asked}\necho 'error: Forbidden' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with streams(Cluster({"namespace": ["prod"]}), everywhere=everywhere) as news:
        refused = [news.next(30) for _ in range(4)]

    assert all(isinstance(one, Stop) for one in refused)
    lines = asked.read_text().splitlines()
    assert sorted(one.split()[1].partition(".")[0] for one in lines) == [
        "failoverpreparations",
        "replicationgroups",
        "replicationschedules",
        "replicationsyncs",
    ]
    assert all(("--all-namespaces" in one) is everywhere and "--field-selector" not in one for one in lines)
    assert all("--watch" in one and "--namespace=prod" in one for one in lines)
