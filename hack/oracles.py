"""The programs nobody here wrote that judge the simulator's arrays: the vendor's Ansible collections and clients.

They live in an environment of their own, in the toolchain's cache (see toolchain.py), made once from locked versions:
`judges/requirements.txt` with hashes, and of the two `ansible` wheels below only the vendor's collection.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import toolchain

if TYPE_CHECKING:
    from collections.abc import Sequence

REQUIREMENTS = Path(__file__).parent / "judges" / "requirements.txt"
COLLECTION = "ansible_collections/purestorage/"


@dataclass(frozen=True)
class Wheel:
    """A release of `ansible`, for the collection in it."""

    version: str
    sha256: str


WHEELS = {
    "rest1": Wheel("7.7.0", "4f8d346db1b6cec0f30b77935b3dce5633d76881186da839b58b34b48a089b92"),
    "rest2": Wheel("12.3.0", "cd156f82fa87f7a899212b0efa9f7ca3a24d609212de9f78428a572eb01e5414"),
}
"""By the REST family that the collection in it speaks: 1.19.1 speaks REST 1, 1.40.0 REST 2."""


class OraclesError(Exception):
    """The judges cannot be had; the message says what to do."""


@dataclass(frozen=True)
class Oracles:
    """Where they are."""

    root: Path

    @property
    def python(self) -> Path:
        """The interpreter that imports `pypureclient` and `purestorage`."""
        return self.root / "env" / "bin" / "python"

    @property
    def playbook(self) -> Path:
        """The program `ansible-playbook`."""
        return self.root / "env" / "bin" / "ansible-playbook"

    def collections(self, family: str) -> Path:
        """The value of ANSIBLE_COLLECTIONS_PATH for `rest1` or `rest2`."""
        return self.root / f"collections-{family}"


def place() -> Oracles:
    """Return where this checkout's judges are, or will be."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes())
    digest.update(repr((sorted(WHEELS.items()), sys.version_info[:2], sys.platform, os.uname().machine)).encode())
    return Oracles(toolchain.cache_root() / f"oracles-{digest.hexdigest()[:16]}")


def find() -> Oracles:
    """Return the judges; OraclesError if they are not there, with how to get them."""
    found = place()
    if not _is_whole(found):
        raise OraclesError(f"The judges are not in {found.root}: run `make oracles`, which installs them once")
    return found


def ensure() -> Oracles:
    """Return the judges, installed if need be."""
    found = place()
    found.root.mkdir(parents=True, exist_ok=True)
    with toolchain.locked(found.root / ".lock"):
        if not _is_whole(found):
            _install(found)
    return found


def _is_whole(found: Oracles) -> bool:
    return (found.root / ".complete").is_file()


def _install(found: Oracles) -> None:
    """Install everything; the mark of completeness comes last, so that an interrupted installation begins anew."""
    began = time.monotonic()
    for left_over in found.root.iterdir():
        if left_over.name != ".lock":
            shutil.rmtree(left_over)
    print(f"installing the judges of tests/oracles (once, half a minute, 0.5 GB, into {found.root})", flush=True)
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise OraclesError("uv is not on PATH: run `make oracles`, which finds or installs it")
    environment = found.root / "env"
    _run([uv, "venv", "--quiet", "--python", sys.executable, str(environment)])
    _run([uv, "pip", "install", "--require-hashes", "--python", str(found.python), "-r", str(REQUIREMENTS)])
    for family, wheel in WHEELS.items():
        _say(f"fetching the vendor's collection for {family} out of ansible {wheel.version}", began)
        _fetch(wheel, found.collections(family), found.root, found.python)
    (found.root / ".complete").touch()
    _say("the judges are ready", began)


def _fetch(wheel: Wheel, into: Path, root: Path, python: Path) -> None:
    """Unpack the vendor's collection out of one wheel, which is not kept."""
    with tempfile.TemporaryDirectory(dir=root) as scratch:
        wanted = Path(scratch, "wanted.txt")
        wanted.write_text(f"ansible=={wheel.version} --hash=sha256:{wheel.sha256}\n")
        options = ["--no-deps", "--no-cache-dir", "--only-binary", ":all:", "--require-hashes", "--quiet"]
        options += ["--disable-pip-version-check", "-r", str(wanted), "-d", scratch]
        _run([str(python), "-m", "pip", "download", *options])
        (archive,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(archive) as content:
            content.extractall(into, [name for name in content.namelist() if name.startswith(COLLECTION)])


def _say(what: str, began: float) -> None:
    print(f"{what} ({time.monotonic() - began:.0f} s)", flush=True)


def _run(command: Sequence[str]) -> None:
    try:
        subprocess.run(command, check=True)
    except subprocess.CalledProcessError as error:
        program = " ".join(Path(part).name for part in command[:3])
        raise OraclesError(
            f"`{program} …` ended with status {error.returncode}: see what it says above, and run `make oracles` again"
        ) from None


def main() -> int:
    """Make sure that the judges are there and print where."""
    with contextlib.suppress(KeyboardInterrupt):
        try:
            print(ensure().root)
        except (OraclesError, OSError) as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    return 130


if __name__ == "__main__":
    sys.exit(main())
