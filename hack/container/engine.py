"""Builds images with buildah, podman or docker, whichever is there, so that the same commit makes the same bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ENGINES = ("buildah", "podman", "docker")
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


class ContainerError(Exception):
    """A program is missing or failed; the message says which, and what to do."""


def required(*programs: str) -> None:
    """Raise ContainerError if one of these programs is not on PATH, with all that are missing."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        raise ContainerError(
            f"not on PATH: {', '.join(missing)}. Install them first (Debian: apt-get install {' '.join(missing)})"
        )


def find_engine() -> str:
    """Return the engine of the variable ENGINE, else the first one that is on PATH."""
    given = os.environ.get("ENGINE")
    found = [name for name in ([given] if given else ENGINES) if shutil.which(name)]
    if not found:
        raise ContainerError(
            f"no {' or '.join([given] if given else ENGINES)} on PATH: install one (Debian: apt-get install buildah)"
        )
    return found[0]


def output(command: Sequence[str | Path], **more: str) -> str:
    """Run a program, with `more` in its environment; what it printed. ContainerError has what it said."""
    required(str(command[0]))
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=os.environ | more
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-3000:]
        raise ContainerError(f"{' '.join(map(str, command))}\nended with {done.returncode}: {said}")
    return done.stdout


@dataclass(frozen=True)
class Source:
    """The commit that something is built from. `epoch`: its time, in seconds since 1970."""

    revision: str
    epoch: int

    @property
    def created(self) -> str:
        """The time as RFC 3339 has it."""
        return datetime.fromtimestamp(self.epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def source(context: Path) -> Source:
    """Read the commit of a checkout. A tree with changes is called so: it is not that commit."""
    git = ("git", "-C", str(context))
    revision = output((*git, "rev-parse", "HEAD")).strip()
    changed = output((*git, "status", "--porcelain", "--untracked-files=no")).strip()
    return Source(revision + ("-dirty" if changed else ""), int(output((*git, "log", "-1", "--format=%ct"))))


@dataclass(frozen=True)
class Wanted:
    """What is to be built: `base` is the image that has Python, `name` the result's, with a tag."""

    name: str
    base: str
    version: str
    source: Source

    def arguments(self) -> Mapping[str, str]:
        """Return the arguments of the Containerfile."""
        return {
            "PYTHON_IMAGE": self.base,
            "VERSION": self.version,
            "REVISION": self.source.revision,
            "CREATED": self.source.created,
        }


def command(engine: str, context: Path, wanted: Wanted, options: Iterable[str] = ()) -> list[str]:
    """Return the command that builds. All times in it are the commit's; `options` are the caller's, to the engine."""
    made = [engine, "build", "--file", str(context / "Containerfile"), "--tag", wanted.name]
    if engine == "docker":  # its BuildKit takes the time from this argument
        made += ["--build-arg", f"SOURCE_DATE_EPOCH={wanted.source.epoch}"]
    else:
        made += ["--timestamp", str(wanted.source.epoch)]
        if given := os.environ.get("SSL_CERT_FILE"):  # this machine reaches packages with CAs of its own
            made += ["--volume", f"{Path(given).absolute()}:{_CERTIFICATES}:ro"]
    for name, value in wanted.arguments().items():
        made += ["--build-arg", f"{name}={value}"]
    return [*made, *options, str(context)]


def build(context: Path, wanted: Wanted, options: Iterable[str] = ()) -> None:
    """Build the Containerfile of `context`, as an image of OCI's format."""
    output(command(find_engine(), context, wanted, options))
