"""What is read while something is built: how far it is, and how long it goes on."""

from __future__ import annotations

import os

import pytest

from buildprogress import Progress, duration, seconds_left


@pytest.mark.parametrize(
    ("elapsed", "done", "left"),
    [
        (0, 0.0, 300),  # nothing is known but what it takes elsewhere
        (10, 0.0, 290),
        (400, 0.0, 0),  # never less than none
        (50, 1 / 6, 250),  # half of the word is the expectation's, half the pace's
        (100, 0.5, 100),  # only the pace counts: it was twice as fast
        (400, 0.5, 400),  # or slower
        (200, 1.0, 0),
    ],
)
def test_the_rest_follows_the_expectation_first_and_then_the_pace(elapsed: float, done: float, left: float) -> None:
    assert seconds_left(elapsed, done, 300) == pytest.approx(left)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (130, "2 min"), (300, "5 min")])
def test_a_duration_is_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("buildprogress.time.monotonic", lambda: now[0])
    return now


def test_a_log_gets_a_line_now_and_then(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("building etcd", 300)
    for second in range(101):
        clock[0] = 1000.0 + second
        progress.show(second, 400 if second else 0, f"compiling k8s.io/p{second}")
    progress.end("done")
    assert capsys.readouterr().out.splitlines() == [
        "building etcd: about 5 min",
        "  0:30, about 5 min left, 30 of 400 packages: compiling k8s.io/p30",
        "  1:00, about 5 min left, 60 of 400 packages: compiling k8s.io/p60",
        "  1:30, about 5 min left, 90 of 400 packages: compiling k8s.io/p90",
        "building etcd: done after 2 min",
    ]


def test_a_terminal_has_one_line_that_fits(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("buildprogress.sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("buildprogress.shutil.get_terminal_size", lambda: os.terminal_size((40, 20)))
    progress = Progress("building etcd", 300)
    for now in ("downloading k8s.io/api v0.36.1", "compiling net/http"):
        clock[0] += 1
        progress.show(0, 0, now)
        clock[0] += 0.5
        progress.show(0, 0, "too soon")
    said = capsys.readouterr().out
    first, second = said.split("\r\033[K")[1:]
    assert first == "  0:01, about 5 min left: downloading k"
    assert second == "  0:02, about 5 min left: compiling net"
    progress.end("done")
    assert capsys.readouterr().out == "\r\033[Kbuilding etcd: done after 3 s\n"


def test_more_than_all_is_all(clock: list[float]) -> None:
    progress = Progress("building etcd", 300)
    clock[0] += 1
    assert progress.line(200, 11, 10, "linking") == "  3:20, about 0 s left, 11 of 10 packages: linking"
