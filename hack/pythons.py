"""`make matrix-python`: unit and component tests with other versions of Python.

`make matrix-python ARGS='3.12 /opt/python3.14/bin/python3'`. A version is taken from PATH. Where PATH has none, Maven
brings one, on Linux and amd64: that of the presets of JavaCPP, which carry whole interpreters, each pinned by its hash.
Each gets an environment of its own, of uv.lock; what is built for the tests is shared with all others.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "hack")]

import toolchain  # noqa: E402 - after the path

SUITES = ("tests/unit", "tests/component")
_INSIDE = "org/bytedeco/cpython/linux-x86_64/"
_MACHINES = {"x86_64", "AMD64"}


class PythonError(Exception):
    """There is no such Python; the message says what to do."""


@dataclass(frozen=True)
class Preset:
    """A version of the artifact `org.bytedeco:cpython`, and the SHA-256 of its file for Linux and amd64."""

    version: str
    sha256: str


PRESETS = {
    "3.12": Preset("3.12.1-1.5.10", "a135fcf4dc01adebf7ea439252276fc3196db80f7e0dd3da0b61f1ec489b68bd"),
    "3.13": Preset("3.13.5-1.5.12", "50ad91aa0baa57f0235bb666b87d8bf2a44e215d28c250de1030502906af143b"),
    "3.14": Preset("3.14.3-1.5.13", "eb5f1a6fe2dc498ac18927189a37f28a47b0ba06ae6bd85112eff023fe2eb46f"),
}


def interpreter(asked: str, cache: Path) -> Path:
    """Return the Python that is meant by a path, or by a version like `3.12`. Raises PythonError."""
    if os.sep in asked:
        if not _version(Path(asked)):
            raise PythonError(f"{asked} cannot be run: name another Python")
        return Path(asked)
    # There may be one that only says which it would start, if that were installed.
    if (found := shutil.which(f"python{asked}")) and _version(Path(found)):
        return Path(found)
    if asked not in PRESETS or platform.machine() not in _MACHINES or not shutil.which("mvn"):
        raise PythonError(
            f"no python{asked} on PATH that runs: install it, or name its path. On Linux and amd64 Maven (mvn) brings "
            f"{', '.join(PRESETS)}"
        )
    place = cache / f"python-{PRESETS[asked].version}"
    if not place.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            unpack(_downloaded(PRESETS[asked], Path(scratch)), PRESETS[asked], Path(scratch) / "python").rename(place)
    return place / "bin" / f"python{asked}"


def _version(python: Path) -> str:
    """Return what it says of itself, like `Python 3.12.1`; empty if it cannot be run."""
    try:
        done = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _downloaded(preset: Preset, into: Path) -> Path:
    artifact = f"org.bytedeco:cpython:{preset.version}:jar:linux-x86_64"
    print(f"Maven brings {artifact}", flush=True)
    command = (
        "mvn",
        "--quiet",
        "--batch-mode",
        "dependency:copy",
        f"-Dartifact={artifact}",
        f"-DoutputDirectory={into}",
    )
    if subprocess.run(command, cwd=into, check=False).returncode:
        raise PythonError(f"Maven could not bring {artifact}: see above, or name the path of a Python")
    (found,) = into.glob("*.jar")
    return found


def unpack(archive: Path, preset: Preset, into: Path) -> Path:
    """Unpack an interpreter, and return where. PythonError: it is not the file that is pinned."""
    with archive.open("rb") as file:
        if (seen := hashlib.file_digest(file, "sha256").hexdigest()) != preset.sha256:
            raise PythonError(f"{archive.name} is not the file that is pinned here: its SHA-256 is {seen}")
    with tempfile.TemporaryDirectory(dir=into.parent) as scratch, zipfile.ZipFile(archive) as packed:
        packed.extractall(scratch, [name for name in packed.namelist() if name.startswith(_INSIDE)])
        (Path(scratch) / _INSIDE).rename(into)
    for program in (into / "bin").iterdir():
        program.chmod(0o755)
    for library in into.glob("libffi.so*"):  # its place is none that the modules look at
        for modules in into.glob("lib/python3.*/lib-dynload"):
            shutil.copy2(library, modules)
    return into


def judge(asked: str, workers: str) -> bool:
    """Run the tests with that Python."""
    python = interpreter(asked, toolchain.cache_root())
    version = _version(python)
    print(f"== {version}: {python}", flush=True)
    environment = ROOT / ".cache" / "pythons" / version.removeprefix("Python ")
    sync = (os.environ.get("UV", "uv"), "sync", "--locked", "--all-extras", "--quiet", "--python", str(python))
    settings = {"UV_PROJECT_ENVIRONMENT": str(environment), "UV_PYTHON_DOWNLOADS": "never"}
    subprocess.run(sync, cwd=ROOT, env=os.environ | settings, check=True)
    command = (environment / "bin" / "python", "-m", "pytest", "-q", "-n", workers, "--dist", "worksteal")
    results = [subprocess.run([*command, suite], cwd=ROOT, check=False).returncode for suite in SUITES]
    return not any(results)  # the second one is run, whatever the first one says


def main() -> int:
    """Judge all that were named; 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", default="2", help="tests at once")
    parser.add_argument("pythons", nargs="+", metavar="PYTHON", help="a version like 3.12, or a path")
    asked = parser.parse_args()
    try:
        found = {one: judge(one, asked.workers) for one in asked.pythons}
    except (PythonError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    for one, well in found.items():
        print(f"Python {one}: {'all passed' if well else 'FAILED'}")
    return 0 if all(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
