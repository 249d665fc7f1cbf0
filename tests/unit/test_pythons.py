"""Other versions of Python: where they come from."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pages.markdown import ROOT

import pythons


def preset(archive: Path) -> pythons.Preset:
    return pythons.Preset("3.12.1-1.5.10", hashlib.sha256(archive.read_bytes()).hexdigest())


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A file like those that Maven brings."""
    path = tmp_path / "cpython.jar"
    inside = "org/bytedeco/cpython/linux-x86_64"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("META-INF/MANIFEST.MF", "")
        made.writestr(f"{inside}/bin/python3.12", "#!/bin/sh\necho Python 3.12.1\n")
        made.writestr(f"{inside}/libffi.so.7", "library")
        made.writestr(f"{inside}/lib/python3.12/lib-dynload/_ctypes.so", "module")
    return path


def test_an_interpreter_is_unpacked_so_that_it_runs_and_finds_its_library(archive: Path, tmp_path: Path) -> None:
    made = pythons.unpack(archive, preset(archive), tmp_path / "python")

    said = subprocess.run([made / "bin" / "python3.12"], capture_output=True, text=True, check=True).stdout
    assert said == "Python 3.12.1\n"
    assert (made / "lib" / "python3.12" / "lib-dynload" / "libffi.so.7").read_text() == "library"
    assert not (made / "META-INF").exists()


def test_a_file_that_is_not_the_pinned_one_is_not_unpacked(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(pythons.PythonError, match="not the file that is pinned here"):
        pythons.unpack(archive, pythons.PRESETS["3.12"], tmp_path / "python")
    assert not (tmp_path / "python").exists()


def test_a_path_is_taken_as_it_is_if_it_can_be_run(tmp_path: Path) -> None:
    assert pythons.interpreter(sys.executable, tmp_path) == Path(sys.executable)
    with pytest.raises(pythons.PythonError, match="cannot be run: name another Python"):
        pythons.interpreter(str(tmp_path / "none"), tmp_path)


@pytest.mark.parametrize(("code", "taken"), [(0, True), (127, False)])
def test_path_comes_first_if_what_it_has_runs(
    code: int, *, taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one is a shim of pyenv for a version that is not installed."""
    program = tmp_path / "python3.12"
    program.write_text(f"#!/bin/sh\necho Python 3.12.9\nexit {code}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    if taken:
        assert pythons.interpreter("3.12", tmp_path / "cache") == program
    else:
        with pytest.raises(pythons.PythonError, match=r"no python3\.12 on PATH"):
            pythons.interpreter("3.12", tmp_path / "cache")


def test_a_version_that_is_nowhere_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pythons.PythonError, match=r"no python3\.12 on PATH that runs: install it, or name its path\."):
        pythons.interpreter("3.12", tmp_path)


def test_what_is_run_is_there() -> None:
    assert all((ROOT / one).is_dir() for one in pythons.SUITES)
