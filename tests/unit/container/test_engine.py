"""Which engine builds, and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from container import engine

COMMIT = engine.Source("abc", 1700000000)
WANTED = engine.Wanted("local/it:1", "local/python@sha256:0", "1.2.3", COMMIT)


def programs(directory: Path, *names: str) -> str:
    for name in names:
        (directory / name).write_text("#!/bin/sh\n")
        (directory / name).chmod(0o755)
    return str(directory)


def test_the_first_engine_of_path_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ENGINE", raising=False)
    monkeypatch.setenv("PATH", programs(tmp_path, "docker", "podman"))

    assert engine.find_engine() == "podman"


def test_the_engine_that_was_named_is_taken_or_missed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", programs(tmp_path, "docker"))
    monkeypatch.setenv("ENGINE", "docker")
    assert engine.find_engine() == "docker"

    monkeypatch.setenv("ENGINE", "buildah")
    with pytest.raises(engine.ContainerError, match="no buildah on PATH: install one"):
        engine.find_engine()


def test_missing_programs_are_named_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", programs(tmp_path, "podman"))

    with pytest.raises(engine.ContainerError, match="not on PATH: buildah, runc"):
        engine.required("buildah", "podman", "runc")


@pytest.mark.parametrize(
    ("name", "time"),
    [("buildah", ["--timestamp", "1700000000"]), ("docker", ["--build-arg", "SOURCE_DATE_EPOCH=1700000000"])],
)
def test_all_times_are_the_commits(name: str, time: list[str], tmp_path: Path) -> None:
    made = engine.command(name, tmp_path, WANTED, ["--format=docker"])

    assert [made[made.index(time[0]) + at] for at in (0, 1)] == time
    assert {"CREATED=2023-11-14T22:13:20Z", "REVISION=abc", "VERSION=1.2.3", "--format=docker"} <= set(made)
    assert f"PYTHON_IMAGE={WANTED.base}" in made
    assert made[-1] == str(tmp_path)


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(engine.ContainerError, match="not on PATH: no-such-program"):
        engine.output(("no-such-program", "--version"))


def test_what_a_program_said_is_in_the_error() -> None:
    with pytest.raises(engine.ContainerError, match=r"ended with 3: so it is"):
        engine.output(("sh", "-c", "echo so it is >&2; exit 3"))
