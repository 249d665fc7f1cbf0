"""What Containerfile promises by its text alone, and that its reader here takes nothing that it does not understand."""

from __future__ import annotations

import re

import pytest
from image.containerfile import ContainerfileError, Copy, parse
from image.ignoring import is_left_out, patterns
from pages.markdown import ROOT

TEXT = (ROOT / "Containerfile").read_text("utf-8")
STAGES = parse(TEXT)


def test_every_base_image_is_pinned_by_digest() -> None:
    assert all(re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", stage.base) for stage in STAGES)


def test_no_architecture_is_named() -> None:
    """What is built is what the base is; packages are chosen by uv, files by name."""
    named = re.compile(r"amd64|arm64|x86_64|aarch64|--platform|TARGET(?:ARCH|PLATFORM)", re.IGNORECASE)
    copied = [ROOT / "hack" / "image" / name for name in ("prune.py", "unused.txt")]
    texts = [TEXT, *(path.read_text("utf-8") for path in copied)]
    assert [found.group() for text in texts for found in named.finditer(text)] == []


def test_the_last_stage_only_takes_what_was_built() -> None:
    copies = [step for step in STAGES[-1].steps if isinstance(step, Copy)]

    assert [step for step in STAGES[-1].steps if type(step).__name__ == "Run"] == []
    assert copies == [Copy(("/opt/vvol-replication",), "/opt/vvol-replication", "build")]


def test_it_runs_as_a_number_that_is_not_root_and_writes_nothing() -> None:
    last = STAGES[-1]

    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", last.user)
    assert last.entrypoint[0].startswith("/")
    assert last.environment["PYTHONDONTWRITEBYTECODE"] == "1"
    wanted = {"title", "description", "licenses", "version", "revision", "created", "base.name"}
    assert {name.removeprefix("org.opencontainers.image.") for name in last.labels} == wanted


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ADD x y", "not known here"),
        ("COPY --chown=0 x y", "only --from"),
        ("COPY --from=elsewhere x y", "is no stage"),
        ("COPY a b c", "end it with /"),
        ("ENV A", "NAME=value"),
        ("LABEL a=${NOWHERE}", "NOWHERE"),
    ],
)
def test_what_is_not_understood_is_refused(line: str, said: str) -> None:
    with pytest.raises(ContainerfileError, match=re.escape(said)):
        parse(f'FROM base AS one\n{line}\nENTRYPOINT ["/x"]\n')


@pytest.mark.parametrize(
    ("path", "out"),
    [
        ("pyproject.toml", False),
        ("operator/vvol_replication/api/names.py", False),
        ("operator/vvol_replication/api/__pycache__/names.pyc", True),
        ("operator/vvol_simulator/world.py", True),
        ("tests/unit/test_docs.py", True),
        (".git/config", True),
    ],
)
def test_a_build_is_given_what_it_needs_and_no_more(path: str, *, out: bool) -> None:
    assert is_left_out(path, patterns((ROOT / ".containerignore").read_text("utf-8"))) is out
