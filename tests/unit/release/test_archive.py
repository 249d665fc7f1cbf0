"""Archives depend on nothing but what is in them."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from release import archive


def filled(directory: Path, names: list[str], age: int) -> Path:
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(name)
        (directory / name).chmod(0o600 if age else 0o644)
        os.utime(directory / name, (age, age))
    return directory


@pytest.mark.parametrize("compressed", [True, False])
def test_order_modes_and_times_of_files_do_not_matter(tmp_path: Path, *, compressed: bool) -> None:
    names = ["b/c.yaml", "a.yaml", "b/a.yaml"]
    archive.packed(filled(tmp_path / "one", names, 0), tmp_path / "one.tar", 5, compressed=compressed)
    archive.packed(filled(tmp_path / "two", names[::-1], 99), tmp_path / "two.tar", 5, compressed=compressed)

    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_packed_again_it_has_the_same_files_of_one_time(tmp_path: Path) -> None:
    made = tmp_path / "chart.tgz"
    with tarfile.open(made, "w:gz") as files:
        files.add(filled(tmp_path / "chart", ["Chart.yaml", "templates/x.yaml"], 77), "chart")
    archive.repacked(made, tmp_path / "scratch", 5)

    with tarfile.open(made) as files:
        found = {entry.name: entry.mtime for entry in files}
    assert found == {"chart/Chart.yaml": 5, "chart/templates/x.yaml": 5}
