"""Every command and every object in README and docs is tried on a real API server, or says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pages.markdown import Block, pages, read
from pages.play import is_played, play

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.controlplane import ControlPlane

PLAYED = [page for page in pages() if any(isinstance(one, Block) and is_played(one) for one in read(page))]


def test_there_are_pages_to_play() -> None:
    assert {"README.md"} <= set(PLAYED)


@pytest.mark.parametrize("page", PLAYED)
def test_what_the_page_shows_is_so(
    page: str, tmp_path: Path, tools: dict[str, Path], control_plane: ControlPlane, crds: tuple[str, ...]
) -> None:
    assert crds
    expected = [one for one in read(page) if isinstance(one, Block) and is_played(one)]

    assert play(page, tmp_path, tools, control_plane) == len(expected)
