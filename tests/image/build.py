"""Performs a Containerfile without a container engine: each stage in an empty directory, over a fresh interpreter.

A path of the image is mapped into the stage's directory; what the base image brings (`python` and pip, /usr, /bin) is
this machine's, with an interpreter environment that is made for the purpose and has nothing but pip in it. RUN lines
are executed by /bin/sh as they stand, but for these paths. Not done here: another platform, layers, an image as a file.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from image.containerfile import BuildStage, Copy, Workdir
from image.ignoring import is_left_out, patterns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BASE_PATH = "/usr/local/bin:/usr/bin:/bin"
MAPPED = ("build", "opt", "nonexistent", "usr/local")
"""Directories of the image that are not this machine's. /usr/local is where the base image has its Python."""
_PATH = re.compile(rf"(?<![\w./-])/(?:{'|'.join(MAPPED)})(?![\w-])")
PLUMBING = re.compile(r"(?:PIP|UV)_\w+|SSL_CERT_\w+|\w+_proxy|\w+_PROXY")
"""What this machine needs to reach packages; it decides nothing of the image."""


class BuildError(Exception):
    """A step failed; the message has the step and what it said."""


class Build:
    """The stages of one Containerfile, performed below `home`, which others can read."""

    def __init__(self, home: Path, context: Path, uv: str, python: Path) -> None:
        """Make the base: an environment of `python` with pip, by `uv`. `context` has .containerignore."""
        self.home, self.context = home, context
        self._ignored = patterns((context / ".containerignore").read_text("utf-8"))
        self._base = home / "base"
        made = [uv, "venv", "--quiet", "--seed", "--python", str(python), str(self._base)]
        subprocess.run(made, check=True, env=self._outside(), cwd=home)

    def root(self, stage: BuildStage) -> Path:
        """The directory that stands for a stage's root."""
        return self.home / (stage.name or "final")

    def mapped(self, stage: BuildStage, text: str) -> str:
        """A text of the Containerfile, with paths of the image where they are here."""
        places = {"/usr/local": str(self._base)}
        return _PATH.sub(lambda found: places.get(found[0], f"{self.root(stage)}{found[0]}"), text)

    def environment(self, stage: BuildStage) -> dict[str, str]:
        """What a process of the image starts with."""
        said = {"PATH": BASE_PATH} | stage.environment
        return {name: self.mapped(stage, value) for name, value in said.items()}

    def perform(self, stages: Sequence[BuildStage]) -> Path:
        """Perform them all; the last one's root. Raises BuildError."""
        for stage in stages:
            root, here = self.root(stage), "/"
            root.mkdir()
            for step in stage.steps:
                if isinstance(step, Workdir):
                    here = step.path
                    (root / here.strip("/")).mkdir(parents=True, exist_ok=True)
                elif isinstance(step, Copy):
                    origin = self.context if not step.stage else self.home / step.stage
                    self._copy(step, origin, root, root / here.strip("/"))
                else:
                    self._run(stage, step.command, root / here.strip("/"))
        return self.root(stages[-1])

    def _outside(self) -> dict[str, str]:
        home = Path.home()
        caches = {"XDG_CACHE_HOME": str(home / ".cache"), "XDG_CONFIG_HOME": str(home / ".config")}
        kept = {name: value for name, value in os.environ.items() if name in caches or PLUMBING.fullmatch(name)}
        return {"PATH": os.environ["PATH"]} | caches | kept

    def _run(self, stage: BuildStage, command: str, here: Path) -> None:
        environment: Mapping[str, str] = self._outside() | stage.arguments | self.environment(stage)
        done = subprocess.run(
            ["/bin/sh", "-c", self.mapped(stage, command)],
            cwd=here,
            env={"HOME": str(self.root(stage)), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BuildError(f"RUN {command}\nended with {done.returncode}: {done.stdout[-3000:]}")

    def _copy(self, step: Copy, origin: Path, root: Path, here: Path) -> None:
        target = root / step.target.strip("/") if step.target.startswith("/") else here / step.target
        for source in step.sources:
            found = origin / source.strip("/")
            into = target / found.name if step.target.endswith("/") and found.is_file() else target
            if step.stage and found.is_dir():
                shutil.copytree(found, into, symlinks=True, dirs_exist_ok=True)
                continue
            files = [found] if found.is_file() else [one for one in sorted(found.rglob("*")) if one.is_file()]
            given = [one for one in files if step.stage or not self._is_left_out(one)]
            if not given:
                raise BuildError(f"COPY {source}: there is no such file in what the build is given")
            for one in given:
                place = into / one.relative_to(found) if one != found else into
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(one, place)

    def _is_left_out(self, path: Path) -> bool:
        return is_left_out(path.relative_to(self.context).as_posix(), self._ignored)
